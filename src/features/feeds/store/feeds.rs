//! The table `calendar_feeds`.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, ListingId, Night, UserId, Zone};
use uuid::Uuid;

macro_rules! columns {
    () => {
        "id, listing_id, slot, name, address_sealed, host, every_minutes, block_same_day, ignore_window_blocks, paused, site, etag, last_modified, read_on, \
         trouble, failures, empty_seen, events, last_try_at, last_good_at, changed_at, stale_since, asked_at, next_at, version, created_at"
    };
}

pub(crate) const BY_ID: &str = concat!("SELECT ", columns!(), " FROM calendar_feeds WHERE id = $1");
pub(crate) const OF_LISTING: &str = concat!("SELECT ", columns!(), " FROM calendar_feeds WHERE listing_id = $1 ORDER BY id LIMIT 100");
pub(crate) const COUNT: &str = "SELECT COUNT(*) FROM calendar_feeds WHERE listing_id = $1";
pub(crate) const DUE: &str = "SELECT f.id FROM calendar_feeds f JOIN listings l ON l.id = f.listing_id
    WHERE f.next_at <= $1 AND NOT f.paused AND l.state <> 'archived' ORDER BY f.next_at LIMIT 200";

pub(crate) const HOME: &str = "SELECT host_id, title, zone, state FROM listings WHERE id = $1";

/// What a host has chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chosen {
    pub slot: i64,
    pub name: String,
    pub every_minutes: i64,
    pub block_same_day: bool,
    pub ignore_window_blocks: bool,
    pub paused: bool,
}

/// How a feed is, as far as fetching it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    pub site: Option<String>,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub read_on: Option<Night>,
    pub trouble: Option<String>,
    pub failures: i64,
    pub empty_seen: i64,
    pub events: i64,
    pub last_try_at: Option<Instant>,
    pub last_good_at: Option<Instant>,
    pub changed_at: Option<Instant>,
    pub stale_since: Option<Instant>,
    pub next_at: Instant,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Feed {
    pub id: Uuid,
    pub listing: ListingId,
    pub chosen: Chosen,
    pub address_sealed: String,
    pub host: String,
    pub health: Health,
    pub asked_at: Option<Instant>,
    pub version: i64,
    pub created_at: Instant,
}

fn feed(row: &Row<'_>) -> DbResult<Feed> {
    Ok(Feed {
        id: row.get(0)?,
        listing: row.get(1)?,
        chosen: Chosen {
            slot: row.get(2)?,
            name: row.get(3)?,
            every_minutes: row.get(6)?,
            block_same_day: row.get(7)?,
            ignore_window_blocks: row.get(8)?,
            paused: row.get(9)?,
        },
        address_sealed: row.get(4)?,
        host: row.get(5)?,
        health: Health {
            site: row.get(10)?,
            etag: row.get(11)?,
            last_modified: row.get(12)?,
            read_on: row.get(13)?,
            trouble: row.get(14)?,
            failures: row.get(15)?,
            empty_seen: row.get(16)?,
            events: row.get(17)?,
            last_try_at: row.get(18)?,
            last_good_at: row.get(19)?,
            changed_at: row.get(20)?,
            stale_since: row.get(21)?,
            next_at: row.get(23)?,
        },
        asked_at: row.get(22)?,
        version: row.get(24)?,
        created_at: row.get(25)?,
    })
}

/// What a fetch must know of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Home {
    pub host: UserId,
    pub title: String,
    pub zone: Zone,
    pub archived: bool,
}

