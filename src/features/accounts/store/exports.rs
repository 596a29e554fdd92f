//! The tables `exports` and `export_pieces`: copies of their data that people asked for.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// An export; its bytes are read by [`piece`].
#[derive(Debug, Clone)]
pub(crate) struct Export {
    pub id: Uuid,
    pub user: UserId,
    /// `waiting`, `ready` or `failed`.
    pub state: String,
    pub size: Option<i64>,
    pub created_at: Instant,
    pub expires_at: Instant,
}

pub(super) const LATEST: &str = "SELECT id, user_id, state, size, created_at, expires_at FROM exports WHERE user_id = $1 AND state <> 'failed'
    ORDER BY created_at DESC LIMIT 1";
pub(super) const FIND: &str = "SELECT id, user_id, state, size, created_at, expires_at FROM exports WHERE id = $1 AND user_id = $2";
const BY_ID: &str = "SELECT id, user_id, state, size, created_at, expires_at FROM exports WHERE id = $1";
pub(super) const PRUNE: &str = "DELETE FROM exports WHERE expires_at < $1";

fn export(row: &Row<'_>) -> DbResult<Export> {
    Ok(Export { id: row.get(0)?, user: row.get(1)?, state: row.get(2)?, size: row.get(3)?, created_at: row.get(4)?, expires_at: row.get(5)? })
}

/// The newest export of a person that did not fail.
pub(in super::super) fn latest(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<Export>> {
    conn.first(LATEST, &[user.into()], export)
}

/// An export of this person.
pub(in super::super) fn find(conn: &mut Conn<'_>, user: UserId, id: Uuid) -> DbResult<Option<Export>> {
    conn.first(FIND, &[id.into(), user.into()], export)
}

pub(in super::super) fn by_id(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Export>> {
    conn.first(BY_ID, &[id.into()], export)
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, new: &Export) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO exports (id, user_id, state, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)";
    tx.execute(INSERT, &[new.id.into(), new.user.into(), (&new.state).into(), new.created_at.into(), new.expires_at.into()])?;
    Ok(())
}

/// One piece of the bytes; the first takes away what an earlier try has left.
pub(in super::super) fn put_piece(tx: &mut Tx<'_>, id: Uuid, number: i64, bytes: &[u8]) -> DbResult<()> {
    if number == 0 {
        tx.execute("DELETE FROM export_pieces WHERE export_id = $1", &[id.into()])?;
    }
    const PUT: &str = "INSERT INTO export_pieces (export_id, number, bytes) VALUES ($1, $2, $3) ON CONFLICT (export_id, number) DO UPDATE SET bytes = $3";
    tx.execute(PUT, &[id.into(), number.into(), bytes.to_vec().into()])?;
    Ok(())
}

/// The piece of a number; `None` after the last.
pub(in super::super) fn piece(conn: &mut Conn<'_>, id: Uuid, number: i64) -> DbResult<Option<Vec<u8>>> {
    conn.first("SELECT bytes FROM export_pieces WHERE export_id = $1 AND number = $2", &[id.into(), number.into()], |row| row.get(0))
}

/// All pieces are there. False when it was ready, or is not wanted any more.
pub(in super::super) fn ready(tx: &mut Tx<'_>, id: Uuid, size: i64, expires_at: Instant) -> DbResult<bool> {
    const READY: &str = "UPDATE exports SET state = 'ready', size = $2, expires_at = $3 WHERE id = $1 AND state = 'waiting'";
    Ok(tx.execute(READY, &[id.into(), size.into(), expires_at.into()])? > 0)
}

pub(in super::super) fn fail(tx: &mut Tx<'_>, id: Uuid) -> DbResult<()> {
    tx.execute("DELETE FROM export_pieces WHERE export_id = $1", &[id.into()])?;
    tx.execute("UPDATE exports SET state = 'failed' WHERE id = $1 AND state = 'waiting'", &[id.into()])?;
    Ok(())
}

/// Deletes those whose time is over, with their bytes.
pub(in super::super) fn prune(tx: &mut Tx<'_>, now: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[now.into()])
}
