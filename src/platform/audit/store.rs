//! SQL of the audit trail.

use super::chain::Stored;
use super::entry::Entry;
use crate::platform::chain::{Hash, Link, Sealed, hash, readable};
use crate::platform::db::{Conn, DbResult, Row, SEVERAL, Tx, several};
use crate::values::Instant;
use uuid::Uuid;

/// The columns of an entry, in the order in which [`Stored::read`] takes them.
pub(super) const COLUMNS: &str =
    "a.id, a.at, a.actor, a.actor_id, a.on_behalf_of, a.action, a.object_kind, a.object_id, a.reason, a.diff, a.request_id, a.address";

/// Writes an entry and puts it in the queue of those without a seal.
pub(super) fn insert(tx: &mut Tx<'_>, now: Instant, entry: &Entry<'_>) -> DbResult<()> {
    let id = Uuid::now_v7();
    tx.execute(
        "INSERT INTO audit (id, at, actor, actor_id, on_behalf_of, action, object_kind, object_id, reason, diff, request_id, address)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            id.into(),
            now.into(),
            entry.actor.name().into(),
            entry.actor.user().into(),
            entry.on_behalf_of.into(),
            entry.action.into(),
            entry.object.map(|(kind, _)| kind).into(),
            entry.object.map(|(_, id)| id).into(),
            // PostgreSQL's texts cannot hold a zero byte; inside JSON it is escaped.
            entry.reason.map(|reason| reason.replace('\0', "")).into(),
            entry.diff.to_string().into(),
            entry.origin.request_id.replace('\0', "").into(),
            entry.origin.address.map(|address| address.to_string()).into(),
        ],
    )?;
    tx.execute("INSERT INTO audit_waiting (audit_id) VALUES ($1)", &[id.into()])?;
    Ok(())
}

/// The oldest committed entries that have no seal, at most `limit`. Looked up one by one: a join of the short queue with the
/// long trail is planned badly as soon as the figures that the planner keeps of the queue are old.
pub(super) fn waiting(conn: &mut Conn<'_>, limit: i64) -> DbResult<Vec<Stored>> {
    let ids: Vec<Uuid> = conn.query("SELECT audit_id FROM audit_waiting ORDER BY audit_id LIMIT $1", &[limit.into()], |row| row.get(0))?;
    let mut entries = Vec::with_capacity(ids.len());
    for piece in ids.chunks(SEVERAL) {
        let (places, ids) = several(piece);
        let sql = format!("SELECT {COLUMNS} FROM audit a WHERE a.id IN ({places}) ORDER BY a.id");
        entries.extend(conn.query(&sql, &ids, |row| Stored::read(row, 0))?);
    }
    Ok(entries)
}

/// A row of `audit_checkpoints`.
pub(super) struct CheckpointRow {
    pub(super) link: Link,
    pub(super) signature: Hash,
    pub(super) at: Instant,
}

const CHECKPOINT: &str = "SELECT seq, hash, signature, at FROM audit_checkpoints ORDER BY seq";

fn checkpoint(row: &Row<'_>) -> DbResult<CheckpointRow> {
    Ok(CheckpointRow { link: Link { seq: row.get(0)?, hash: hash(row, 1)? }, signature: hash(row, 2)?, at: row.get(3)? })
}

/// All checkpoints, oldest first: one for each time that old entries were deleted.
pub(super) fn checkpoints(conn: &mut Conn<'_>, take: impl FnMut(CheckpointRow)) -> DbResult<()> {
    let mut take = take;
    conn.each(CHECKPOINT, &[], |row| {
        take(checkpoint(row)?);
        Ok(())
    })
}

pub(super) fn last_checkpoint(conn: &mut Conn<'_>) -> DbResult<Option<CheckpointRow>> {
    conn.first(&format!("{CHECKPOINT} DESC LIMIT 1"), &[], checkpoint)
}

pub(super) fn put_checkpoint(tx: &mut Tx<'_>, checkpoint: &CheckpointRow) -> DbResult<()> {
    let CheckpointRow { link, signature, at } = checkpoint;
    tx.execute(
        "INSERT INTO audit_checkpoints (seq, hash, signature, at) VALUES ($1, $2, $3, $4)",
        &[link.seq.into(), link.hash.to_vec().into(), signature.to_vec().into(), (*at).into()],
    )?;
    Ok(())
}

/// Deletes the entries whose seals are numbered up to `seq`, then these seals. The guards let only those go that a
/// checkpoint covers.
pub(super) fn delete_up_to(tx: &mut Tx<'_>, seq: i64) -> DbResult<u64> {
    tx.execute("DELETE FROM audit WHERE id IN (SELECT audit_id FROM audit_seals WHERE seq <= $1)", &[seq.into()])?;
    tx.execute("DELETE FROM audit_seals WHERE seq <= $1", &[seq.into()])
}

/// The seals after `seq` with their entries, in order, at most `limit`.
pub(super) fn sealed_after(conn: &mut Conn<'_>, seq: i64, limit: i64) -> DbResult<Vec<Sealed<Stored>>> {
    let sql = format!("SELECT s.seq, s.hash, {COLUMNS} FROM audit_seals s LEFT JOIN audit a ON a.id = s.audit_id WHERE s.seq > $1 ORDER BY s.seq LIMIT $2");
    conn.query(&sql, &[seq.into(), limit.into()], |row| {
        let link = Link { seq: row.get(0)?, hash: readable(hash(row, 1))?.unwrap_or_default() };
        let gone = row.get::<Option<Uuid>>(2).is_ok_and(|id| id.is_none());
        Ok(Sealed { link, gone, entry: if gone { None } else { readable(Stored::read(row, 2))? } })
    })
}
