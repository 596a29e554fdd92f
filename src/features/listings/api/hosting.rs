//! `/me/listings` and `/listings/{id}/stats`: what hosts and their helpers see of their listings.

use super::co_hosts::LevelView;
use crate::features::listings::service::figures::{self, Figures, MonthFigures, OwnListing};
use crate::features::listings::service::standing::State;
use crate::platform::access::{Action, Door};
use crate::platform::cursor::CursorKey;
use crate::platform::error::{Error, Result};
use crate::platform::http::Caller;
use crate::platform::tools::Tools;
use crate::platform::wire::MoneyView;
use crate::values::{Currency, ListingId, Money, UserId};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Enum, Object, OpenApi};
use uuid::Uuid;

/// Who may come in: the list is for everybody, and empty for who hosts nothing.
pub const HOSTING_DOORS: &[Door] = &[Door::to("listOwnListings", Action::ViewCalendarCauses), Door::to("readListingStats", Action::SeeEarnings)];

/// What somebody is to a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
enum RelationView {
    Host,
    CoHost,
}

/// A listing in the list of whoever hosts it or helps with it.
#[derive(Object)]
struct OwnListingView {
    id: Uuid,
    relation: RelationView,
    /// Of the co-host; null for the host.
    level: Option<LevelView>,
    /// `draft`, `submitted`, `importing`, `published`, `paused` or `archived`.
    state: String,
    /// What staff said when they sent it back or took it out of sight.
    state_note: Option<String>,
    /// Staff took it out of sight.
    withheld: bool,
    title: String,
    city: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    photo_url: Option<String>,
    /// Base price of a night; null while it is not known.
    nightly: Option<MoneyView>,
    version: i64,
    /// RFC 3339, UTC.
    created_at: String,
    updated_at: String,
}

/// A page of one's own listings, newest first.
#[derive(Object)]
struct OwnListingsView {
    data: Vec<OwnListingView>,
    /// For the parameter `cursor` of the next page; null on the last.
    next_cursor: Option<String>,
    has_more: bool,
}

/// The figures of a month. Nights are counted unit by unit.
#[derive(Object)]
struct MonthView {
    /// `YYYY-MM`.
    month: String,
    /// How often the public page was read.
    views: i64,
    /// Nights of the month since the listing is here: the sum of the four below.
    nights: i64,
    booked: i64,
    /// Taken by another calendar (an import, a feed), and not booked here.
    taken_elsewhere: i64,
    /// Closed by the host.
    blocked: i64,
    /// Neither of these: they are, or were, to be had.
    available: i64,
    /// `booked` of `booked` and `available`, in basis points (10000: all), rounded down; null where there were none.
    occupancy_bp: Option<i64>,
    /// What the booked nights are listed at, on average, before fees and discounts; null where none is booked.
    average_nightly: Option<MoneyView>,
}

/// How a listing has done.
#[derive(Object)]
struct StatsView {
    listing_id: Uuid,
    /// In whose days and months it is counted.
    zone: String,
    /// Oldest first; the last one is running.
    months: Vec<MonthView>,
}

/// What hosts see of their listings.
pub struct HostingApi {
    tools: Tools,
    cursors: CursorKey,
}

impl HostingApi {
    #[must_use]
    pub fn new(tools: Tools, cursors: CursorKey) -> Self {
        Self { tools, cursors }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Listings")]
impl HostingApi {
    /// Listings that you host or help with, in any state, newest first.
    #[oai(path = "/me/listings", method = "get", operation_id = "listOwnListings")]
    async fn list(
        &self,
        caller: Caller,
        /// Only those in this state: `draft`, `submitted`, `importing`, `published`, `paused` or `archived`.
        state: Query<Option<String>>,
        /// Listings a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Json<OwnListingsView>> {
        let unknown = || Error::out_of_range("state", "is none of the states that there are");
        let state = state.0.map(|name| State::parse(&name).ok_or_else(unknown)).transpose()?;
        let (user, limit) = (caller.user, usize::from(limit.0));
        let last = cursor.0.map(|text| open(&self.cursors, user, state, &text)).transpose()?;
        let (found, has_more) = self.tools.db.read_cut(move |conn| figures::mine(conn, user, last, state, limit).map_err(Error::from)).await?;
        let next_cursor = found.last().filter(|_| has_more).map(|last| self.cursors.seal(&purpose(user, state), last.id.0.as_bytes()));
        Ok(Json(OwnListingsView { data: found.into_iter().map(OwnListingView::of).collect(), next_cursor, has_more }))
    }

    /// How a listing has done: views, booked nights and occupancy by month.
    ///
    /// For the host, full co-hosts, and staff who handle money. What other calendars and the host have closed counts apart, and lowers
    /// no occupancy.
    #[oai(path = "/listings/:id/stats", method = "get", operation_id = "readListingStats")]
    async fn stats(
        &self,
        caller: Caller,
        id: Path<Uuid>,
        /// How many months up to the running one.
        #[oai(default = "twelve", validator(minimum(value = "1"), maximum(value = "36")))]
        months: Query<u8>,
    ) -> Result<Json<StatsView>> {
        let (now, listing) = (self.tools.clock.now(), ListingId(id.0));
        let figures = self.tools.db.read_cut(move |conn| figures::figures(conn, now, &caller, listing, months.0.into())).await?;
        Ok(Json(StatsView::of(listing, figures)))
    }
}

fn twenty() -> u8 {
    20
}

fn twelve() -> u8 {
    12
}

fn purpose(user: UserId, state: Option<State>) -> String {
    format!("own listings/{user}/{}", state.map_or("", State::name))
}

fn open(cursors: &CursorKey, user: UserId, state: Option<State>, text: &str) -> Result<ListingId> {
    cursors.before(&purpose(user, state), Some(text)).map(ListingId)
}

impl OwnListingView {
    fn of(listing: OwnListing) -> Self {
        Self {
            id: listing.id.0,
            relation: if listing.level.is_some() { RelationView::CoHost } else { RelationView::Host },
            level: listing.level.map(LevelView::of),
            state: listing.state.name().into(),
            state_note: listing.state_note,
            withheld: listing.withheld,
            title: listing.title,
            city: listing.city,
            country: listing.country,
            photo_url: listing.photo_url,
            nightly: (listing.nightly.minor > 0).then(|| listing.nightly.into()),
            version: listing.version,
            created_at: listing.created_at.to_string(),
            updated_at: listing.updated_at.to_string(),
        }
    }
}

impl StatsView {
    fn of(listing: ListingId, figures: Figures) -> Self {
        let currency = figures.currency;
        Self { listing_id: listing.0, zone: figures.zone, months: figures.months.into_iter().map(|month| MonthView::of(month, currency)).collect() }
    }
}

impl MonthView {
    fn of(figures: MonthFigures, currency: Currency) -> Self {
        let nights = figures.nights;
        Self {
            month: figures.month.to_string(),
            views: figures.views,
            nights: nights.nights,
            booked: nights.booked,
            taken_elsewhere: nights.elsewhere,
            blocked: nights.blocked,
            available: nights.available,
            occupancy_bp: nights.occupancy_bp(),
            average_nightly: nights.average_minor().map(|minor| Money::new(minor, currency).into()),
        }
    }
}