pub(crate) fn home(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Home>> {
    conn.first(HOME, &[listing.into()], |row| {
        Ok(Home { host: row.get(0)?, title: row.get(1)?, zone: row.known(2, Zone::parse)?, archived: row.get::<String>(3)? == "archived" })
    })
}

pub(crate) fn by_id(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Feed>> {
    conn.first(BY_ID, &[id.into()], feed)
}

/// All feeds of a listing, oldest first.
pub(crate) fn of_listing(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<Feed>> {
    conn.query(OF_LISTING, &[listing.into()], feed)
}

pub(crate) fn count(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<i64> {
    Ok(conn.first(COUNT, &[listing.into()], |row| row.get(0))?.unwrap_or(0))
}

/// Feeds that are to be fetched by `now`, longest due first.
pub(crate) fn due(conn: &mut Conn<'_>, now: Instant) -> DbResult<Vec<Uuid>> {
    conn.query(DUE, &[now.into()], |row| row.get(0))
}

pub(crate) fn insert(tx: &mut Tx<'_>, now: Instant, feed: &Feed) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO calendar_feeds (id, listing_id, slot, name, address_sealed, host, every_minutes, block_same_day, ignore_window_blocks,
        paused, failures, empty_seen, events, asked_at, next_at, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, 0, 0, $11, $12, 1, $11, $11)";
    let chosen = &feed.chosen;
    tx.execute(
        INSERT,
        &[
            feed.id.into(),
            feed.listing.into(),
            chosen.slot.into(),
            (&chosen.name).into(),
            (&feed.address_sealed).into(),
            (&feed.host).into(),
            chosen.every_minutes.into(),
            chosen.block_same_day.into(),
            chosen.ignore_window_blocks.into(),
            chosen.paused.into(),
            now.into(),
            feed.health.next_at.into(),
        ],
    )?;
    Ok(())
}

/// Writes what a host has changed. The next fetch reads the calendar whole, because it may mean something else now.
pub(crate) fn change(tx: &mut Tx<'_>, now: Instant, feed: &Feed) -> DbResult<()> {
    const CHANGE: &str = "UPDATE calendar_feeds SET slot = $2, name = $3, address_sealed = $4, host = $5, every_minutes = $6, block_same_day = $7,
        ignore_window_blocks = $8, paused = $9, etag = NULL, last_modified = NULL, read_on = NULL, empty_seen = 0, next_at = $10, version = version + 1,
        updated_at = $11 WHERE id = $1";
    let chosen = &feed.chosen;
    tx.execute(
        CHANGE,
        &[
            feed.id.into(),
            chosen.slot.into(),
            (&chosen.name).into(),
            (&feed.address_sealed).into(),
            (&feed.host).into(),
            chosen.every_minutes.into(),
            chosen.block_same_day.into(),
            chosen.ignore_window_blocks.into(),
            chosen.paused.into(),
            feed.health.next_at.into(),
            now.into(),
        ],
    )?;
    Ok(())
}

/// Holds a feed until the end of the transaction, so that a fetch and a change of the same feed take turns. Before the listing lock, always.
pub(crate) fn hold(tx: &mut Tx<'_>, id: Uuid) -> DbResult<()> {
    tx.hold("UPDATE calendar_feeds SET version = version WHERE id = $1", &[id.into()])
}

/// Writes how a fetch has left the feed.
pub(crate) fn settle(tx: &mut Tx<'_>, id: Uuid, health: &Health) -> DbResult<()> {
    const SETTLE: &str = "UPDATE calendar_feeds SET site = $2, etag = $3, last_modified = $4, read_on = $5, trouble = $6, failures = $7, empty_seen = $8,
        events = $9, last_try_at = $10, last_good_at = $11, changed_at = $12, stale_since = $13, next_at = $14 WHERE id = $1";
    let text = |text: &Option<String>| text.as_deref().into();
    tx.execute(
        SETTLE,
        &[
            id.into(),
            text(&health.site),
            text(&health.etag),
            text(&health.last_modified),
            health.read_on.into(),
            text(&health.trouble),
            health.failures.into(),
            health.empty_seen.into(),
            health.events.into(),
            health.last_try_at.into(),
            health.last_good_at.into(),
            health.changed_at.into(),
            health.stale_since.into(),
            health.next_at.into(),
        ],
    )?;
    Ok(())
}

/// Puts the next fetch off, and changes nothing else.
pub(crate) fn put_off(tx: &mut Tx<'_>, id: Uuid, until: Instant) -> DbResult<()> {
    tx.execute("UPDATE calendar_feeds SET next_at = $2 WHERE id = $1", &[id.into(), until.into()])?;
    Ok(())
}

/// Notes that somebody asked for a fetch.
pub(crate) fn asked(tx: &mut Tx<'_>, id: Uuid, now: Instant) -> DbResult<()> {
    tx.execute("UPDATE calendar_feeds SET asked_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}

/// Removes a feed with all it has said.
pub(crate) fn delete(tx: &mut Tx<'_>, listing: ListingId, id: Uuid) -> DbResult<()> {
    tx.execute("DELETE FROM external_nights WHERE listing_id = $1 AND feed = $2", &[listing.into(), id.to_string().into()])?;
    for sql in [
        "DELETE FROM calendar_feed_log WHERE feed_id = $1",
        "DELETE FROM calendar_conflicts WHERE feed_id = $1",
        "UPDATE calendar_exports SET source_feed = NULL WHERE source_feed = $1",
        "DELETE FROM calendar_feeds WHERE id = $1",
    ] {
        tx.execute(sql, &[id.into()])?;
    }
    Ok(())
}
