//! SQL of requests in a row that a host has not answered.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::UserId;

const MISSED: &str = "INSERT INTO silent_hosts (host_id, unanswered) VALUES ($1, 1)
    ON CONFLICT (host_id) DO UPDATE SET unanswered = silent_hosts.unanswered + 1";
const ANSWERED: &str = "DELETE FROM silent_hosts WHERE host_id = $1";
const COUNT: &str = "SELECT unanswered FROM silent_hosts WHERE host_id = $1";

pub(super) const STATEMENTS: [(&str, &str); 2] = [(ANSWERED, "u"), (COUNT, "u")];

/// One more; answers how many there are now.
pub(in super::super) fn missed(tx: &mut Tx<'_>, host: UserId) -> DbResult<i64> {
    tx.execute(MISSED, &[host.into()])?;
    count(tx, host)
}

/// The host has answered, or was told: counting begins anew.
pub(in super::super) fn forget(tx: &mut Tx<'_>, host: UserId) -> DbResult<()> {
    tx.execute(ANSWERED, &[host.into()])?;
    Ok(())
}

pub(in super::super) fn count(conn: &mut Conn<'_>, host: UserId) -> DbResult<i64> {
    Ok(conn.first(COUNT, &[host.into()], |row| row.get(0))?.unwrap_or(0))
}
