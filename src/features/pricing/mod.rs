//! What a stay costs: the plans of hosts, the operator's fees and taxes, and the one arithmetic that makes totals of them
//! (docs/RULES.md, P1 to P22).
//!
//! [`rules`] is pure and open to all who show or compare prices. [`offer_of`] gathers what decides the prices of one listing;
//! with the listing's days it becomes the [`Terms`] that [`price()`], [`total_price`] and the others ask for. Whoever prices many
//! listings reads their plans and a [`TaxBook`] instead.

mod api;
pub mod rules;
mod service;
mod store;

pub use api::{DOORS, PricingApi, TaxesApi};
pub use rules::{
    AgesRefusal, Ask, Bounds, ChargedTax, ChildAges, Class, Collected, Coupon, Due, FeeModel, Funder, Guests, Instalment, Keep, Largest, Line, LineKind,
    OLDEST_CHILD, Off, Plan, Priced, Rate, RefundRule, Remitter, Split, StayPrice, TaxPart, TaxRule, Terms, TooMuch, agreed, bounds_per_night, class,
    instalments, night_price, nightly, percent, price, spread, stay_price, taxes_kept, told_night_price, total_price,
};
pub use service::offer::{Offer, fee_model, offer_of};
pub use service::taxes::{TaxBook, tax_book};
pub use store::STATEMENTS;
