//! SQL: hosts of an import. They have no e-mail and no password.

use super::super::piece::unhex;
use super::bulk::Bulk;
use crate::platform::db::{Conn, DbResult, Tx, Value};
use crate::values::{Instant, ListingId, UserId};
use std::sync::LazyLock;

/// The columns of `users` that an import owns.
pub(in super::super) const HOST_OWNED: [&str; 8] = ["name", "about", "location", "photo_url", "identity_verified", "top_host", "response_rate", "member_since"];

/// Rows bring: id, source, external_id, source_hash, created_at, updated_at, then [`HOST_OWNED`].
static HOSTS: LazyLock<Bulk> = LazyLock::new(|| {
    let into = format!("users (id, source, external_id, source_hash, created_at, updated_at, {}, languages, version)", HOST_OWNED.join(", "));
    Bulk::new(&into, 6 + HOST_OWNED.len(), ", '[]', 1", "")
});

/// Hands every host of `source` to `take`: the id there, the id here, and the fingerprint of what was imported.
pub(in super::super) fn known_hosts(conn: &mut Conn<'_>, source: &str, mut take: impl FnMut(&str, UserId, [u8; 16])) -> DbResult<()> {
    conn.each("SELECT external_id, id, source_hash FROM users WHERE source = $1", &[source.into()], |row| {
        let (external_id, hash): (String, Option<String>) = (row.get(0)?, row.get(2)?);
        take(&external_id, row.get(1)?, unhex(&hash.unwrap_or_default()));
        Ok(())
    })
}

/// The published listings of a host.
pub(in super::super) fn listings_of_host(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<ListingId>> {
    conn.query("SELECT id FROM listings WHERE host_id = $1 AND state = 'published'", &[host.into()], |row| row.get(0))
}

pub(in super::super) fn insert_hosts(tx: &mut Tx<'_>, rows: &[Value]) -> DbResult<u64> {
    HOSTS.insert(tx, rows)
}

/// Writes what the source now says of a host; `owned` in the order of [`HOST_OWNED`].
pub(in super::super) fn update_host(tx: &mut Tx<'_>, id: UserId, hash: &str, owned: &[Value], now: Instant) -> DbResult<()> {
    let sets: Vec<String> = HOST_OWNED.iter().enumerate().map(|(place, column)| format!("{column} = ${}", place + 4)).collect();
    let mut values: Vec<Value> = vec![id.into(), hash.into(), now.into()];
    values.extend_from_slice(owned);
    let sql = format!("UPDATE users SET {}, source_hash = $2, updated_at = $3, version = version + 1 WHERE id = $1", sets.join(", "));
    tx.execute(&sql, &values)?;
    Ok(())
}
