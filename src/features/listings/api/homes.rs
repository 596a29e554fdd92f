//! A host's own homes: making, reading, changing, publishing and archiving them. What is sent is in `home_ask.rs`.

use super::home_ask::HomeAsk;
use super::home_view::{HomeView, ListingStateView};
use crate::features::listings::place::PlaceKey;
use crate::features::listings::rules::complaints::Complaints;
use crate::features::listings::rules::home::Home;
use crate::features::listings::service::change::{self, Edit, Own};
use crate::features::listings::service::guards::{Guards, PolicyChoice};
use crate::features::listings::service::world::{self, Request, World};
use crate::features::listings::service::{custom, life};
use crate::features::listings::store::homes::Held;
use crate::features::listings::store::texts;
use crate::platform::access::Action;
use crate::platform::cursor::CursorKey;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Cached, Caller, Created, Done, IfMatch, Nothing, PREFIX, Prepared, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use crate::values::{Instant, ListingId, Zone};
use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use std::sync::Arc;
use uuid::Uuid;

/// What the edges of hosts and staff share; cheap to clone.
#[derive(Clone)]
pub struct Homes {
    pub(super) tools: Tools,
    pub(super) cursors: CursorKey,
    place: PlaceKey,
    guards: Guards,
}

impl Homes {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey, place: PlaceKey, guards: Guards) -> Self {
        Self { tools, cursors, place, guards }
    }

    /// The operator's own cancellation policies that hosts can choose.
    pub(super) async fn policies(&self) -> Result<Vec<PolicyChoice>> {
        let guards = self.guards.clone();
        self.tools.db.read(move |conn| guards.policies(conn).map_err(Error::from)).await
    }

    pub(super) fn world(&self, visitor: &Visitor) -> World {
        let Self { tools, place, guards, .. } = self.clone();
        World { keys: tools.keys, config: tools.config, place, guards, origin: visitor.origin() }
    }
}

/// A host's own homes.
pub struct HomesApi {
    homes: Homes,
}

impl HomesApi {
    #[must_use]
    pub fn new(homes: Homes) -> Self {
        Self { homes }
    }

