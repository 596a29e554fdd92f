//! SQL: the runs of imports.

use super::super::report::Report;
use crate::platform::db::{Conn, DbError, DbResult, Json, Tx};
use crate::values::{ImportId, Instant};

/// How a run begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Start {
    /// The last run of this scope was done with the same hash.
    AlreadyDone,
    /// Nothing is left over from before.
    Fresh,
    /// An earlier run of this scope never finished, so that its changes may not have been announced.
    Resumed,
}

/// Notes that a run begins, unless the last one of its scope did the same; forgets runs of the scope that never finished.
pub(in super::super) fn begin(tx: &mut Tx<'_>, id: ImportId, source: &str, scope: &str, hash: &str, now: Instant) -> DbResult<Start> {
    let last: Option<(String, String)> = tx.first(
        "SELECT state, source_hash FROM imports WHERE source = $1 AND scope = $2 ORDER BY started_at DESC, id DESC LIMIT 1",
        &[source.into(), scope.into()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let start = match last {
        Some((state, done)) if state == "done" && done == hash => return Ok(Start::AlreadyDone),
        Some((state, _)) if state == "running" => Start::Resumed,
        _ => Start::Fresh,
    };
    tx.execute("DELETE FROM imports WHERE source = $1 AND scope = $2 AND state = 'running'", &[source.into(), scope.into()])?;
    tx.execute(
        "INSERT INTO imports (id, source, scope, source_hash, state, report, started_at) VALUES ($1, $2, $3, $4, 'running', '{}', $5)",
        &[id.into(), source.into(), scope.into(), hash.into(), now.into()],
    )?;
    Ok(start)
}

/// Notes that a run is complete.
pub(in super::super) fn finish(tx: &mut Tx<'_>, id: ImportId, report: &Report, now: Instant) -> DbResult<()> {
    let report = serde_json::to_string(report).map_err(|error| DbError::Unusable(format!("the report cannot be stored: {error}")))?;
    tx.execute("UPDATE imports SET state = 'done', report = $2, finished_at = $3 WHERE id = $1", &[id.into(), Json(report).into(), now.into()])?;
    Ok(())
}

/// Runs that were interrupted: source and scope. Their listings are whole, but memory built before may lack some.
pub fn unfinished(conn: &mut Conn<'_>) -> DbResult<Vec<(String, String)>> {
    conn.query("SELECT source, scope FROM imports WHERE state = 'running' ORDER BY started_at LIMIT 100", &[], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// The day to which the last complete run of a scope shifted its calendar; the outer `None`: the last run is not complete.
pub(in super::super) fn last_shift(conn: &mut Conn<'_>, source: &str, scope: &str) -> DbResult<Option<Option<String>>> {
    let last: Option<(String, Json)> = conn.first(
        "SELECT state, report FROM imports WHERE source = $1 AND scope = $2 ORDER BY started_at DESC, id DESC LIMIT 1",
        &[source.into(), scope.into()],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Ok(last.filter(|(state, _)| state == "done").map(|(_, report)| {
        let report: serde_json::Value = serde_json::from_str(&report.0).unwrap_or_default();
        report["shifted_to"].as_str().map(str::to_owned)
    }))
}

/// Whether a guest of this instance has taken a night in any home that came from `source` and lies in `city`.
pub(in super::super) fn is_booked(conn: &mut Conn<'_>, source: &str, city: &str) -> DbResult<bool> {
    let found: Option<i64> = conn.first(
        "SELECT CAST(1 AS BIGINT) FROM booked_nights b JOIN listings l ON l.id = b.listing_id WHERE l.source = $1 AND l.city = $2 LIMIT 1",
        &[source.into(), city.into()],
        |row| row.get(0),
    )?;
    Ok(found.is_some())
}
