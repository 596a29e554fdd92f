//! The table `calendar_conflicts`.

use crate::features::feeds::rules::snapshot::Clash;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{BookingId, Instant, ListingId, NightRange};
use uuid::Uuid;

pub(crate) const OF_LISTING: &str = "SELECT id, feed_id, slot, booking_id, from_night, to_night, found_at, resolved_at, how FROM calendar_conflicts
    WHERE listing_id = $1 AND id < $2 AND (resolved_at IS NULL OR $3) ORDER BY id DESC LIMIT $4";
pub(crate) const OF_FEED: &str =
    "SELECT id, feed_id, slot, booking_id, from_night, to_night, found_at, resolved_at, how FROM calendar_conflicts WHERE feed_id = $1";

/// Nights of a booking here that are taken elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Conflict {
    pub id: Uuid,
    pub feed: Uuid,
    pub slot: i64,
    pub booking: BookingId,
    pub nights: NightRange,
    pub found_at: Instant,
    pub resolved_at: Option<Instant>,
    /// `by_host` or `gone`.
    pub how: Option<String>,
}

fn conflict(row: &Row<'_>) -> DbResult<Conflict> {
    Ok(Conflict {
        id: row.get(0)?,
        feed: row.get(1)?,
        slot: row.get(2)?,
        booking: row.get(3)?,
        nights: NightRange::new(row.get(4)?, row.get(5)?),
        found_at: row.get(6)?,
        resolved_at: row.get(7)?,
        how: row.get(8)?,
    })
}

/// Conflicts of a listing, newest first, those before `before`; with `all` the resolved ones too.
pub(crate) fn of_listing(conn: &mut Conn<'_>, listing: ListingId, before: Uuid, all: bool, limit: i64) -> DbResult<Vec<Conflict>> {
    conn.query(OF_LISTING, &[listing.into(), before.into(), all.into(), limit.into()], conflict)
}

/// All conflicts of a feed, whatever became of them.
pub(crate) fn of_feed(conn: &mut Conn<'_>, feed: Uuid) -> DbResult<Vec<Conflict>> {
    conn.query(OF_FEED, &[feed.into()], conflict)
}

pub(crate) fn insert(tx: &mut Tx<'_>, now: Instant, listing: ListingId, feed: Uuid, slot: i64, clash: Clash) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO calendar_conflicts (id, listing_id, feed_id, slot, booking_id, from_night, to_night, found_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    let (id, nights) = (Uuid::now_v7(), clash.nights);
    tx.execute(INSERT, &[id.into(), listing.into(), feed.into(), slot.into(), clash.booking.into(), nights.from.into(), nights.to.into(), now.into()])?;
    Ok(())
}

/// Ends a conflict. False when it is not one of the listing's, or had ended.
pub(crate) fn resolve(tx: &mut Tx<'_>, now: Instant, listing: ListingId, id: Uuid, how: &str) -> DbResult<bool> {
    const RESOLVE: &str = "UPDATE calendar_conflicts SET resolved_at = $3, how = $4 WHERE id = $1 AND listing_id = $2 AND resolved_at IS NULL";
    Ok(tx.execute(RESOLVE, &[id.into(), listing.into(), now.into(), how.into()])? > 0)
}
