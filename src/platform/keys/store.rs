//! SQL of the master key's fingerprint, a row of the table `instance`.

use crate::platform::db::{Conn, DbError, DbResult, Tx};

const NAME: &str = "master_key_fingerprint";

/// The fingerprint of the key this database was used with; `None` before the first start.
pub(super) fn fingerprint(conn: &mut Conn<'_>) -> DbResult<Option<String>> {
    conn.first("SELECT value FROM instance WHERE name = $1", &[NAME.into()], |row| row.get(0))
}

/// Stores the fingerprint unless one is there; answers the one that is there afterwards.
pub(super) fn keep_first(tx: &mut Tx<'_>, fingerprint: &str) -> DbResult<String> {
    tx.execute("INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", &[NAME.into(), fingerprint.into()])?;
    let kept = tx.first("SELECT value FROM instance WHERE name = $1", &[NAME.into()], |row| row.get(0))?;
    kept.ok_or_else(|| DbError::Unusable("the master key's fingerprint vanished while it was read".into()))
}
