//! Use cases: quotes, changes of booked stays, prices by check-in date, coupons.

pub(super) mod alter;
pub(super) mod coupons;
pub(super) mod prices;
pub(super) mod quote;
