//! SQL of what bookings hold about people.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{BookingId, UserId};

const AWAITED_GUEST: &str = "SELECT 1 FROM bookings WHERE guest_id = $1 AND state IN ('pending_payment', 'requested', 'confirmed', 'in_stay') LIMIT 1";
const AWAITED_HOST: &str = "SELECT 1 FROM bookings WHERE host_id = $1 AND state IN ('pending_payment', 'requested', 'confirmed', 'in_stay') LIMIT 1";
const UNRELEASED: &str = "SELECT id FROM bookings WHERE host_id = $1 AND id > $2 AND release_at IS NOT NULL ORDER BY id LIMIT 200";
const FORGET_GUEST: &str = "UPDATE bookings SET message = '' WHERE guest_id = $1";
const FORGET_MADE: &str = "UPDATE bookings SET guest_name = '' WHERE made_by = $1 AND host_id = $1 AND guest_id IS NULL";

pub(super) const STATEMENTS: [(&str, &str); 4] = [(AWAITED_GUEST, "u"), (AWAITED_HOST, "u"), (UNRELEASED, "uu"), (FORGET_GUEST, "u")];

/// Whether somebody has a booking, on either side, that has not come to its end.
pub(in super::super) fn is_awaited(conn: &mut Conn<'_>, user: UserId) -> DbResult<bool> {
    for sql in [AWAITED_GUEST, AWAITED_HOST] {
        if conn.first(sql, &[user.into()], |row| row.get::<i64>(0))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Up to 200 stays of a host at which payouts will look again, those behind `after`.
pub(in super::super) fn unreleased(conn: &mut Conn<'_>, host: UserId, after: BookingId) -> DbResult<Vec<BookingId>> {
    conn.query(UNRELEASED, &[host.into(), after.into()], |row| row.get(0))
}

/// Words of a guest, and names that a host wrote down.
pub(in super::super) fn forget_words(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    for sql in [FORGET_GUEST, FORGET_MADE] {
        tx.execute(sql, &[user.into()])?;
    }
    Ok(())
}
