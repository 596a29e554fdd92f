//! Use cases: quotes, prices by check-in date, coupons.

pub(super) mod coupons;
pub(super) mod prices;
pub(super) mod quote;
