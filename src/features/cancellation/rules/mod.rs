//! `policy.rs` holds the tables, `own.rs` judges those of the operator, `timeline.rs` lays one out over the days of a stay, `room.rs` says what of the room is kept at an instant,
//! `keeping.rs` what is kept of everything by whose doing, and `outcome.rs` makes amounts of it for guest, host, platform and authority.
//! `consequence.rs` is what a host pays who lets guests down.

mod consequence;
mod keeping;
mod outcome;
mod own;
mod policy;
mod room;
mod timeline;

pub use consequence::{Penalty, Settings};
pub use keeping::{Cause, Decision};
pub use outcome::{Next, Outcome, OutcomeLine, PaidSoFar, Terms, What, outcome};
pub(crate) use own::{OwnTable, Preset, Row};
pub use policy::{Deadline, GraceRule, Kept, Later, Policy, Rules};
pub use timeline::{Arrival, Grace, Step, Timeline, timeline};

#[cfg(test)]
mod tests;
