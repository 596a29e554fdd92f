//! SQL of seals, queues and heads, the same for every chain.

use super::{Chained, Hash, Link};
use crate::platform::db::{Conn, DbError, DbResult, Engine, Row, SEVERAL, Tx, several};
use crate::values::Instant;
use uuid::Uuid;

/// Waits until nobody else seals this chain; the lock goes with the transaction. SQLite has one writer anyway.
pub fn lock<C: Chained>(tx: &mut Tx<'_>) -> DbResult<()> {
    if matches!(tx.engine(), Engine::Postgres) {
        tx.first("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)", &[C::NAMES.lock.into()], |_| Ok(()))?;
    }
    Ok(())
}

/// Whether any committed entry has no seal yet.
pub(super) fn any_waiting<C: Chained>(conn: &mut Conn<'_>) -> DbResult<bool> {
    Ok(conn.first(&format!("SELECT 1 FROM {} LIMIT 1", C::NAMES.waiting), &[], |_| Ok(()))?.is_some())
}

/// Stores a seal. `false`: the entry had one, and the number is still free.
pub(super) fn put_seal<C: Chained>(tx: &mut Tx<'_>, link: &Link, entry: Uuid) -> DbResult<bool> {
    let (seals, id) = (C::NAMES.seals, C::NAMES.id);
    let put = tx.execute(
        &format!("INSERT INTO {seals} (seq, {id}, hash) VALUES ($1, $2, $3) ON CONFLICT ({id}) DO NOTHING"),
        &[link.seq.into(), entry.into(), link.hash.to_vec().into()],
    )?;
    Ok(put == 1)
}

/// Takes entries out of the queue.
pub(super) fn take_out<C: Chained>(tx: &mut Tx<'_>, entries: &[Uuid]) -> DbResult<()> {
    let (waiting, id) = (C::NAMES.waiting, C::NAMES.id);
    for piece in entries.chunks(SEVERAL) {
        let (places, ids) = several(piece);
        tx.execute(&format!("DELETE FROM {waiting} WHERE {id} IN ({places})"), &ids)?;
    }
    Ok(())
}

/// The newest seal.
pub fn last_seal<C: Chained>(conn: &mut Conn<'_>) -> DbResult<Option<Link>> {
    let sql = format!("SELECT seq, hash FROM {} ORDER BY seq DESC LIMIT 1", C::NAMES.seals);
    conn.first(&sql, &[], |row| Ok(Link { seq: row.get(0)?, hash: hash(row, 1)? }))
}

/// `None` for a column that holds what cannot be there: somebody has been at it.
pub fn readable<T>(answer: DbResult<T>) -> DbResult<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(DbError::Column { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The 32 bytes of a column.
pub fn hash(row: &Row<'_>, column: usize) -> DbResult<Hash> {
    let bytes: Vec<u8> = row.get(column)?;
    bytes.try_into().map_err(|_length| DbError::Column { column, reason: "not 32 bytes".into() })
}

/// How many entries wait for a seal, and since when the oldest.
pub(super) fn tail<C: Chained>(conn: &mut Conn<'_>) -> DbResult<(i64, Option<Instant>)> {
    let (entries, waiting, id) = (C::NAMES.entries, C::NAMES.waiting, C::NAMES.id);
    let sql = format!("SELECT COUNT(*), MIN(a.at) FROM {waiting} w JOIN {entries} a ON a.id = w.{id}");
    Ok(conn.first(&sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?.unwrap_or((0, None)))
}

/// An entry that has neither a seal nor a place in the queue, and one of the queue that is not there.
pub(super) fn strays<C: Chained>(conn: &mut Conn<'_>) -> DbResult<(Option<Uuid>, Option<Uuid>)> {
    let (entries, seals, waiting, id) = (C::NAMES.entries, C::NAMES.seals, C::NAMES.waiting, C::NAMES.id);
    let foreign = conn.first(
        &format!(
            "SELECT a.id FROM {entries} a WHERE NOT EXISTS (SELECT 1 FROM {seals} s WHERE s.{id} = a.id)
             AND NOT EXISTS (SELECT 1 FROM {waiting} w WHERE w.{id} = a.id) LIMIT 1"
        ),
        &[],
        |row| row.get(0),
    )?;
    let lost = format!("SELECT w.{id} FROM {waiting} w WHERE NOT EXISTS (SELECT 1 FROM {entries} a WHERE a.id = w.{id}) LIMIT 1");
    Ok((foreign, conn.first(&lost, &[], |row| row.get(0))?))
}

/// The signed newest link, as text.
pub(super) fn head<C: Chained>(conn: &mut Conn<'_>) -> DbResult<Option<String>> {
    conn.first("SELECT value FROM instance WHERE name = $1", &[C::NAMES.head.into()], |row| row.get(0))
}

pub(super) fn put_head<C: Chained>(tx: &mut Tx<'_>, head: &str) -> DbResult<()> {
    const PUT: &str = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(PUT, &[C::NAMES.head.into(), head.into()]).map(drop)
}
