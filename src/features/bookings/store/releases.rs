//! SQL of when payouts look at bookings.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{BookingId, Instant};

const DUE: &str = "SELECT id FROM bookings WHERE release_at <= $1 ORDER BY release_at, id LIMIT $2";
const SET: &str = "UPDATE bookings SET release_at = $2 WHERE id = $1";
const OVER: &str = "SELECT 1 FROM bookings WHERE id = $1 AND release_at IS NULL
    AND state IN ('completed', 'declined', 'expired', 'withdrawn', 'cancelled')";

pub(super) const STATEMENTS: [(&str, &str); 3] = [(DUE, "in"), (SET, "ui"), (OVER, "u")];

/// Up to `limit` bookings to look at by `now`, the longest overdue first.
pub(in super::super) fn due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    conn.query(DUE, &[now.into(), limit.into()], |row| row.get(0))
}

/// `None`: nothing of it is to be released.
pub(in super::super) fn set(tx: &mut Tx<'_>, id: BookingId, at: Option<Instant>) -> DbResult<()> {
    tx.execute(SET, &[id.into(), at.into()])?;
    Ok(())
}

/// Nothing follows, and nothing is to be released any more.
pub(in super::super) fn is_over(conn: &mut Conn<'_>, id: BookingId) -> DbResult<bool> {
    Ok(conn.first(OVER, &[id.into()], |row| row.get::<i64>(0))?.is_some())
}
