//! SQL of bookings and their history.

pub(super) mod alterations;
pub(super) mod bookings;
pub(super) mod deposits;
pub(super) mod instalments;
pub(super) mod lists;
pub(super) mod papers;
pub(super) mod personal;
pub(super) mod place;
pub(super) mod releases;
pub(super) mod silence;
pub(super) mod transitions;

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number, i an
/// instant, d a date.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    [
        &alterations::STATEMENTS[..],
        &bookings::STATEMENTS,
        &deposits::STATEMENTS,
        &instalments::STATEMENTS,
        &lists::STATEMENTS,
        &papers::STATEMENTS,
        &personal::STATEMENTS,
        &place::STATEMENTS,
        &releases::STATEMENTS,
        &silence::STATEMENTS,
        &transitions::STATEMENTS,
    ]
    .concat()
}
