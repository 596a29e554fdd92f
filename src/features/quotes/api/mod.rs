//! `/quotes`, prices by check-in date, and coupons of hosts and of staff. What they show is drawn in `quote_view.rs` and `coupon_view.rs`.

mod coupon_view;
mod coupons;
mod quote_view;
mod quotes;
mod staff_coupons;

pub use coupons::CouponsApi;
pub use quote_view::{CancellationView, LineView, PartView};
pub use quotes::QuotesApi;
pub use staff_coupons::StaffCouponsApi;

use crate::platform::access::{Action, Door};

/// Who may come in.
pub const DOORS: &[Door] = &[
    Door::to("makeQuote", Action::Search),
    Door::to("readQuote", Action::Search),
    Door::to("readPriceCalendar", Action::Search),
    Door::to("listCoupons", Action::EditListing),
    Door::to("makeCoupon", Action::EditListing),
    Door::to("endCoupon", Action::EditListing),
    Door::to("listPlatformCoupons", Action::HandleMoney),
    Door::to("makePlatformCoupon", Action::HandleMoney),
    Door::to("endPlatformCoupon", Action::HandleMoney),
];

fn one() -> u16 {
    1
}

fn twenty() -> u8 {
    20
}
