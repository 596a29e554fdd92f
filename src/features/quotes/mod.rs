//! Quotes: what a stay costs, promised for a few minutes, and the coupons that make it cost less (docs/RULES.md, P8, P16 to P22).
//!
//! A quote is decided by the calendar's one function and priced by `pricing`; it is stored and never changed. Bookings [`load`] one,
//! or [`requote`] when it has run out, and [`redeem`] its coupon. Hosts make coupons for their homes, staff for everybody.

mod api;
mod jobs;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{CancellationView, CouponsApi, DOORS, LineView, PartView, QuotesApi, StaffCouponsApi};
pub use jobs::jobs;
pub use personal::QuoteData;
pub use rules::asked::{Asked, Wish};
pub use rules::promise::{Part, Promise, Quote, QuoteId};
pub use service::alter::{Change, alter, changed};
pub use service::coupons::{give_back, redeem};
pub use service::quote::{entered, load, make, requote};
pub use store::statements;
