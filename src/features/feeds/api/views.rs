//! Shapes of the wire.

use crate::features::feeds::store::conflicts::Conflict;
use crate::features::feeds::store::exports::Export;
use crate::features::feeds::store::feeds::Feed;
use crate::features::feeds::store::log::Went;
use crate::platform::wire::DateView;
use poem_openapi::Object;
use uuid::Uuid;

/// A calendar of another site. Of its address only the host is shown.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct FeedView {
    id: Uuid,
    name: String,
    /// The server in the address.
    host: String,
    /// The unit it is about; 0 where the listing is one home.
    slot: i64,
    every_minutes: i64,
    block_same_day: bool,
    ignore_window_blocks: bool,
    /// `new`, `ok`, `failing`, `stale` (for a day or more) or `paused`.
    status: String,
    /// Why the last fetch came to nothing: `address_refused`, `unreachable`, `too_slow`, `too_large`, `not_found_there`, `not_a_calendar`,
    /// `too_many_events`, `empty`. Null: it did not.
    trouble: Option<String>,
    /// Which site writes it, as far as it tells: `airbnb`, `vrbo`, `booking_com`, `smoobu`, `stopover`, `google`, `other`.
    dialect: Option<String>,
    /// Events of the last good fetch.
    events: i64,
    /// RFC 3339, UTC.
    last_tried_at: Option<String>,
    last_good_at: Option<String>,
    /// When its nights last changed.
    changed_at: Option<String>,
    /// Since when nothing was heard; null unless that is a day or longer.
    stale_since: Option<String>,
    /// The next fetch, unless somebody asks sooner.
    next_at: String,
    created_at: String,
    /// Rises with every change of its settings: the entity tag.
    version: i64,
}

impl FeedView {
    pub(super) fn of(feed: Feed) -> Self {
        let (chosen, health) = (feed.chosen, feed.health);
        let status = match () {
            () if chosen.paused => "paused",
            () if health.stale_since.is_some() => "stale",
            () if health.trouble.is_some() => "failing",
            () if health.last_good_at.is_none() => "new",
            () => "ok",
        };
        let text = |at: Option<crate::values::Instant>| at.map(|at| at.to_string());
        Self {
            id: feed.id,
            name: chosen.name,
            host: feed.host,
            slot: chosen.slot,
            every_minutes: chosen.every_minutes,
            block_same_day: chosen.block_same_day,
            ignore_window_blocks: chosen.ignore_window_blocks,
            status: status.to_owned(),
            trouble: health.trouble,
            dialect: health.site,
            events: health.events,
            last_tried_at: text(health.last_try_at),
            last_good_at: text(health.last_good_at),
            changed_at: text(health.changed_at),
            stale_since: text(health.stale_since),
            next_at: health.next_at.to_string(),
            created_at: feed.created_at.to_string(),
            version: feed.version,
        }
    }
}

/// All feeds of a listing, oldest first; there are never more than twenty.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct FeedsView {
    pub(super) data: Vec<FeedView>,
    /// Since when one of them has not been heard of: nights that are free here may be taken there.
    pub(super) stale_since: Option<String>,
}

/// How a fetch went, or several in a row that went alike.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct FetchView {
    /// `read`, `unchanged`, or a trouble of the feed.
    outcome: String,
    /// How many fetches in a row.
    times: i64,
    events: i64,
    /// Nights that were taken, and freed.
    nights_added: i64,
    nights_removed: i64,
    /// What was odd and read over; `stopover ical doctor` tells more.
    warnings: i64,
    /// RFC 3339, UTC.
    first_at: String,
    last_at: String,
}

impl FetchView {
    pub(super) fn of(went: Went) -> Self {
        Self {
            outcome: went.outcome,
            times: went.times,
            events: went.events,
            nights_added: went.added,
            nights_removed: went.removed,
            warnings: went.warnings,
            first_at: went.first_at.to_string(),
            last_at: went.last_at.to_string(),
        }
    }
}

/// The newest hundred, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct FeedLogView {
    pub(super) data: Vec<FetchView>,
}

/// An address at which another site fetches this calendar. The address itself was shown when it was made.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct ExportAddressView {
    id: Uuid,
    name: String,
    /// The unit it is about; null: the whole listing.
    slot: Option<i64>,
    /// What this feed says is not told at this address.
    source_feed: Option<Uuid>,
    /// Roughly; null: never. RFC 3339, UTC.
    last_fetched_at: Option<String>,
    created_at: String,
    version: i64,
}

impl ExportAddressView {
    pub(super) fn of(export: Export) -> Self {
        Self {
            id: export.id,
            name: export.name,
            slot: export.slot,
            source_feed: export.source_feed,
            last_fetched_at: export.last_fetched_at.map(|at| at.to_string()),
            created_at: export.created_at.to_string(),
            version: export.version,
        }
    }
}

/// All of a listing, oldest first; there are never more than twenty.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct ExportAddressesView {
    pub(super) data: Vec<ExportAddressView>,
}

/// A new address. It is shown this once.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct NewExportAddressView {
    pub(super) id: Uuid,
    /// For the other site: whoever knows it reads the calendar. It cannot be shown again.
    address: String,
    name: String,
    slot: Option<i64>,
    source_feed: Option<Uuid>,
    created_at: String,
    version: i64,
}

impl NewExportAddressView {
    pub(super) fn of(export: Export, address: String) -> Self {
        Self {
            id: export.id,
            address,
            name: export.name,
            slot: export.slot,
            source_feed: export.source_feed,
            created_at: export.created_at.to_string(),
            version: export.version,
        }
    }
}

/// Nights of a booking here that another calendar says are taken there.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "FeedConflictView")]
pub(super) struct ConflictView {
    id: Uuid,
    feed_id: Uuid,
    slot: i64,
    booking_id: Uuid,
    /// The first night.
    from: DateView,
    /// The day after the last.
    to: DateView,
    /// RFC 3339, UTC.
    found_at: String,
    resolved_at: Option<String>,
    /// `by_host`, or `gone` when one of the two went away.
    how: Option<String>,
}

impl ConflictView {
    pub(super) fn of(conflict: Conflict) -> Self {
        Self {
            id: conflict.id,
            feed_id: conflict.feed,
            slot: conflict.slot,
            booking_id: conflict.booking.0,
            from: DateView(conflict.nights.from),
            to: DateView(conflict.nights.to),
            found_at: conflict.found_at.to_string(),
            resolved_at: conflict.resolved_at.map(|at| at.to_string()),
            how: conflict.how,
        }
    }
}

/// A page of conflicts, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct ConflictsView {
    pub(super) data: Vec<ConflictView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub(super) next_cursor: Option<String>,
    pub(super) has_more: bool,
}
