//! SQL of bookings whose documents are to be written.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{BookingId, Instant};

const DUE: &str = "SELECT booking_id FROM booking_papers WHERE due_at <= $1 ORDER BY due_at, booking_id LIMIT $2";
const PUT: &str = "INSERT INTO booking_papers (booking_id, due_at) VALUES ($1, $2) ON CONFLICT (booking_id) DO UPDATE SET due_at = excluded.due_at";
const DONE: &str = "DELETE FROM booking_papers WHERE booking_id = $1";

pub(super) const STATEMENTS: [(&str, &str); 2] = [(DUE, "in"), (DONE, "u")];

/// Up to `limit` bookings to look at by `now`, the longest overdue first.
pub(in super::super) fn due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    conn.query(DUE, &[now.into(), limit.into()], |row| row.get(0))
}

/// They are written at `at`; `None`: all that there are have been.
pub(in super::super) fn set(tx: &mut Tx<'_>, id: BookingId, at: Option<Instant>) -> DbResult<()> {
    match at {
        Some(at) => tx.execute(PUT, &[id.into(), at.into()])?,
        None => tx.execute(DONE, &[id.into()])?,
    };
    Ok(())
}
