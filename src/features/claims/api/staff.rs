//! `/admin/claims`: claims that staff decide.

use super::claims::{line, shown};
use super::views::{ClaimPageView, ClaimView};
use crate::features::claims::rules::State;
use crate::features::claims::service::{World, acts};
use crate::features::claims::store;
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Done, IfMatch, Visitor, reason};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// What staff decide.
#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ClaimDecisionAsk {
    /// How much the guest pays, in minor units: 0 to what is claimed.
    amount: i64,
    /// Why, one line of 1 to 500 characters: both sides read it, and it is kept in the audit trail.
    reason: String,
}

/// Damage claims, for staff.
pub(super) struct StaffClaimsApi {
    tools: Tools,
    cursors: CursorKey,
}

impl StaffClaimsApi {
    #[must_use]
    pub(super) fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl StaffClaimsApi {
    /// Damage claims that stand alike, newest first.
    #[oai(path = "/admin/claims", method = "get", operation_id = "listClaims")]
    async fn list(
        &self,
        _caller: Caller,
        /// One of the states of a claim; absent: `escalated`.
        #[oai(validator(max_length = 40))]
        state: Query<Option<String>>,
        /// Claims a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<ClaimPageView>> {
        let state = match state.0 {
            Some(name) => State::parse(&name).ok_or_else(|| Error::out_of_range("state", "is none of the states of a claim"))?,
            None => State::Escalated,
        };
        let purpose = format!("claims/{}", state.name());
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let limit = Limit(limit.0);
        let found = self.tools.db.read(move |conn| store::in_state(conn, state, before, limit.and_one()).map_err(Error::from)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.into_bytes());
        Ok(Json(ClaimPageView { data: page.rows.iter().map(ClaimView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// Decide a claim that was handed to you: how much the guest pays, or nothing. With 0 you also close one that is due and that nobody pays.
    ///
    /// 403 `own_case` where you have a part in the stay, or in its home.
    #[oai(path = "/admin/claims/:id/decide", method = "post", operation_id = "decideClaim")]
    async fn decide(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ClaimDecisionAsk>,
    ) -> Result<Done<ClaimView>> {
        let (world, amount) = (World::of(&self.tools, visitor.origin()), ask.0.amount);
        let reason = reason::given(&line("/body/reason", &ask.0.reason, 500)?)?;
        let decided = self
            .tools
            .db
            .write_once(&once, move |tx, now| acts::decide(tx, now, &world, (&caller, id.0), &if_match, (amount, &reason)).map(|claim| shown(&claim)));
        decided.await
    }
}

fn twenty() -> u8 {
    20
}
