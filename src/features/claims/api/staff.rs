//! `/admin/claims`: claims that staff decide.

use super::claims::{line, shown};
use super::views::{ClaimPageView, ClaimView};
use crate::features::claims::rules::State;
use crate::features::claims::service::{World, acts};
use crate::features::claims::store;
use crate::platform::cursor::CursorKey;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Done, IfMatch, Visitor};
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
        let limit = usize::from(limit.0);
        let most = i64::try_from(limit).unwrap_or(100) + 1;
        let mut found = self.tools.db.read(move |conn| store::in_state(conn, state, before, most).map_err(Error::from)).await?;
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = found.last().filter(|_| has_more).map(|last| self.cursors.seal(&purpose, last.id.as_bytes()));
        Ok(Json(ClaimPageView { data: found.iter().map(ClaimView::of).collect(), next_cursor, has_more }))
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
        let (world, amount, reason) = (World::of(&self.tools, visitor.origin()), ask.0.amount, line("/body/reason", &ask.0.reason, 500)?);
        if reason.is_empty() {
            let message = "must say why, in 1 to 500 characters without control characters";
            let refused = Error::refused(Kind::Unacceptable, "invalid_reason", format!("reason {message}."));
            return Err(refused.with_error(FieldError::new("/body/reason", "invalid_reason", message)));
        }
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
