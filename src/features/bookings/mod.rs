//! Bookings: stays that guests want, and what becomes of them (docs/RULES.md, "Bookings").
//!
//! `POST /bookings` turns a quote into a booking whose nights are held; money, the host and time move it on. [`rules`] has the one table
//! of states (`rules/state.rs`); `service/steps.rs` walks along it and writes each step down; the nights themselves are the calendar's,
//! which judges who is first. Payments tell what became of the money, and nothing here calls anybody.

mod api;
mod jobs;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{DOORS, apis};
pub use jobs::jobs;
pub use personal::BookingData;
pub use rules::booking::Booking;
pub use rules::state::{Side, State};
pub(crate) use service::World;
pub use service::deposits::deposit_is_open;
pub use service::desk::{Desk, Doing};
pub use service::grant::PartsInStays;
pub(crate) use service::grant::must_be_outside;
pub use service::hear::Listener;
pub(crate) use service::money::provider_for;
pub use service::pledges::{free_deposit, pledge_deposit, return_deposit, take_deposit};
pub(crate) use service::read::{known, of as of_side};
pub use service::stays::{Earned, Stays, code_of, earned, held_for_papers, home_of, is_over, papers_again, papers_due};
pub(crate) use service::steps::open;
pub use store::statements;
