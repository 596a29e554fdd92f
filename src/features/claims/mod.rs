//! Damage claims (M9): what a host says was broken, what the guest says to it, what staff decide, and that it is paid (docs/RULES.md, "Damage").
//!
//! [`rules`] has the states and the ways between them. A claim is about a stay that is over; what is agreed on or decided is charged to the guest and
//! goes to the host (E15). A deposit pays first (E14). [`open_for`] is asked before
//! what a stay earns is released: while a claim is not settled, it waits.

mod api;
mod jobs;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{DOORS, apis};
pub use jobs::jobs;
pub use personal::ClaimData;
pub use service::Listener;
pub use store::{open_for, statements};
