//! Coupons of hosts: `/listings/{id}/coupons` and `/coupons/{id}`.

use super::coupon_view::{CouponView, CouponsView};
use super::twenty;
use crate::features::quotes::rules::wish::{CouponWish, judged};
use crate::features::quotes::service::coupons::{self, By};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Created, IfMatch, Nothing, PREFIX, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// A coupon that the host pays for. It takes off either a share or an amount, never more than the accommodation.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CouponAsk {
    /// 3 to 40 letters, digits, `-`, `_` and `.`; compared without regard to case.
    #[oai(validator(max_length = 400))]
    code: String,
    /// It holds at all homes of the host, not at this one only.
    #[oai(default)]
    everywhere: bool,
    /// Basis points of the accommodation: 1,000 are 10 %.
    percent_bp: Option<i64>,
    /// At most this, in minor units of the listing's currency.
    most: Option<i64>,
    /// Minor units of the listing's currency.
    amount: Option<i64>,
    /// RFC 3339; absent: from now on.
    #[oai(validator(max_length = 100))]
    valid_from: Option<String>,
    #[oai(validator(max_length = 100))]
    valid_to: Option<String>,
    /// For stays of so many nights or more.
    min_nights: Option<i64>,
    /// Bookings for which it can be used.
    max_uses: Option<i64>,
    /// Of these, by one guest.
    per_guest: Option<i64>,
}

/// Coupons of hosts.
pub struct CouponsApi {
    tools: Tools,
    cursors: CursorKey,
}

impl CouponsApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl CouponsApi {
    /// The host's coupons that hold at a listing, newest first; ended ones too.
    #[oai(path = "/listings/:id/coupons", method = "get", operation_id = "listCoupons")]
    async fn list(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// Coupons a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<CouponsView>> {
        let (purpose, listing, limit) = (format!("coupons/{}", id.0), ListingId(id.0), Limit(limit.0));
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let found = self.tools.db.read(move |conn| coupons::list(conn, &caller, listing, before, limit.and_one())).await?;
        Ok(Json(CouponsView::of(found, limit, &self.cursors, &purpose)))
    }

    /// Make a coupon for a listing, or for all homes of its host.
    #[oai(path = "/listings/:id/coupons", method = "post", operation_id = "makeCoupon")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<CouponAsk>) -> Result<Created<CouponView>> {
        let (listing, everywhere, terms) = (ListingId(id.0), ask.0.everywhere, judged(&ask.0.wish()).map_err(Error::Refused)?);
        let by = By { caller: (*caller).clone(), origin: visitor.origin(), reason: None };
        let made = self.tools.db.write_once(&once, move |tx, now| {
            let coupon = coupons::make(tx, now, &by, listing, everywhere, terms.clone())?;
            Ok(Created::at(format!("{PREFIX}/coupons/{}", coupon.id), CouponView::of(&coupon)).with_etag(etag::of_version(coupon.version)))
        });
        made.await
    }

    /// End a coupon. Quotes that have it keep it; its code can be used again. With `If-Match` only if it is still what you have read.
    #[oai(path = "/coupons/:id", method = "delete", operation_id = "endCoupon")]
    async fn end(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>) -> Result<Nothing> {
        let by = By { caller: (*caller).clone(), origin: visitor.origin(), reason: None };
        let done = self.tools.db.write(move |tx, now| {
            let coupon = coupons::of_host(tx, &by.caller, id.0)?;
            if_match.check(&etag::of_version(coupon.version))?;
            coupons::end(tx, now, &by, &coupon)?;
            Ok::<_, Error>(Nothing::more())
        });
        done.await
    }
}

impl CouponAsk {
    fn wish(&self) -> CouponWish {
        CouponWish {
            code: self.code.clone(),
            percent_bp: self.percent_bp,
            most: self.most,
            amount: self.amount,
            valid_from: self.valid_from.clone(),
            valid_to: self.valid_to.clone(),
            min_nights: self.min_nights,
            max_uses: self.max_uses,
            per_guest: self.per_guest,
        }
    }
}
