//! What becomes of the money when a stay is called off: policies, the timeline that guests are shown, and the outcome for everybody
//! (docs/RULES.md, "Calling a stay off"; C1 to C15).
//!
//! Pure rules and nothing else. Quotes promise a policy's [`Rules`] and show their [`Timeline`]; bookings ask for the [`outcome()`] of a
//! cause at an instant and tell the ledger what it says.

pub mod rules;

pub use rules::{
    Arrival, Cause, Decision, Grace, Later, Next, Outcome, OutcomeLine, PaidSoFar, Penalty, Policy, Rules, Settings, Step, Terms, Timeline, What, outcome,
    timeline,
};
