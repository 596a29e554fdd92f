//! The table `login_failures`: how often somebody was wrong. Keys are digests, so that the table names nobody.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::Instant;

/// How often, and until when nobody listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Failures {
    pub failures: i64,
    pub window_from: Instant,
    pub blocked_until: Option<Instant>,
}

pub(super) const READ: &str = "SELECT failures, window_from, blocked_until FROM login_failures WHERE key = $1";
pub(super) const PRUNE: &str = "DELETE FROM login_failures WHERE last_at < $1";

fn failures(row: &Row<'_>) -> DbResult<Failures> {
    Ok(Failures { failures: row.get(0)?, window_from: row.get(1)?, blocked_until: row.get(2)? })
}

pub(in super::super) fn read(conn: &mut Conn<'_>, key: &str) -> DbResult<Option<Failures>> {
    conn.first(READ, &[key.into()], failures)
}

/// One more failure; a window that began before `fresh_after` begins anew. Answers the count with it.
pub(in super::super) fn add(tx: &mut Tx<'_>, now: Instant, key: &str, fresh_after: Instant) -> DbResult<Failures> {
    const ADD: &str = "INSERT INTO login_failures (key, failures, window_from, last_at) VALUES ($1, 1, $2, $2)
        ON CONFLICT (key) DO UPDATE SET
            failures = CASE WHEN login_failures.window_from < $3 THEN 1 ELSE login_failures.failures + 1 END,
            window_from = CASE WHEN login_failures.window_from < $3 THEN $2 ELSE login_failures.window_from END,
            last_at = $2
        RETURNING failures, window_from, blocked_until";
    let added = tx.first(ADD, &[key.into(), now.into(), fresh_after.into()], failures)?;
    Ok(added.unwrap_or(Failures { failures: 1, window_from: now, blocked_until: None }))
}

pub(in super::super) fn block(tx: &mut Tx<'_>, key: &str, until: Instant) -> DbResult<()> {
    tx.execute("UPDATE login_failures SET blocked_until = $2 WHERE key = $1", &[key.into(), until.into()])?;
    Ok(())
}

/// One less, and no block: the try that was counted was right.
pub(in super::super) fn take_back(tx: &mut Tx<'_>, key: &str) -> DbResult<()> {
    const LESS: &str = "UPDATE login_failures SET failures = failures - 1, blocked_until = NULL WHERE key = $1 AND failures > 0";
    tx.execute(LESS, &[key.into()])?;
    tx.execute("DELETE FROM login_failures WHERE key = $1 AND failures = 0", &[key.into()])?;
    Ok(())
}

pub(in super::super) fn forget(tx: &mut Tx<'_>, key: &str) -> DbResult<()> {
    tx.execute("DELETE FROM login_failures WHERE key = $1", &[key.into()])?;
    Ok(())
}

/// Drops what nobody has added to for long.
pub(in super::super) fn prune(tx: &mut Tx<'_>, before: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[before.into()])
}
