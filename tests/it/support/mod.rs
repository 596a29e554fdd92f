//! The stage of the integration tests.
//!
//! - [`on_both!`] makes two tests of one story, `name::sqlite` and `name::postgres`;
//! - [`TestDb`] is a fresh database of its own, gone when the test ends;
//! - [`town::Town`] is a whole instance in process, with its jobs and its outbox;
//! - [`people`] are those who need a role, and rows written by hand;
//! - [`TestClock`] stands still until told otherwise;
//! - [`long`] tells whether this is `make test-long`;
//! - [`unlimited`] are settings without rate limits;
//! - [`uses_index`] proves by the engine's plan that a statement does not read a whole table.

mod clock;
mod cluster;
mod database;
pub(crate) mod homes;
pub(crate) mod people;
mod plans;
pub(crate) mod town;

pub(crate) use clock::TestClock;
pub(crate) use database::{Home as TestHome, TestDb, off_thread, on_both};
pub(crate) use plans::uses_index;

use stopover::platform::config::{Config, Limits};

/// The settings of a story that is not about rate limits.
pub(crate) fn unlimited() -> Config {
    Config { limits: Limits { enabled: false, ..Limits::default() }, ..Config::default() }
}

/// Whether the long versions of the tests were asked for: `make test-long` sets `STOPOVER_LONG=1`.
#[expect(clippy::disallowed_methods, reason = "the test run has no configuration of its own")]
pub(crate) fn long() -> bool {
    std::env::var("STOPOVER_LONG").is_ok_and(|value| value == "1")
}
