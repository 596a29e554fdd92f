//! What becomes of the money when a stay is called off: policies, the timeline that guests are shown, and the outcome for everybody
//! (docs/RULES.md, "Calling a stay off"; C1 to C15).
//!
//! Mostly pure rules. Quotes promise a policy's [`Rules`] ([`promised`]) and show their [`Timeline`]; bookings ask for the [`outcome()`] of a
//! cause at an instant and tell the ledger what it says. Besides the standard policies there are those of the operator's own
//! ([`PoliciesApi`]); homes learn of them through [`OwnPolicies`].

mod api;
pub mod rules;
mod service;
mod store;

pub use api::{DOORS, PoliciesApi};
pub use rules::{
    Arrival, Cause, Decision, Grace, Later, Next, Outcome, OutcomeLine, PaidSoFar, Penalty, Policy, Rules, Settings, Step, Terms, Timeline, What, outcome,
    timeline,
};
pub use service::{OwnPolicies, is_known, promised};
pub use store::STATEMENTS;
