//! SQL of feeds, a file for each table.

pub(super) mod conflicts;
pub(super) mod exports;
pub(super) mod feeds;
pub(super) mod log;
pub(super) mod nights;
pub(super) mod personal;

/// Statements that must find their rows by an index, with the kinds of their parameters: `u` an id, `t` a text, `i` an instant, `d` a date,
/// `n` a number.
pub const STATEMENTS: &[(&str, &str)] = &[
    (feeds::BY_ID, "u"),
    (feeds::HOME, "u"),
    (feeds::OF_LISTING, "u"),
    (feeds::COUNT, "u"),
    (feeds::DUE, "i"),
    (log::LAST, "u"),
    (log::OF_FEED, "u"),
    (log::PRUNE, "u"),
    (nights::OF_FEED, "utd"),
    (nights::STAYS, "uid"),
    (nights::BLOCKS, "ud"),
    (nights::ELSEWHERE, "ud"),
    (exports::OF_LISTING, "u"),
    (exports::BY_TOKEN, "t"),
    (exports::KNOWS_US, "u"),
    (exports::OF_HELPER, "uu"),
    (exports::HELPED, "u"),
    (conflicts::OF_LISTING, "uubn"),
    (conflicts::OF_FEED, "u"),
    (personal::FEEDS, "u"),
    (personal::EXPORTS, "u"),
    (personal::IDS, "u"),
];
