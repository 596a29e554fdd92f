//! Coupons that the platform pays for: `/admin/coupons`.

use super::coupon_view::{CouponView, CouponsView};
use super::twenty;
use crate::features::quotes::rules::wish::{CouponTerms, CouponWish, currency, judged};
use crate::features::quotes::service::coupons::{self, By, Reach};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Created, IfMatch, Nothing, PREFIX, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// A coupon that the platform pays for: the host is paid as without it.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PlatformCouponAsk {
    /// 3 to 40 letters, digits, `-`, `_` and `.`; compared without regard to case.
    #[oai(validator(max_length = 400))]
    code: String,
    /// The one listing it holds at; absent: all.
    listing_id: Option<Uuid>,
    /// Basis points of the accommodation: 1,000 are 10 %.
    percent_bp: Option<i64>,
    /// At most this, in minor units of `currency`.
    most: Option<i64>,
    /// Minor units of `currency`.
    amount: Option<i64>,
    /// ISO 4217; needed where there are amounts. It then holds at listings with prices in this currency.
    #[oai(validator(max_length = 10))]
    currency: Option<String>,
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
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CouponReasonAsk {
    /// Why, 1 to 500 characters; kept in the audit trail.
    #[oai(validator(max_length = 2_000))]
    reason: String,
}

/// Coupons of the platform.
pub struct StaffCouponsApi {
    tools: Tools,
    cursors: CursorKey,
}

impl StaffCouponsApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl StaffCouponsApi {
    /// Coupons of the platform, newest first; ended ones too.
    #[oai(path = "/admin/coupons", method = "get", operation_id = "listPlatformCoupons")]
    async fn list(
        &self,
        _caller: Caller,
        /// Coupons a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<CouponsView>> {
        let limit = Limit(limit.0);
        let before = self.cursors.before("platform coupons", cursor.0.as_deref())?;
        let found = self.tools.db.read(move |conn| coupons::list_of_platform(conn, before, limit.and_one())).await?;
        Ok(Json(CouponsView::of(found, limit, &self.cursors, "platform coupons")))
    }

    /// Make a coupon that the platform pays for.
    #[oai(path = "/admin/coupons", method = "post", operation_id = "makePlatformCoupon")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<PlatformCouponAsk>) -> Result<Created<CouponView>> {
        let (terms, reach) = ask.0.judged()?;
        let by = by(&caller, &visitor, &ask.0.reason)?;
        let made = self.tools.db.write_once(&once, move |tx, now| {
            let coupon = coupons::make_for_platform(tx, now, &by, reach, terms.clone())?;
            Ok(Created::at(format!("{PREFIX}/admin/coupons/{}", coupon.id), CouponView::of(&coupon)).with_etag(etag::of_version(coupon.version)))
        });
        made.await
    }

    /// End a coupon of the platform. Quotes that have it keep it. With `If-Match` only if it is still what you have read.
    #[oai(path = "/admin/coupons/:id", method = "delete", operation_id = "endPlatformCoupon")]
    async fn end(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>, ask: Json<CouponReasonAsk>) -> Result<Nothing> {
        let by = by(&caller, &visitor, &ask.0.reason)?;
        let done = self.tools.db.write(move |tx, now| {
            let coupon = coupons::of_platform(tx, id.0)?;
            if_match.check(&etag::of_version(coupon.version))?;
            coupons::end(tx, now, &by, &coupon)?;
            Ok::<_, Error>(Nothing::more())
        });
        done.await
    }
}

impl PlatformCouponAsk {
    fn judged(&self) -> Result<(CouponTerms, Reach)> {
        let wish = CouponWish {
            code: self.code.clone(),
            percent_bp: self.percent_bp,
            most: self.most,
            amount: self.amount,
            valid_from: self.valid_from.clone(),
            valid_to: self.valid_to.clone(),
            min_nights: self.min_nights,
            max_uses: self.max_uses,
            per_guest: self.per_guest,
        };
        let terms = judged(&wish).map_err(Error::Refused)?;
        let currency = self.currency.as_deref().map(currency).transpose().map_err(Error::Refused)?;
        if terms.has_amounts() && currency.is_none() {
            let message = "is needed where there are amounts";
            let refused = Error::refused(Kind::Unacceptable, "invalid_currency", format!("currency {message}."));
            return Err(refused.with_error(FieldError::new("/body/currency", "invalid_currency", message)));
        }
        Ok((terms, Reach { listing: self.listing_id.map(ListingId), currency }))
    }
}

fn by(caller: &Caller, visitor: &Visitor, why: &str) -> Result<By> {
    Ok(By { caller: (**caller).clone(), origin: visitor.origin(), reason: Some(reason::given(why)?) })
}
