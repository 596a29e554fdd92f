//! What takes nights of a listing, each cause with what it is; and the nights that one feed takes.

use crate::features::feeds::rules::entries::{Block, Elsewhere, Stay, Taken};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{BookingId, Instant, ListingId, Night, NightRange};
use uuid::Uuid;

pub(crate) const OF_FEED: &str = "SELECT from_night, to_night FROM external_nights WHERE listing_id = $1 AND feed = $2 AND to_night > $3 ORDER BY from_night";
pub(crate) const STAYS: &str = "SELECT slot, booking_id, night, kind, pinned FROM booked_nights
    WHERE listing_id = $1 AND (expires_at IS NULL OR expires_at > $2) AND night >= $3 ORDER BY slot, night";
pub(crate) const BLOCKS: &str = "SELECT id, from_night, to_night, created_at FROM calendar_blocks WHERE listing_id = $1 AND to_night > $2 ORDER BY from_night";
pub(crate) const ELSEWHERE: &str = "SELECT slot, feed, from_night, to_night FROM external_nights WHERE listing_id = $1 AND to_night > $2 ORDER BY from_night";

/// The nights of a feed that are not over by `today`.
pub(crate) fn of_feed(conn: &mut Conn<'_>, listing: ListingId, feed: Uuid, today: Night) -> DbResult<Vec<NightRange>> {
    conn.query(OF_FEED, &[listing.into(), feed.to_string().into(), today.into()], |row| Ok(NightRange::new(row.get(0)?, row.get(1)?)))
}

pub(crate) fn add(tx: &mut Tx<'_>, listing: ListingId, feed: Uuid, slot: i64, nights: NightRange) -> DbResult<()> {
    const ADD: &str = "INSERT INTO external_nights (listing_id, feed, slot, from_night, to_night) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(ADD, &[listing.into(), feed.to_string().into(), slot.into(), nights.from.into(), nights.to.into()])?;
    Ok(())
}

pub(crate) fn remove(tx: &mut Tx<'_>, listing: ListingId, feed: Uuid, nights: NightRange) -> DbResult<()> {
    const REMOVE: &str = "DELETE FROM external_nights WHERE listing_id = $1 AND feed = $2 AND from_night = $3 AND to_night = $4";
    tx.execute(REMOVE, &[listing.into(), feed.to_string().into(), nights.from.into(), nights.to.into()])?;
    Ok(())
}

/// Forgets what was over before `before`.
pub(crate) fn forget(tx: &mut Tx<'_>, listing: ListingId, feed: Uuid, before: Night) -> DbResult<()> {
    const FORGET: &str = "DELETE FROM external_nights WHERE listing_id = $1 AND feed = $2 AND to_night < $3";
    tx.execute(FORGET, &[listing.into(), feed.to_string().into(), before.into()])?;
    Ok(())
}

/// All nights of a feed are about another unit from now on.
pub(crate) fn move_to(tx: &mut Tx<'_>, listing: ListingId, feed: Uuid, slot: i64) -> DbResult<u64> {
    tx.execute("UPDATE external_nights SET slot = $3 WHERE listing_id = $1 AND feed = $2", &[listing.into(), feed.to_string().into(), slot.into()])
}

/// Bookings and live holds of a listing from `since` on, joined into one stay a booking and unit.
pub(crate) fn stays(conn: &mut Conn<'_>, listing: ListingId, since: Night, now: Instant) -> DbResult<Vec<Stay>> {
    let mut stays: Vec<Stay> = Vec::new();
    conn.each(STAYS, &[listing.into(), now.into(), since.into()], |row| {
        let (slot, booking, night): (i64, BookingId, Night) = (row.get(0)?, row.get(1)?, row.get(2)?);
        match stays.last_mut() {
            Some(last) if (last.slot, last.booking, last.nights.to) == (slot, booking, night) => last.nights.to = night.plus(1),
            _ => {
                stays.push(Stay { slot, booking, nights: NightRange::new(night, night.plus(1)), firm: row.get::<String>(3)? == "booking", pinned: row.get(4)? })
            }
        }
        Ok(())
    })?;
    Ok(stays)
}

/// Everything that takes nights from `since` on. `changed` says when the nights of a feed last changed.
pub(crate) fn taken(conn: &mut Conn<'_>, listing: ListingId, since: Night, now: Instant, changed: impl Fn(&str) -> Instant) -> DbResult<Taken> {
    let blocks = conn.query(BLOCKS, &[listing.into(), since.into()], |row| {
        Ok(Block { id: row.get(0)?, nights: NightRange::new(row.get(1)?, row.get(2)?), since: row.get(3)? })
    })?;
    let elsewhere = conn.query(ELSEWHERE, &[listing.into(), since.into()], |row| {
        let feed: String = row.get(1)?;
        Ok(Elsewhere { slot: row.get(0)?, since: changed(&feed), feed, nights: NightRange::new(row.get(2)?, row.get(3)?) })
    })?;
    Ok(Taken { stays: stays(conn, listing, since, now)?, blocks, elsewhere })
}
