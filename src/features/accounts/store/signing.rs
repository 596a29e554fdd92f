//! The table `signing_keys`: which keys sign access tokens, by their names alone.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::Instant;

/// All of them, newest first.
pub(in super::super) fn all(conn: &mut Conn<'_>) -> DbResult<Vec<(String, Instant)>> {
    conn.query("SELECT kid, created_at FROM signing_keys ORDER BY created_at DESC, kid DESC", &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, kid: &str) -> DbResult<()> {
    tx.execute("INSERT INTO signing_keys (kid, created_at) VALUES ($1, $2) ON CONFLICT (kid) DO NOTHING", &[kid.into(), now.into()])?;
    Ok(())
}
