//! SQL of documents and their numbers.

use super::rules::series::{Document, Issue, Kind};
use crate::platform::db::{Conn, DbError, DbResult, Engine, Json, Row, Tx};
use crate::values::Instant;
use uuid::Uuid;

/// The advisory lock of whoever numbers: "docnumbr" in ASCII.
const LOCK: i64 = 0x646f_636e_756d_6272;

const ONE: &str = "SELECT id, kind, issuer, year, number, source, sheet, issued_at FROM documents WHERE id = $1";
const OF_SOURCE: &str = "SELECT id, kind, issuer, year, number, source, sheet, issued_at FROM documents WHERE source = $1";
const ID_OF: &str = "SELECT id FROM documents WHERE source = $1";
const WAITING: &str = "SELECT id, kind, issuer, year FROM documents WHERE number IS NULL ORDER BY issued_at, id LIMIT $1";
const LAST: &str = "SELECT number FROM documents WHERE issuer = $1 AND kind = $2 AND year = $3 AND number IS NOT NULL ORDER BY number DESC LIMIT 1";

/// Statements that must use an index, with the kinds of their parameters: `u` an id, `t` a text, `n` a number.
pub const STATEMENTS: [(&str, &str); 5] = [(ONE, "u"), (OF_SOURCE, "t"), (ID_OF, "t"), (WAITING, "n"), (LAST, "ttn")];

/// A document without a number.
pub(super) struct Waiting {
    id: Uuid,
    kind: String,
    issuer: String,
    year: i64,
}

/// `false` where one of this source is there.
pub(super) fn insert(tx: &mut Tx<'_>, id: Uuid, year: i64, ask: &Issue<'_>, now: Instant) -> DbResult<bool> {
    const INSERT: &str = "INSERT INTO documents (id, kind, issuer, year, source, sheet, issued_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (source) DO NOTHING";
    let sheet = serde_json::to_string(ask.sheet).map_err(|error| DbError::Unusable(format!("a sheet cannot be written as JSON: {error}")))?;
    let params = [id.into(), ask.kind.name().into(), ask.issuer.into(), year.into(), ask.source.into(), Json(sheet).into(), now.into()];
    Ok(tx.execute(INSERT, &params)? == 1)
}

pub(super) fn id_of(conn: &mut Conn<'_>, source: &str) -> DbResult<Uuid> {
    let found = conn.first(ID_OF, &[source.into()], |row| row.get(0))?;
    found.ok_or_else(|| DbError::Unusable("a document vanished while it was issued".into()))
}

/// A document, numbered or not.
pub fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Document>> {
    conn.first(ONE, &[id.into()], read)
}

/// The document that follows from `source`.
pub fn by_source(conn: &mut Conn<'_>, source: &str) -> DbResult<Option<Document>> {
    conn.first(OF_SOURCE, &[source.into()], read)
}

/// Waits until nobody else numbers; the lock goes with the transaction. SQLite has one writer anyway.
pub(super) fn lock(tx: &mut Tx<'_>) -> DbResult<()> {
    if matches!(tx.engine(), Engine::Postgres) {
        tx.first("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)", &[LOCK.into()], |_| Ok(()))?;
    }
    Ok(())
}

pub(super) fn any_waiting(conn: &mut Conn<'_>) -> DbResult<bool> {
    Ok(conn.first(WAITING, &[1_i64.into()], |_| Ok(()))?.is_some())
}

pub(super) fn waiting(conn: &mut Conn<'_>, limit: i64) -> DbResult<Vec<Waiting>> {
    conn.query(WAITING, &[limit.into()], |row| Ok(Waiting { id: row.get(0)?, kind: row.get(1)?, issuer: row.get(2)?, year: row.get(3)? }))
}

/// Gives a document the next number of its series. Only under the lock.
pub(super) fn set_number(tx: &mut Tx<'_>, document: &Waiting) -> DbResult<()> {
    let Waiting { id, kind, issuer, year } = document;
    let last: Option<i64> = tx.first(LAST, &[issuer.into(), kind.into(), (*year).into()], |row| row.get(0))?;
    tx.execute("UPDATE documents SET number = $2 WHERE id = $1 AND number IS NULL", &[(*id).into(), (last.unwrap_or(0) + 1).into()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> DbResult<Document> {
    let sheet: Json = row.get(6)?;
    Ok(Document {
        id: row.get(0)?,
        kind: row.known(1, Kind::parse)?,
        issuer: row.get(2)?,
        year: row.get(3)?,
        number: row.get(4)?,
        source: row.get(5)?,
        sheet: serde_json::from_str(&sheet.0).map_err(|error| DbError::Column { column: 6, reason: error.to_string() })?,
        issued_at: row.get(7)?,
    })
}
