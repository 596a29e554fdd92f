//! `/listings/{id}/feeds`: calendars of other sites that are read.

use super::views::{FeedLogView, FeedView, FeedsView, FetchView};
use super::{name, unusable};
use crate::features::feeds::rules::polling::MINUTES;
use crate::features::feeds::service::feeds::{self as service, Address, Changes};
use crate::features::feeds::service::{By, World};
use crate::features::feeds::store::feeds::Chosen;
use crate::features::feeds::store::log;
use crate::platform::error::{Error, Result};
use crate::platform::http::{Accepted, Cached, Caller, Created, Done, IfMatch, Nothing, PREFIX, Prepared, Visitor, etag};
use crate::platform::idempotency::Once;
use crate::platform::outbound::{Outbound, Trouble};
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use crate::values::ListingId;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// A calendar of another site.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct FeedAsk {
    /// So that you know it again: 1 to 80 characters.
    #[oai(validator(max_length = 320))]
    name: String,
    /// Where the calendar is: `https://…` or `webcal://…`. It is kept sealed and never shown again.
    #[oai(validator(max_length = 2_100))]
    address: String,
    /// The unit it is about; absent: 0, the first.
    slot: Option<i64>,
    /// How often it is read: 5 to 1440; absent: 30.
    every_minutes: Option<i64>,
    /// Whether an event inside one day takes that night; absent: no.
    block_same_day: Option<bool>,
    /// Whether closed nights are ignored that reach 300 days ahead or end within 7: usually they are the other site's booking window and notice. Absent: no.
    ignore_window_blocks: Option<bool>,
}

/// What to change; what is absent stays.
#[derive(Debug, Object)]
#[oai(deny_unknown_fields)]
struct FeedPatch {
    #[oai(validator(max_length = 320))]
    name: Option<String>,
    #[oai(validator(max_length = 2_100))]
    address: Option<String>,
    slot: Option<i64>,
    /// 5 to 1440.
    every_minutes: Option<i64>,
    block_same_day: Option<bool>,
    ignore_window_blocks: Option<bool>,
    /// A paused feed is not read; its nights stay as they are.
    paused: Option<bool>,
}

/// Calendars of other sites.
pub struct FeedsApi {
    tools: Tools,
    outbound: Outbound,
}

impl FeedsApi {
    #[must_use]
    pub fn new(tools: Tools, outbound: Outbound) -> Self {
        Self { tools, outbound }
    }

    fn world(&self, visitor: &Visitor) -> World {
        World::of(&self.tools, visitor.origin())
    }

    /// Looks at an address, which may wait for a name to be looked up.
    async fn vetted(&self, text: String) -> Result<Address> {
        let text = plain(text.trim());
        let (outbound, address) = (self.outbound.clone(), text.clone());
        let vetted = aside(move || outbound.vet(&address)).await.map_err(|failed| Error::Broken(failed.into()))?;
        let host = vetted.map_err(|trouble| match trouble {
            // The rule, and nothing that the address leads to.
            Trouble::Refused(rule) => unusable("address", "address_refused", &format!("is not called: {rule}")),
            Trouble::UnknownHost | Trouble::Slow => unusable("address", "address_refused", "nobody knows a server of this name"),
            _ => unusable("address", "address_refused", "must be the https address of a server on the public internet"),
        })?;
        Ok(Address { text, host })
    }
}

/// `webcal` is what calendar programs call https.
fn plain(address: &str) -> String {
    match address.get(..9) {
        Some(scheme) if scheme.eq_ignore_ascii_case("webcal://") => format!("https://{}", &address[9..]),
        _ => address.to_owned(),
    }
}

