//! Calendars of other sites, both ways (docs/RULES.md, "Calendars of other sites"): feeds that are read again and again and take nights here,
//! and addresses at which other sites fetch what is taken here.
//!
//! [`rules`] reads and writes calendars, pure. `jobs.rs` fetches a feed through the guarded client, `service/sync.rs` makes the stored nights what
//! it said, in one transaction; where they meet a stay of ours `service/conflicts.rs` keeps it until the host has seen to it. `service/exports.rs` tells
//! the calendar to whoever holds a token.

mod api;
mod jobs;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{ConflictsApi, DOORS, ExportAddressesApi, FeedsApi, IcalApi};
pub use jobs::jobs;
pub use personal::FeedData;
pub use service::exports::FeedGuard;
pub use service::feeds::names;
pub use store::STATEMENTS;
