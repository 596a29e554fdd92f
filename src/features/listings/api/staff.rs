//! `/admin/listings`: what staff look at, and what they decide.

use super::home_view::{HomeView, ListingStateView, StaffHomeView, StaffHomesView};
use super::homes::{Homes, fresh, own_view, state_of};
use crate::features::listings::service::staff::{Decision, Deed, decide};
use crate::features::listings::service::world::no_such_listing;
use crate::features::listings::store::{homes, lists, lists::Queue};
use crate::platform::cursor::Limit;
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Done, IfMatch, Prepared, Visitor, etag, reason};
use crate::platform::idempotency::Once;
use crate::values::ListingId;
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// Which homes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum ListingQueue {
    /// Waiting for approval.
    Submitted,
    /// Taken out of sight by staff.
    Withheld,
}

#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct ListingDeedAsk {
    /// Why: 1 to 500 characters. The host is told, and the audit trail keeps it.
    reason: String,
}

/// Homes, for staff.
pub struct ListingStaffApi {
    homes: Homes,
}

impl ListingStaffApi {
    #[must_use]
    pub fn new(homes: Homes) -> Self {
        Self { homes }
    }

    async fn decide(
        &self,
        (caller, visitor, once): (Caller, Visitor, Once),
        (id, if_match, ask): (Uuid, IfMatch, ListingDeedAsk),
        decision: Decision,
    ) -> Result<Done<ListingStateView>> {
        let (world, reason) = (self.homes.world(&visitor), reason::given(&ask.reason)?);
        let done = self.homes.tools.db.write_once(&once, move |tx, now| {
            let fresh = fresh(&if_match);
            let held = decide(tx, now, &world, &Deed { by: &caller, listing: ListingId(id), reason: &reason, fresh: &fresh }, decision)?;
            state_of(tx, &world, &held)
        });
        done.await
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Administration")]
impl ListingStaffApi {
    /// Homes that wait for approval, or were taken out of sight; who waits longest comes first.
    #[oai(path = "/admin/listings", method = "get", operation_id = "listListings")]
    async fn list(
        &self,
        _caller: Caller,
        /// Which ones.
        #[oai(default = "submitted")]
        state: Query<ListingQueue>,
        /// Homes a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<StaffHomesView>> {
        let queue = if state.0 == ListingQueue::Submitted { Queue::Submitted } else { Queue::Withheld };
        let purpose = format!("admin homes/{queue:?}");
        let after = ListingId(self.homes.cursors.after(&purpose, cursor.0.as_deref())?);
        let limit = Limit(limit.0);
        let found = self.homes.tools.db.read(move |conn| lists::queue(conn, queue, after, limit.and_one()).map_err(Error::from)).await?;
        let page = self.homes.cursors.page(&purpose, limit, found, |last| last.id.0.into_bytes());
        Ok(Json(StaffHomesView { data: page.rows.into_iter().map(StaffHomeView::of).collect(), next_cursor: page.next_cursor, has_more: page.has_more }))
    }

    /// A home in any state, without what is told to confirmed guests only.
    #[oai(path = "/admin/listings/:id", method = "get", operation_id = "readAnyListing")]
    async fn read(&self, _caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Cached<HomeView>> {
        let (world, id) = (self.homes.world(&visitor), ListingId(id.0));
        let read = self.homes.tools.db.read_cut(move |conn| {
            let held = homes::find(conn, &world.keys, id)?.ok_or_else(no_such_listing)?;
            let tag = etag::of_version(held.version);
            Ok::<_, Error>((own_view(conn, &world, held, false)?, tag))
        });
        let (view, tag) = read.await?;
        Ok(Cached::Fresh(Prepared::of(&view), tag, "no-store".into()))
    }

    /// Approve a home that was submitted: it is published, and its host gets a letter.
    #[oai(path = "/admin/listings/:id/approve", method = "post", operation_id = "approveListing")]
    async fn approve(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ListingDeedAsk>,
    ) -> Result<Done<ListingStateView>> {
        self.decide((caller, visitor, once), (id.0, if_match, ask.0), Decision::Approve).await
    }

    /// Send a home that was submitted back to its host, who gets a letter with the reason.
    #[oai(path = "/admin/listings/:id/reject", method = "post", operation_id = "rejectListing")]
    async fn reject(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ListingDeedAsk>,
    ) -> Result<Done<ListingStateView>> {
        self.decide((caller, visitor, once), (id.0, if_match, ask.0), Decision::Reject).await
    }

    /// Take a home out of sight; its host cannot publish it until it is released. Stays that are booked stand.
    #[oai(path = "/admin/listings/:id/withhold", method = "post", operation_id = "withholdListing")]
    async fn withhold(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ListingDeedAsk>,
    ) -> Result<Done<ListingStateView>> {
        self.decide((caller, visitor, once), (id.0, if_match, ask.0), Decision::Withhold).await
    }

    /// Let the host publish a home again that was withheld.
    #[oai(path = "/admin/listings/:id/release", method = "post", operation_id = "releaseListing")]
    async fn release(
        &self,
        caller: Caller,
        visitor: Visitor,
        once: Once,
        id: Path<Uuid>,
        if_match: IfMatch,
        ask: Json<ListingDeedAsk>,
    ) -> Result<Done<ListingStateView>> {
        self.decide((caller, visitor, once), (id.0, if_match, ask.0), Decision::Release).await
    }
}

fn submitted() -> ListingQueue {
    ListingQueue::Submitted
}

fn twenty() -> u8 {
    20
}