fn minutes(minutes: i64) -> Result<i64> {
    let (least, _, most) = MINUTES;
    if (least..=most).contains(&minutes) { Ok(minutes) } else { Err(unusable("every_minutes", "out_of_range", &format!("must be {least} to {most}"))) }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl FeedsApi {
    /// The calendars of other sites that take nights of a listing.
    #[oai(path = "/listings/:id/feeds", method = "get", operation_id = "listFeeds")]
    async fn list(&self, caller: Caller, id: Path<Uuid>) -> Result<Json<FeedsView>> {
        let listing = ListingId(id.0);
        let feeds = self.tools.db.read_cut(move |conn| {
            service::standing(conn, By { caller: &caller, listing })?;
            Ok::<_, Error>(service::of_listing(conn, listing)?)
        });
        let feeds = feeds.await?;
        let stale_since = feeds.iter().filter_map(|feed| feed.health.stale_since).min().map(|at| at.to_string());
        Ok(Json(FeedsView { data: feeds.into_iter().map(FeedView::of).collect(), stale_since }))
    }

    /// Have a calendar of another site read, now and then every half hour. 422 `address_refused` with the rule for one that is not called.
    #[oai(path = "/listings/:id/feeds", method = "post", operation_id = "addFeed")]
    async fn add(&self, caller: Caller, visitor: Visitor, once: Once, id: Path<Uuid>, ask: Json<FeedAsk>) -> Result<Created<FeedView>> {
        let (ask, listing, world) = (ask.0, ListingId(id.0), self.world(&visitor));
        let chosen = Chosen {
            slot: ask.slot.unwrap_or(0),
            name: name(&ask.name)?,
            every_minutes: minutes(ask.every_minutes.unwrap_or(MINUTES.1))?,
            block_same_day: ask.block_same_day.unwrap_or(false),
            ignore_window_blocks: ask.ignore_window_blocks.unwrap_or(false),
            paused: false,
        };
        // Names are looked up only for whoever may add a feed.
        let asker = caller.clone();
        self.tools.db.read_cut(move |conn| service::standing(conn, By { caller: &asker, listing }).map(drop)).await?;
        let address = self.vetted(ask.address).await?;
        let added = self.tools.db.write_once(&once, move |tx, now| {
            let feed = service::add(tx, now, &world, By { caller: &caller, listing }, &chosen, &address)?;
            let (place, tag) = (format!("{PREFIX}/listings/{listing}/feeds/{}", feed.id), etag::of_version(feed.version));
            Ok(Created::at(place, FeedView::of(feed)).with_etag(tag))
        });
        added.await
    }

    /// One feed, and how it fares.
    #[oai(path = "/listings/:id/feeds/:fid", method = "get", operation_id = "readFeed")]
    async fn read(&self, caller: Caller, id: Path<Uuid>, fid: Path<Uuid>) -> Result<Cached<FeedView>> {
        let listing = ListingId(id.0);
        let (feed, _) = self.tools.db.read_cut(move |conn| service::found(conn, By { caller: &caller, listing }, fid.0)).await?;
        let tag = etag::of_version(feed.version);
        // Its state changes without its version: the tag is for changes on condition, and nobody keeps it.
        Ok(Cached::Fresh(Prepared::of(&FeedView::of(feed)), tag, "no-store".into()))
    }

    /// Change a feed, and read it anew. With `If-Match` only if it is still what you have read.
    #[oai(path = "/listings/:id/feeds/:fid", method = "patch", operation_id = "changeFeed")]
    async fn change(
        &self,
        caller: Caller,
        visitor: Visitor,
        if_match: IfMatch,
        id: Path<Uuid>,
        fid: Path<Uuid>,
        patch: Json<FeedPatch>,
    ) -> Result<Done<FeedView>> {
        let (patch, listing, world) = (patch.0, ListingId(id.0), self.world(&visitor));
        let mut changes = Changes {
            name: patch.name.as_deref().map(name).transpose()?,
            address: None,
            slot: patch.slot,
            every_minutes: patch.every_minutes.map(minutes).transpose()?,
            block_same_day: patch.block_same_day,
            ignore_window_blocks: patch.ignore_window_blocks,
            paused: patch.paused,
        };
        if let Some(address) = patch.address {
            let asker = caller.clone();
            self.tools.db.read_cut(move |conn| service::found(conn, By { caller: &asker, listing }, fid.0).map(drop)).await?;
            changes.address = Some(self.vetted(address).await?);
        }
        let changed = self.tools.db.write(move |tx, now| {
            let by = By { caller: &caller, listing };
            let (feed, _) = service::held(tx, by, fid.0)?;
            if_match.check(&etag::of_version(feed.version))?;
            let feed = service::change(tx, now, &world, by, &feed, &changes)?;
            let tag = etag::of_version(feed.version);
            Ok::<_, Error>(Done::now(FeedView::of(feed)).with_etag(tag))
        });
        changed.await
    }

    /// Remove a feed. The nights it had taken are free again.
    #[oai(path = "/listings/:id/feeds/:fid", method = "delete", operation_id = "removeFeed")]
    async fn remove(&self, caller: Caller, visitor: Visitor, if_match: IfMatch, id: Path<Uuid>, fid: Path<Uuid>) -> Result<Nothing> {
        let (listing, world) = (ListingId(id.0), self.world(&visitor));
        let removed = self.tools.db.write(move |tx, now| {
            let by = By { caller: &caller, listing };
            let (feed, _) = service::held(tx, by, fid.0)?;
            if_match.check(&etag::of_version(feed.version))?;
            service::remove(tx, now, &world, by, &feed)?;
            Ok::<_, Error>(Nothing::more())
        });
        removed.await
    }

    /// Have a feed read now, at most once a minute. Look at `last_tried_at` for when it was done.
    #[oai(path = "/listings/:id/feeds/:fid/sync", method = "post", operation_id = "syncFeed")]
    async fn sync(&self, caller: Caller, once: Once, id: Path<Uuid>, fid: Path<Uuid>) -> Result<Accepted<FeedView>> {
        let listing = ListingId(id.0);
        let asked = self.tools.db.write_once(&once, move |tx, now| {
            let (feed, _) = service::held(tx, By { caller: &caller, listing }, fid.0)?;
            service::fetch_now(tx, now, &feed)?;
            let place = format!("{PREFIX}/listings/{listing}/feeds/{}", feed.id);
            Ok(Accepted::later(FeedView::of(feed)).with_location(place))
        });
        asked.await
    }

    /// How the fetches of a feed went, newest first.
    #[oai(path = "/listings/:id/feeds/:fid/log", method = "get", operation_id = "readFeedLog")]
    async fn log(&self, caller: Caller, id: Path<Uuid>, fid: Path<Uuid>) -> Result<Json<FeedLogView>> {
        let listing = ListingId(id.0);
        let went = self.tools.db.read_cut(move |conn| {
            let (feed, _) = service::found(conn, By { caller: &caller, listing }, fid.0)?;
            Ok::<_, Error>(log::of_feed(conn, feed.id)?)
        });
        Ok(Json(FeedLogView { data: went.await?.into_iter().map(FetchView::of).collect() }))
    }
}