    /// Turns a home of the caller's, and answers how it stands.
    async fn turn(
        &self,
        (caller, visitor, once): (Caller, Visitor, Once),
        (id, if_match): (Uuid, IfMatch),
        turn: impl Fn(&mut Tx<'_>, Instant, &World, Request<'_>) -> Result<Held> + Send + 'static,
    ) -> Result<Done<ListingStateView>> {
        let world = self.homes.world(&visitor);
        let done = self.homes.tools.db.write_once(&once, move |tx, now| {
            let fresh = fresh(&if_match);
            let held = turn(tx, now, &world, Request { caller: &caller, listing: ListingId(id), fresh: &fresh })?;
            state_of(tx, &world, &held)
        });
        done.await
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl HomesApi {
    /// Make a home: a draft that nobody else sees.
    ///
    /// Needs `title`, `room_type`, `property_type`, `capacity`, `location` and `currency`; what else is missing is in the answer.
    /// The time zone follows from the location unless it is given.
    #[oai(path = "/listings", method = "post", operation_id = "createListing")]
    async fn create(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<HomeAsk>) -> Result<Created<ListingStateView>> {
        let (world, ask) = (self.homes.world(&visitor), ask.0);
        let zone = zone_of_place(&ask).await?;
        let made = self.homes.tools.db.write_once(&once, move |tx, now| {
            let write = |home: &mut Home, complaints: &mut Complaints, own: &Own| {
                ask.check_new(complaints);
                ask.clone().write_on(home, complaints, own);
            };
            let held = change::create(tx, now, &world, &caller, &Edit { write: &write, zone_of_place: zone.as_ref() })?;
            let missing = world::missing(tx, &world, &held)?;
            let view = ListingStateView::of(&held, missing);
            Ok(Created::at(format!("{PREFIX}/me/listings/{}", held.id), view).with_etag(etag::of_version(held.version)))
        });
        made.await
    }

    /// A home as those who may edit it see it: every field, the exact place, what it lacks.
    ///
    /// `GET /listings/{id}` is the page that guests see. The `ETag` is for `If-Match` of changes.
    #[oai(path = "/me/listings/:id", method = "get", operation_id = "readOwnListing")]
    async fn read(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Cached<HomeView>> {
        let (world, id) = (self.homes.world(&visitor), ListingId(id.0));
        let read = self.homes.tools.db.read_cut(move |conn| {
            let held = world::look(conn, &world, &caller, id, Action::EditListing)?;
            let tag = etag::of_version(held.version);
            Ok::<_, Error>((own_view(conn, &world, held, true)?, tag))
        });
        let (view, tag) = read.await?;
        Ok(Cached::Fresh(Prepared::of(&view), tag, "no-store".into()))
    }

    /// Change a home: what is absent stays.
    ///
    /// Every bad field is named, 422 `invalid_fields`. What is published stays complete (`listing_incomplete`). A small correction of the
    /// location leaves the public point where it is.
    #[oai(path = "/listings/:id", method = "patch", operation_id = "changeListing")]
    async fn change(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch, ask: Json<HomeAsk>) -> Result<Done<HomeView>> {
        let (world, ask, listing) = (self.homes.world(&visitor), ask.0, ListingId(id.0));
        let zone = zone_of_place(&ask).await?;
        let done = self.homes.tools.db.write(move |tx, now| {
            let write = |home: &mut Home, complaints: &mut Complaints, own: &Own| ask.clone().write_on(home, complaints, own);
            let fresh = fresh(&if_match);
            let request = Request { caller: &caller, listing, fresh: &fresh };
            let held = change::change(tx, now, &world, request, &Edit { write: &write, zone_of_place: zone.as_ref() })?;
            let tag = etag::of_version(held.version);
            Ok::<_, Error>(Done::now(own_view(tx, &world, held, true)?).with_etag(tag))
        });
        done.await
    }

    /// Archive a home: its end. Refused while guests are to come (409 `has_stays`, with `nights`).
    #[oai(path = "/listings/:id", method = "delete", operation_id = "archiveListing")]
    async fn archive(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>, if_match: IfMatch) -> Result<Nothing> {
        let (world, listing) = (self.homes.world(&visitor), ListingId(id.0));
        let done = self.homes.tools.db.write(move |tx, now| {
            let fresh = fresh(&if_match);
            life::archive(tx, now, &world, Request { caller: &caller, listing, fresh: &fresh }).map(|()| Nothing::more())
        });
        done.await
    }

    /// Say that a home is ready: it waits for staff where this site asks for that, and is published at once where not.
    ///
    /// 422 `listing_incomplete` with everything that is missing.
    #[oai(path = "/listings/:id/submit", method = "post", operation_id = "submitListing")]
    async fn submit(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, if_match: IfMatch) -> Result<Done<ListingStateView>> {
        self.turn((caller, visitor, once), (id.0, if_match), life::submit).await
    }

    /// Publish a home, or what was paused. 409 `approval_needed` where staff have to look first.
    #[oai(path = "/listings/:id/publish", method = "post", operation_id = "publishListing")]
    async fn publish(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, if_match: IfMatch) -> Result<Done<ListingStateView>> {
        self.turn((caller, visitor, once), (id.0, if_match), life::publish).await
    }

    /// Take a home out of sight for a while, or take back what was submitted. Stays that are booked stand.
    #[oai(path = "/listings/:id/pause", method = "post", operation_id = "pauseListing")]
    async fn pause(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, if_match: IfMatch) -> Result<Done<ListingStateView>> {
        self.turn((caller, visitor, once), (id.0, if_match), life::pause).await
    }
}

/// The check of `If-Match` against the version that is there.
pub(super) fn fresh(if_match: &IfMatch) -> impl Fn(i64) -> Result<()> + Sync {
    move |version| if_match.check(&etag::of_version(version))
}

/// How a home stands after a change.
pub(super) fn state_of(tx: &mut Tx<'_>, world: &World, held: &Held) -> Result<Done<ListingStateView>> {
    let missing = world::missing(tx, world, held)?;
    Ok(Done::now(ListingStateView::of(held, missing)).with_etag(etag::of_version(held.version)))
}

/// The whole home with what belongs to it.
pub(super) fn own_view(conn: &mut Conn<'_>, world: &World, held: Held, with_private: bool) -> Result<HomeView> {
    let missing = world::missing(conn, world, &held)?;
    let (translations, fields) = (texts::of(conn, held.id)?, custom::all(conn)?);
    Ok(HomeView::of(held, missing, translations, &fields, with_private))
}

/// Looks the zone up off the async threads: opening the map of the world takes a moment.
async fn zone_of_place(ask: &HomeAsk) -> Result<Option<Zone>> {
    let ask = Arc::new(ask.clone());
    aside(move || ask.zone_of_place()).await.map_err(|broken| Error::Broken(broken.into()))
}
