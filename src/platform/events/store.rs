//! SQL of the event log.

use super::{Event, Kind, Mark};
use crate::platform::db::{Conn, DbResult, Engine, Json, Tx};
use crate::values::{EventId, Instant};
use uuid::Uuid;

/// Appends an event to the caller's transaction; it exists if and only if the transaction commits.
///
/// On SQLite the one writer numbers it here; on PostgreSQL the sequencer does after the commit.
/// `payload` is a JSON object.
pub fn append(tx: &mut Tx<'_>, kind: Kind, subject: Uuid, payload: &serde_json::Value, at: Instant) -> DbResult<()> {
    let sql = match tx.engine() {
        Engine::Sqlite => {
            "INSERT INTO events (id, seq, kind, subject, payload, at) VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM events), $2, $3, $4, $5)"
        }
        Engine::Postgres => "INSERT INTO events (id, seq, kind, subject, payload, at) VALUES ($1, NULL, $2, $3, $4, $5)",
    };
    tx.execute(sql, &[EventId::new().into(), kind.name().into(), subject.into(), Json(payload.to_string()).into(), at.into()])?;
    tx.mark_events();
    Ok(())
}

/// The statements that must stay cheap however long the log grows; a test reads their plans.
pub const AFTER: &str = "SELECT seq, kind, subject, payload, at FROM events WHERE seq > $1 ORDER BY seq LIMIT $2";
pub const LAST_SEQ: &str = "SELECT COALESCE(MAX(seq), 0) FROM events";
pub const NUMBERED: &str = "SELECT id FROM events WHERE seq = $1";
pub const PRUNE: &str = "DELETE FROM events WHERE at < $1 AND seq < (SELECT MAX(seq) FROM events) AND seq < (SELECT MIN(seq) FROM events) + 500";

/// The numbered events after `seq`, oldest first, at most `limit` (≥ 1).
pub fn after(conn: &mut Conn<'_>, seq: i64, limit: i64) -> DbResult<Vec<Event>> {
    conn.query(AFTER, &[seq.into(), limit.into()], |row| {
        Ok(Event { seq: row.get(0)?, kind: row.get(1)?, subject: row.get(2)?, payload: row.get::<Json>(3)?.0, at: row.get(4)? })
    })
}

/// The highest number given so far, 0 when there is none.
pub fn last_seq(conn: &mut Conn<'_>) -> DbResult<i64> {
    Ok(conn.first(LAST_SEQ, &[], |row| row.get(0))?.unwrap_or(0))
}

/// The place `seq` of the log.
pub fn mark(conn: &mut Conn<'_>, seq: i64) -> DbResult<Mark> {
    Ok(Mark { seq, event: conn.first(NUMBERED, &[seq.into()], |row| row.get(0))? })
}

/// Whether the log has been where `mark` was made, and still holds every event after it.
pub fn holds(conn: &mut Conn<'_>, known: Mark) -> DbResult<bool> {
    match known.event {
        Some(event) => Ok(mark(conn, known.seq)?.event == Some(event)),
        None => {
            let oldest = after(conn, 0, 1)?.first().map_or(1, |event| event.seq);
            Ok(oldest <= known.seq + 1 && known.seq <= last_seq(conn)?)
        }
    }
}

/// Drops up to 500 numbered events older than `before`, oldest first, but never the newest, from which the next number
/// is counted. Answers how many went.
pub fn prune(tx: &mut Tx<'_>, before: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[before.into()])
}
