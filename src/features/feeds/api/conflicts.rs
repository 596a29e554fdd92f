//! `/listings/{id}/conflicts`: nights that are taken here and elsewhere.

use super::views::{ConflictView, ConflictsView};
use crate::features::feeds::service::conflicts::{self as service, Ask};
use crate::features::feeds::service::{By, World};
use crate::platform::cursor::{CursorKey, Limit};
use crate::platform::error::Result;
use crate::platform::http::{Caller, Nothing, Visitor};
use crate::platform::idempotency::Once;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use uuid::Uuid;

/// Nights that are taken twice.
pub struct ConflictsApi {
    tools: Tools,
    cursors: CursorKey,
}

impl ConflictsApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

fn twenty() -> u8 {
    20
}

fn purpose(listing: ListingId, all: bool) -> String {
    format!("conflicts/{listing}/{all}")
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl ConflictsApi {
    /// Nights of bookings here that another calendar says are taken there, newest first. Nothing is cancelled by itself.
    #[oai(path = "/listings/:id/conflicts", method = "get", operation_id = "listConflicts")]
    async fn list(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// Conflicts a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
        /// Whether those that were resolved are listed too.
        #[oai(default)]
        resolved: Query<bool>,
    ) -> Result<Json<ConflictsView>> {
        let (listing, all, limit) = (ListingId(id.0), resolved.0, Limit(limit.0));
        let purpose = purpose(listing, all);
        let before = self.cursors.before(&purpose, cursor.0.as_deref())?;
        let ask = Ask { before, all, limit };
        let found = self.tools.db.read_cut(move |conn| service::page(conn, By { caller: &caller, listing }, ask)).await?;
        let page = self.cursors.page(&purpose, limit, found, |last| last.id.into_bytes());
        Ok(Json(ConflictsView { data: page.rows.into_iter().map(ConflictView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// You have seen to it: it is not told again, even if the other calendar goes on saying so.
    #[oai(path = "/listings/:id/conflicts/:cid/resolve", method = "post", operation_id = "resolveConflict")]
    async fn resolve(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, cid: Path<Uuid>) -> Result<Nothing> {
        let (listing, world) = (ListingId(id.0), World::of(&self.tools, visitor.origin()));
        let resolved = self.tools.db.write_once(&once, move |tx, now| {
            service::resolve(tx, now, &world, By { caller: &caller, listing }, cid.0)?;
            Ok(Nothing::more())
        });
        resolved.await
    }
}
