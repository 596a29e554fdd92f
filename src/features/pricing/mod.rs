//! What a stay costs: the plans of hosts, the operator's fees and taxes, and the one arithmetic that makes totals of them
//! (docs/RULES.md, P1 to P22).
//!
//! [`rules`] is pure and open to all who show or compare prices.

pub mod rules;

pub use rules::{
    Ask, Bounds, ChildAges, Class, Coupon, Due, FeeModel, Funder, Guests, Instalment, Largest, Line, LineKind, Off, Plan, Priced, Rate, StayPrice, TaxRule,
    Terms, TooMuch, bounds_per_night, class, instalments, night_price, nightly, price, stay_price, total_price,
};
