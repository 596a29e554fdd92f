//! Valid requests for the operations about quotes and coupons. For `matrix.rs`.

use super::cast::{Cast, Request, Who, run, run_any};
use crate::support::homes;
use crate::support::town::Asker;
use serde_json::{Value as Json, json};
use stopover::platform::db::DbResult;
use stopover::values::Instant;
use uuid::Uuid;

/// The coupon that is ended.
const COUPON: Uuid = Uuid::from_u128(0xc0);
const MAKE: &str = "INSERT INTO coupons (id, code, code_key, funded_by, host_id, listing_id, off_bp, min_nights, uses, version, created_at)
    VALUES ($1, 'Late', 'LATE', $2, $3, $4, 1000, 1, 0, 1, $5)";

impl Cast<'_> {
    pub(super) async fn request_about_quotes(&self, operation: &str, who: Who) -> Option<Request> {
        let reason = json!({"reason": "the matrix asks"});
        let (id, query, body): (Option<Uuid>, &str, Option<Json>) = match operation {
            "makeQuote" => (None, "", Some(self.wish())),
            "readQuote" => {
                let made = self.town.post(&Asker::default(), "/quotes", self.wish()).await;
                (Some(homes::id(&made.expect(201).json()["id"])), "", None)
            }
            "readPriceCalendar" => (Some(self.listing), "?month=2026-07&nights=3", None),
            "listCoupons" => (Some(self.home_of(who).await), "", None),
            "makeCoupon" => {
                run_any(self.db, "DELETE FROM coupons", vec![]).await;
                (Some(self.home_of(who).await), "", Some(json!({"code": "SUMMER", "percent_bp": 500})))
            }
            "endCoupon" => {
                run_any(self.db, "DELETE FROM coupons", vec![]).await;
                let (home, host) = (self.home_of(who).await, self.user(who).unwrap_or(self.host));
                run(self.db, MAKE, vec![COUPON.into(), "host".into(), host.into(), home.into(), Instant(0).into()]).await;
                (Some(COUPON), "", None)
            }
            "listPlatformCoupons" => (None, "", None),
            "makePlatformCoupon" => {
                run_any(self.db, "DELETE FROM coupons", vec![]).await;
                (None, "", Some(json!({"code": "WELCOME", "percent_bp": 500, "reason": "the matrix asks"})))
            }
            "endPlatformCoupon" => {
                run_any(self.db, "DELETE FROM coupons", vec![]).await;
                let none: Option<Uuid> = None;
                run(self.db, MAKE, vec![COUPON.into(), "platform".into(), none.into(), none.into(), Instant(0).into()]).await;
                (Some(COUPON), "", Some(reason))
            }
            _ => return None,
        };
        Some(Request { id, query: query.into(), body, ..Request::default() })
    }

    fn wish(&self) -> Json {
        json!({"listing_id": self.listing, "check_in": "2026-07-01", "check_out": "2026-07-03", "adults": 2})
    }

    /// A published home of somebody; that of the host for strangers.
    async fn home_of(&self, who: Who) -> Uuid {
        let Some(user) = self.user(who) else { return self.listing };
        let found: DbResult<Option<Uuid>> =
            self.db.read(move |conn| conn.first("SELECT id FROM listings WHERE host_id = $1 LIMIT 1", &[user.into()], |row| row.get(0))).await;
        match found.unwrap() {
            Some(home) => home,
            None => homes::home(self.db, &json!(user.0), "A home with coupons").await,
        }
    }
}
