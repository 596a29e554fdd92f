//! `/payouts`: what one was paid, and what waits.

use super::twenty;
use super::views::{PayoutBalanceView, PayoutView, PayoutsView};
use crate::features::payouts::service::{Payouts, batch, staff};
use crate::features::payouts::store::payouts::{self as rows, Filter};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Prepared, Visitor, etag};
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

/// One's own payouts.
pub(super) struct PayoutsApi {
    payouts: Payouts,
    cursors: CursorKey,
}

impl PayoutsApi {
    #[must_use]
    pub(super) fn new(payouts: Payouts, cursors: CursorKey) -> Self {
        Self { payouts, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl PayoutsApi {
    /// Your payouts, newest first, and what is not paid out yet.
    #[oai(path = "/payouts", method = "get", operation_id = "listPayouts")]
    async fn list(
        &self,
        caller: Caller,
        visitor: Visitor,
        /// Payouts a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<PayoutsView>> {
        let (host, world, now) = (caller.user, self.payouts.world(visitor.origin()), self.payouts.tools.clock.now());
        let (purpose, first) = (format!("payouts/{host}"), cursor.0.is_none());
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let limit = Limit(limit.0);
        let filter = Filter { host: Some(host), ..Filter::default() };
        let read = self.payouts.tools.db.read_cut(move |conn| {
            let owed = if first { batch::owed(conn, now, &world, host)? } else { Vec::new() };
            Ok::<_, Error>((rows::list(conn, &filter, before, limit.and_one())?, owed))
        });
        let (found, owed) = read.await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.into_bytes());
        let balances = owed.iter().filter(|owed| owed.payable != 0 || owed.receivable != 0).map(PayoutBalanceView::of).collect();
        Ok(Json(PayoutsView { data: page.rows.iter().map(PayoutView::of).collect(), balances, next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// One of your payouts.
    #[oai(path = "/payouts/:id", method = "get", operation_id = "readPayout")]
    async fn read(&self, caller: Caller, id: Path<Uuid>) -> Result<Cached<PayoutView>> {
        let (id, host) = (id.0, caller.user);
        let found = self.payouts.tools.db.read(move |conn| rows::one(conn, id).map_err(Error::from)).await?;
        let found = found.filter(|payout| payout.host == host).ok_or_else(staff::no_such_payout)?;
        Ok(Cached::Fresh(Prepared::of(&PayoutView::of(&found)), etag::of_version(found.version), "no-store".into()))
    }
}
