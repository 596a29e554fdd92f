//! SQL of the causes behind taken nights, told apart: for the eyes of those who may see them.

use super::super::rules::edits::{Block, BlockReason};
use crate::platform::db::{Conn, DbResult};
use crate::values::{BookingId, Instant, ListingId, Night, NightRange};

const BLOCKS: &str = "SELECT from_night, to_night, reason, note FROM calendar_blocks
    WHERE listing_id = $1 AND to_night > $2 AND from_night < $3 ORDER BY from_night, to_night, reason, note";
const EXTERNAL: &str = "SELECT from_night, to_night, feed FROM external_nights
    WHERE listing_id = $1 AND to_night > $2 AND from_night < $3 ORDER BY from_night, to_night, feed";
const STAYS: &str = "SELECT night, slot, booking_id, expires_at FROM booked_nights
    WHERE listing_id = $1 AND night >= $2 AND night < $3 AND (expires_at IS NULL OR expires_at > $4) ORDER BY night, slot";

pub(in super::super) const STATEMENTS: [(&str, &str); 3] = [(BLOCKS, "UDD"), (EXTERNAL, "UDD"), (STAYS, "UDDI")];

/// Why nights are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Causes {
    pub blocks: Vec<Block>,
    /// With the name of the feed or import.
    pub external: Vec<(NightRange, String)>,
    /// By night.
    pub stays: Vec<NightOfStay>,
}

/// One night of a booking or a hold, in one unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NightOfStay {
    pub night: Night,
    pub slot: u16,
    pub booking: BookingId,
    /// A hold: when it runs out.
    pub until: Option<Instant>,
}

/// Everything that takes nights of `range`, as it stands at `now`.
pub fn causes_told(conn: &mut Conn<'_>, listing: ListingId, range: NightRange, now: Instant) -> DbResult<Causes> {
    let params = [listing.into(), range.from.into(), range.to.into()];
    Ok(Causes {
        blocks: conn.query(BLOCKS, &params, |row| Ok(Block { range: super::range(row, 0)?, reason: row.known(2, BlockReason::parse)?, note: row.get(3)? }))?,
        external: conn.query(EXTERNAL, &params, |row| Ok((super::range(row, 0)?, row.get(2)?)))?,
        stays: conn.query(STAYS, &[listing.into(), range.from.into(), range.to.into(), now.into()], |row| {
            Ok(NightOfStay { night: row.get(0)?, slot: row.small(1)?, booking: row.get(2)?, until: row.get(3)? })
        })?,
    })
}
