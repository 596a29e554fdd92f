//! The rules of quotes and coupons, pure: what may be asked (`asked.rs`), what is promised (`promise.rs`), and whether a
//! coupon holds (`coupon.rs`, `wish.rs`).

pub mod asked;
pub mod coupon;
pub mod promise;
pub mod wish;
