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

pub use api::{BookingMoneyApi, BookingsApi, DOORS};
pub use jobs::jobs;
pub use personal::BookingData;
pub use rules::booking::Booking;
pub use rules::state::State;
pub use service::hear::Listener;
pub use service::stays::{Earned, Stays, code_of, earned, is_over};
pub use store::statements;
