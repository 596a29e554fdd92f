//! Load on purpose: many callers who want the same nights of homes that were made for it, and what must hold afterwards
//! (`stopover stress bookings`; docs/OPERATIONS.md, "Stress").
//!
//! `console.rs` sends the callers, `rules.rs` draws what they want and adds up what they met, `store.rs` makes the homes and counts
//! in the tables whether anything was sold twice.

mod console;
mod rules;
mod store;

pub use console::{Plan, Until, bookings};
pub use rules::Report;
