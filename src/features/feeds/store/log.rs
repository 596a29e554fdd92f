//! The table `calendar_feed_log`.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::Instant;
use uuid::Uuid;

pub(crate) const LAST: &str = "SELECT id, outcome, times, events, added, removed, warnings, first_at, last_at FROM calendar_feed_log
    WHERE feed_id = $1 ORDER BY id DESC LIMIT 1";
pub(crate) const OF_FEED: &str = "SELECT id, outcome, times, events, added, removed, warnings, first_at, last_at FROM calendar_feed_log
    WHERE feed_id = $1 ORDER BY id DESC LIMIT 100";
pub(crate) const PRUNE: &str = "SELECT id FROM calendar_feed_log WHERE feed_id = $1 ORDER BY id DESC LIMIT 100 OFFSET 100";

/// How one fetch went, or several in a row that went alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Went {
    pub id: Uuid,
    pub outcome: String,
    pub times: i64,
    pub events: i64,
    /// Nights.
    pub added: i64,
    pub removed: i64,
    pub warnings: i64,
    pub first_at: Instant,
    pub last_at: Instant,
}

fn went(row: &Row<'_>) -> DbResult<Went> {
    Ok(Went {
        id: row.get(0)?,
        outcome: row.get(1)?,
        times: row.get(2)?,
        events: row.get(3)?,
        added: row.get(4)?,
        removed: row.get(5)?,
        warnings: row.get(6)?,
        first_at: row.get(7)?,
        last_at: row.get(8)?,
    })
}

/// The newest hundred, newest first.
pub(crate) fn of_feed(conn: &mut Conn<'_>, feed: Uuid) -> DbResult<Vec<Went>> {
    conn.query(OF_FEED, &[feed.into()], went)
}

/// Notes how a fetch went; what went like the one before it is counted there.
pub(crate) fn note(tx: &mut Tx<'_>, feed: Uuid, new: &Went) -> DbResult<()> {
    const AGAIN: &str = "UPDATE calendar_feed_log SET times = times + 1, last_at = $2 WHERE id = $1";
    const INSERT: &str = "INSERT INTO calendar_feed_log (id, feed_id, outcome, times, events, added, removed, warnings, first_at, last_at)
        VALUES ($1, $2, $3, 1, $4, $5, $6, $7, $8, $8)";
    if let Some(last) = tx.first(LAST, &[feed.into()], went)? {
        let alike = last.outcome == new.outcome && last.events == new.events && last.warnings == new.warnings;
        if alike && (last.added, last.removed, new.added, new.removed) == (0, 0, 0, 0) {
            tx.execute(AGAIN, &[last.id.into(), new.last_at.into()])?;
            return Ok(());
        }
    }
    let id = Uuid::now_v7();
    let numbers = [new.events.into(), new.added.into(), new.removed.into(), new.warnings.into()];
    let [events, added, removed, warnings] = numbers;
    tx.execute(INSERT, &[id.into(), feed.into(), (&new.outcome).into(), events, added, removed, warnings, new.last_at.into()])?;
    for old in tx.query(PRUNE, &[feed.into()], |row| row.get::<Uuid>(0))? {
        tx.execute("DELETE FROM calendar_feed_log WHERE id = $1", &[old.into()])?;
    }
    Ok(())
}
