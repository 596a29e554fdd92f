//! Payments: asking guests for money, taking it, giving it back, through providers that may answer late, twice, or not at all (docs/RULES.md,
//! "Payments").
//!
//! Others ask for something in their own transaction ([`charge`], [`capture`], [`void`], [`refund`], or [`spend`] for credit); `service/calls.rs` makes the calls, and
//! `service/learn.rs` makes our state of whatever providers say. Whoever [`Follows`] payments is told each change once. `provider/` has the sandbox,
//! bank transfers and cash, and Stripe.

mod api;
mod jobs;
mod personal;
pub mod provider;
pub mod rules;
mod service;
mod store;
mod witness;

pub use api::{DOORS, DisputeView, PaymentView, RefundView, apis};
pub use jobs::jobs;
pub use personal::PaymentData;
pub use rules::terms::{Capture, Charge, DisputeState, News, NextAction, Purpose, RefundState, State, What};
pub use service::{
    Follows, Made, Nobody, Paid, PaymentWithRefunds, Payments, Received, SAVED, capture, charge, is_of_saved, of_booking, paid, refund, refund_of, spend, void,
};
pub use store::payments::Payment;
pub use store::refunds::Refund;
pub use store::statements;
pub use witness::SandboxWitness;
