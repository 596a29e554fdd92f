//! Payouts: what hosts have earned becomes theirs, and reaches their accounts (docs/RULES.md, "Payouts").
//!
//! `service/release.rs` gives a stay's money to its host a day after check-in (E04), unless somebody who is asked freezes it
//! ([`Freeze`]). `service/batch.rs` brings together what a host is owed, takes off what they owe, and makes one payout a currency (E05,
//! E10); a provider sends it (`service/send.rs`) or staff do. Methods of hosts count days after they were left. Statements are read from
//! the books alone. [`PayoutWitness`] tells the books which stays are over (L3).

mod api;
mod jobs;
mod personal;
pub mod rules;
mod service;
mod store;
mod witness;

pub(crate) use api::StatementView;
pub use api::{DOORS, apis};
pub use jobs::{check, jobs, pay_hosts};
pub use personal::PayoutData;
pub(crate) use service::statements::{codes, statement};
pub use service::{Freeze, Freezes, Payouts};
pub use store::statements;
pub use witness::PayoutWitness;
