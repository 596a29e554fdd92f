//! Coupons as JSON.

use crate::features::pricing::{Funder, Off};
use crate::features::quotes::rules::coupon::Coupon;
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::wire::MoneyView;
use crate::values::Money;
use poem_openapi::Object;
use uuid::Uuid;

/// A coupon, for whoever made it.
#[derive(Object)]
pub(super) struct CouponView {
    id: Uuid,
    /// Compared without regard to case.
    code: String,
    /// `host` or `platform`.
    funded_by: String,
    /// The one home it holds at; null: all homes, of the host where it is a host's.
    listing_id: Option<Uuid>,
    /// What it takes off the accommodation, in basis points; null where it takes off an amount.
    percent_bp: Option<u32>,
    /// At most this much of it; null: no limit.
    most: Option<MoneyView>,
    amount: Option<MoneyView>,
    /// RFC 3339, UTC; null: no limit.
    valid_from: Option<String>,
    valid_to: Option<String>,
    min_nights: u16,
    /// Null: no limit.
    max_uses: Option<u32>,
    per_guest: Option<u32>,
    /// Bookings for which it was used.
    uses: u32,
    /// RFC 3339, UTC; null: it goes on.
    ended_at: Option<String>,
    created_at: String,
    version: i64,
}

/// A page of coupons, newest first.
#[derive(Object)]
pub(super) struct CouponsView {
    data: Vec<CouponView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
}

impl CouponView {
    pub(super) fn of(coupon: &Coupon) -> Self {
        let money = |minor: i64| coupon.currency.map(|currency| MoneyView::from(Money::new(minor, currency)));
        let (percent_bp, most, amount) = match coupon.off {
            Off::Share { bp, most } => (Some(bp), most.and_then(money), None),
            Off::Amount(amount) => (None, None, money(amount)),
        };
        Self {
            id: coupon.id,
            code: coupon.code.clone(),
            funded_by: if coupon.funded_by == Funder::Host { "host" } else { "platform" }.to_owned(),
            listing_id: coupon.listing.map(|listing| listing.0),
            percent_bp,
            most,
            amount,
            valid_from: coupon.valid_from.map(|at| at.to_string()),
            valid_to: coupon.valid_to.map(|at| at.to_string()),
            min_nights: coupon.min_nights,
            max_uses: coupon.max_uses,
            per_guest: coupon.per_guest,
            uses: coupon.uses,
            ended_at: coupon.ended_at.map(|at| at.to_string()),
            created_at: coupon.created_at.to_string(),
            version: coupon.version,
        }
    }
}

impl CouponsView {
    /// A page of at most `limit`, from one more than that.
    pub(super) fn of(found: Vec<Coupon>, limit: Limit, cursors: &CursorKey, purpose: &str) -> Self {
        let page = cursors.page(purpose, limit, found, |last| last.id.into_bytes());
        Self { data: page.rows.iter().map(CouponView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }
    }
}
