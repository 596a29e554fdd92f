//! What a stay costs. So far: prices of nights (docs/RULES.md, P4 and P5); fees and taxes come with quotes.

mod rules;

pub use rules::{StayPrice, nightly, stay_price};
