//! SQL of taking nights and giving them back. The primary key (listing_id, slot, night) is what forbids double booking, on both engines.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{BookingId, Instant, ListingId, Night, NightRange, Stay};

const EXPIRED: &str = "SELECT DISTINCT booking_id FROM booked_nights WHERE listing_id = $1 AND expires_at <= $2 ORDER BY booking_id";
const DROP_EXPIRED: &str = "DELETE FROM booked_nights WHERE listing_id = $1 AND expires_at <= $2";
const TAKE: &str = "INSERT INTO booked_nights (listing_id, slot, night, kind, booking_id, expires_at, gap) VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (listing_id, slot, night) DO NOTHING";
const MOVE: &str = "UPDATE booked_nights SET slot = $3 WHERE booking_id = $2 AND listing_id = $1";
const PIN: &str = "UPDATE booked_nights SET pinned = $3 WHERE booking_id = $2 AND listing_id = $1";
const OF_BOOKING: &str = "SELECT listing_id, kind, MIN(night), MAX(night), expires_at FROM booked_nights WHERE booking_id = $1
    GROUP BY listing_id, kind, expires_at";
const DROP: &str = "DELETE FROM booked_nights WHERE booking_id = $1";
const DROP_FROM: &str = "DELETE FROM booked_nights WHERE booking_id = $1 AND night >= $2";
const EXTEND: &str = "UPDATE booked_nights SET expires_at = $2 WHERE booking_id = $1 AND kind = 'hold'";
const KEEP: &str = "UPDATE booked_nights SET kind = 'booking', expires_at = NULL WHERE booking_id = $1 AND kind = 'hold'";

pub(in super::super) const STATEMENTS: [(&str, &str); 9] =
    [(EXPIRED, "UI"), (DROP_EXPIRED, "UI"), (MOVE, "UUN"), (PIN, "UUB"), (OF_BOOKING, "U"), (DROP, "U"), (DROP_FROM, "UD"), (EXTEND, "UI"), (KEEP, "U")];

/// What the calendar has of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    pub listing: ListingId,
    pub range: NightRange,
    /// A hold: when it runs out.
    pub until: Option<Instant>,
}

/// Deletes the holds of a listing that have run out; answers whose they were.
pub(in super::super) fn drop_expired(tx: &mut Tx<'_>, listing: ListingId, now: Instant) -> DbResult<Vec<BookingId>> {
    let lapsed = tx.query(EXPIRED, &[listing.into(), now.into()], |row| row.get(0))?;
    if !lapsed.is_empty() {
        tx.execute(DROP_EXPIRED, &[listing.into(), now.into()])?;
    }
    Ok(lapsed)
}

/// Takes every night of `stay` in one unit, for good or until an instant; `false` as soon as one is taken, and the caller rolls back.
pub(in super::super) fn take(
    tx: &mut Tx<'_>,
    listing: ListingId,
    slot: u16,
    stay: Stay,
    booking: BookingId,
    until: Option<Instant>,
    gap: u8,
) -> DbResult<bool> {
    let kind = if until.is_some() { "hold" } else { "booking" };
    for night in stay.range().iter() {
        if tx.execute(TAKE, &[listing.into(), slot.into(), night.into(), kind.into(), booking.into(), until.into(), gap.into()])? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Puts bookings of a listing into other units, all at once: each first steps aside, where nobody is.
pub(in super::super) fn rearrange(tx: &mut Tx<'_>, listing: ListingId, moved: &[(BookingId, u16)]) -> DbResult<()> {
    const ASIDE: i64 = 1_000;
    for (n, (booking, _)) in (0_i64..).zip(moved) {
        tx.execute(MOVE, &[listing.into(), (*booking).into(), (ASIDE + n).into()])?;
    }
    for (booking, slot) in moved {
        tx.execute(MOVE, &[listing.into(), (*booking).into(), (*slot).into()])?;
    }
    Ok(())
}

/// Whether a booking keeps its unit from now on.
pub(in super::super) fn pin(tx: &mut Tx<'_>, listing: ListingId, booking: BookingId, pinned: bool) -> DbResult<()> {
    tx.execute(PIN, &[listing.into(), booking.into(), pinned.into()])?;
    Ok(())
}

/// What a booking has taken, if anything.
pub(in super::super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Option<Taken>> {
    conn.first(OF_BOOKING, &[booking.into()], |row| {
        let range = NightRange::new(row.get(2)?, row.get::<Night>(3)?.plus(1));
        Ok(Taken { listing: row.get(0)?, range, until: row.get(4)? })
    })
}

/// Gives the nights of a booking back.
pub(in super::super) fn give_back(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<()> {
    tx.execute(DROP, &[booking.into()])?;
    Ok(())
}

/// Gives the nights of a booking from `from` on back.
pub(in super::super) fn give_back_from(tx: &mut Tx<'_>, booking: BookingId, from: Night) -> DbResult<()> {
    tx.execute(DROP_FROM, &[booking.into(), from.into()])?;
    Ok(())
}

/// Lets a hold last until another instant.
pub(in super::super) fn extend(tx: &mut Tx<'_>, booking: BookingId, until: Instant) -> DbResult<()> {
    tx.execute(EXTEND, &[booking.into(), until.into()])?;
    Ok(())
}

/// Makes a hold a booking.
pub(in super::super) fn keep(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<()> {
    tx.execute(KEEP, &[booking.into()])?;
    Ok(())
}
