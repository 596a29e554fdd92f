//! What the benches stand on: a corpus of real cities, multiplied, imported once and kept; seeded questions; tables.
//!
//! `city.rs` reads the cities, `multiply.rs` makes as many homes of them as are wanted and writes the folder format of
//! docs/IMPORT.md, `corpus.rs` imports that into a database under the target folder, `questions.rs` asks.
//!
//! Settings: `STOPOVER_BENCH_LISTINGS` (default: as many as the first city has), `STOPOVER_BENCH_MIX` (`flat`, `complex`
//! or `both`), `STOPOVER_BENCH_QUESTIONS` (default 5000), `STOPOVER_SHARED` (a folder with `data/CITY/…`).
#![allow(dead_code, reason = "each bench uses its part of this")]
#![allow(
    clippy::unwrap_used,
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a bench that cannot go on stops at the line where that shows, and its numbers are figures, not money"
)]

pub(crate) mod chance;
pub(crate) mod city;
pub(crate) mod corpus;
pub(crate) mod multiply;
pub(crate) mod questions;
pub(crate) mod table;

/// A setting of the benches.
#[expect(clippy::disallowed_methods, reason = "benches have no configuration file")]
pub(crate) fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|text| !text.is_empty())
}

/// A whole number among the settings.
pub(crate) fn number(name: &str) -> Option<usize> {
    setting(name).map(|text| text.replace('_', "").parse().unwrap_or_else(|_| panic!("{name} must be a whole number, not {text}")))
}

/// Which corpora are asked for.
pub(crate) fn mixes() -> Vec<corpus::Mix> {
    match setting("STOPOVER_BENCH_MIX").as_deref() {
        Some("flat") => vec![corpus::Mix::Flat],
        Some("complex") => vec![corpus::Mix::Complex],
        None | Some("both") => vec![corpus::Mix::Flat, corpus::Mix::Complex],
        Some(other) => panic!("STOPOVER_BENCH_MIX is flat, complex or both, not {other}"),
    }
}
