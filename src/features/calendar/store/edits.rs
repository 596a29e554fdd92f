//! SQL of a host's own edits: day overrides of the source `host`, and blocks.

use super::super::rules::edits::{Block, BlockReason};
use super::super::rules::{DayOverride, HOST};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{Instant, ListingId, Night, NightRange, UserId};
use serde_json::{Value, json};
use std::num::{NonZeroI64, NonZeroU16};
use uuid::Uuid;

const DAYS: &str = "SELECT from_night, to_night, price_minor, min_nights, max_nights, closed_to_arrival, closed_to_departure FROM day_overrides
    WHERE listing_id = $1 AND source = $2 AND to_night >= $3 AND from_night <= $4 ORDER BY from_night";
const DROP_DAYS: &str = "DELETE FROM day_overrides WHERE listing_id = $1 AND source = $2 AND to_night >= $3 AND from_night <= $4";
const PUT_DAYS: &str = "INSERT INTO day_overrides (listing_id, source, from_night, to_night, price_minor, min_nights, max_nights, closed_to_arrival,
    closed_to_departure) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
const BLOCKS: &str = "SELECT from_night, to_night, reason, note FROM calendar_blocks
    WHERE listing_id = $1 AND to_night >= $2 AND from_night <= $3 ORDER BY from_night, to_night, reason, note";
const DROP_BLOCKS: &str = "DELETE FROM calendar_blocks WHERE listing_id = $1 AND to_night >= $2 AND from_night <= $3";
const OF_HOST: &str = "SELECT b.listing_id, b.from_night, b.to_night, b.reason, b.note FROM listings l JOIN calendar_blocks b ON b.listing_id = l.id
    WHERE l.host_id = $1 ORDER BY b.listing_id, b.from_night";
const PUT_BLOCK: &str = "INSERT INTO calendar_blocks (id, listing_id, from_night, to_night, reason, note, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";

pub(in super::super) const STATEMENTS: [(&str, &str); 5] = [(DAYS, "UTDD"), (DROP_DAYS, "UTDD"), (BLOCKS, "UDD"), (DROP_BLOCKS, "UDD"), (OF_HOST, "U")];

/// The host's own overrides that overlap `span` or touch it.
pub(in super::super) fn days(conn: &mut Conn<'_>, listing: ListingId, span: NightRange) -> DbResult<Vec<DayOverride>> {
    conn.query(DAYS, &[listing.into(), HOST.into(), span.from.into(), span.to.into()], |row| super::override_in(row, 0))
}

/// Puts `days` in the place of all that [`days`] of the same span reads.
pub(in super::super) fn replace_days(tx: &mut Tx<'_>, listing: ListingId, span: NightRange, days: &[DayOverride]) -> DbResult<()> {
    tx.execute(DROP_DAYS, &[listing.into(), HOST.into(), span.from.into(), span.to.into()])?;
    for day in days {
        let nights = |number: Option<NonZeroU16>| number.map(|n| i64::from(n.get()));
        let values = [
            listing.into(),
            HOST.into(),
            day.range.from.into(),
            day.range.to.into(),
            day.price_minor.map(NonZeroI64::get).into(),
            nights(day.min_nights).into(),
            nights(day.max_nights).into(),
            day.closed_to_arrival.into(),
            day.closed_to_departure.into(),
        ];
        tx.execute(PUT_DAYS, &values)?;
    }
    Ok(())
}

/// The blocks that overlap `span` or touch it.
pub(in super::super) fn blocks(conn: &mut Conn<'_>, listing: ListingId, span: NightRange) -> DbResult<Vec<Block>> {
    conn.query(BLOCKS, &[listing.into(), span.from.into(), span.to.into()], |row| {
        Ok(Block { range: super::range(row, 0)?, reason: row.known(2, BlockReason::parse)?, note: row.get(3)? })
    })
}

/// Puts `blocks` in the place of all that [`blocks`] of the same span reads.
pub(in super::super) fn replace_blocks(tx: &mut Tx<'_>, listing: ListingId, span: NightRange, blocks: &[Block], now: Instant) -> DbResult<()> {
    tx.execute(DROP_BLOCKS, &[listing.into(), span.from.into(), span.to.into()])?;
    for block in blocks {
        let (range, reason) = (block.range, block.reason.name());
        let id = Uuid::now_v7();
        tx.execute(PUT_BLOCK, &[id.into(), listing.into(), range.from.into(), range.to.into(), reason.into(), (&block.note).into(), now.into()])?;
    }
    Ok(())
}

/// All blocks of a host's listings.
pub(in super::super) fn blocks_of_host(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(OF_HOST, &[host.into()], |row| {
        take(&json!({
            "listing_id": row.get::<ListingId>(0)?.0, "from": row.get::<Night>(1)?.to_string(), "to": row.get::<Night>(2)?.to_string(),
            "reason": row.get::<String>(3)?, "note": row.get::<String>(4)?,
        }))
    })
}
