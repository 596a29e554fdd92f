//! What a host has here, over all their listings.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{Instant, ListingId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) const FEEDS: &str = "SELECT f.id, f.listing_id, f.slot, f.name, f.host, f.every_minutes, f.paused, f.last_good_at, f.created_at
    FROM listings l JOIN calendar_feeds f ON f.listing_id = l.id WHERE l.host_id = $1 ORDER BY f.id";
pub(crate) const EXPORTS: &str = "SELECT e.id, e.listing_id, e.slot, e.name, e.source_feed, e.last_fetched_at, e.created_at
    FROM listings l JOIN calendar_exports e ON e.listing_id = l.id WHERE l.host_id = $1 ORDER BY e.id";
pub(crate) const IDS: &str = "SELECT f.listing_id, f.id FROM listings l JOIN calendar_feeds f ON f.listing_id = l.id WHERE l.host_id = $1";

/// Feeds of a host, without their addresses.
pub(crate) fn feeds(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(FEEDS, &[host.into()], |row| {
        take(&json!({
            "id": row.get::<Uuid>(0)?, "listing_id": row.get::<ListingId>(1)?.0, "slot": row.get::<i64>(2)?, "name": row.get::<String>(3)?,
            "host": row.get::<String>(4)?, "every_minutes": row.get::<i64>(5)?, "paused": row.get::<bool>(6)?,
            "last_good_at": row.get::<Option<Instant>>(7)?.map(|at| at.to_string()), "created_at": row.get::<Instant>(8)?.to_string(),
        }))
    })
}

/// Exports of a host, without their tokens.
pub(crate) fn exports(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(EXPORTS, &[host.into()], |row| {
        take(&json!({
            "id": row.get::<Uuid>(0)?, "listing_id": row.get::<ListingId>(1)?.0, "slot": row.get::<Option<i64>>(2)?, "name": row.get::<String>(3)?,
            "source_feed": row.get::<Option<Uuid>>(4)?, "last_fetched_at": row.get::<Option<Instant>>(5)?.map(|at| at.to_string()),
            "created_at": row.get::<Instant>(6)?.to_string(),
        }))
    })
}

/// The feeds of a host, with their listings.
pub(crate) fn feed_ids(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<(ListingId, Uuid)>> {
    conn.query(IDS, &[host.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Revokes all exports of a host.
pub(crate) fn delete_exports(tx: &mut Tx<'_>, host: UserId) -> DbResult<u64> {
    tx.execute("DELETE FROM calendar_exports WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)", &[host.into()])
}
