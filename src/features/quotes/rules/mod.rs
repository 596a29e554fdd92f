//! The rules of quotes and coupons, pure: what may be asked (`asked.rs`), what is promised (`promise.rs`), what of it is kept when the
//! stay is called off (`cancellation.rs`), and whether a coupon holds (`coupon.rs`, `wish.rs`).

pub mod asked;
pub mod cancellation;
pub mod coupon;
pub mod promise;
pub mod wish;
mod written;
