//! SQL of the calendar's log.

use crate::platform::db::{Conn, DbResult, Json, Tx};
use crate::values::{Instant, ListingId, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

const APPEND: &str = "INSERT INTO calendar_log (id, listing_id, at, actor_id, kind, ranges, was, became) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
const NEWEST: &str = "SELECT id, at, actor_id, kind, ranges, was, became FROM calendar_log WHERE listing_id = $1 ORDER BY at DESC, id DESC LIMIT $2";
const OLDER: &str = "SELECT id, at, actor_id, kind, ranges, was, became FROM calendar_log
    WHERE listing_id = $1 AND (at, id) < ($3, $4) ORDER BY at DESC, id DESC LIMIT $2";
const OF_ACTOR: &str = "SELECT listing_id, at, kind FROM calendar_log WHERE actor_id = $1 ORDER BY at, id";

pub(in super::super) const STATEMENTS: [(&str, &str); 3] = [(NEWEST, "UN"), (OLDER, "UNIU"), (OF_ACTOR, "U")];

/// An entry of the log; the JSON is as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LogRow {
    pub id: Uuid,
    pub at: Instant,
    /// `None`: the house itself.
    pub actor: Option<UserId>,
    pub kind: String,
    pub ranges: String,
    pub was: String,
    pub became: String,
}

pub(in super::super) fn append(tx: &mut Tx<'_>, listing: ListingId, row: &LogRow) -> DbResult<()> {
    let json = |text: &String| Json(text.clone()).into();
    let values = [row.id.into(), listing.into(), row.at.into(), row.actor.into(), (&row.kind).into(), json(&row.ranges), json(&row.was), json(&row.became)];
    tx.execute(APPEND, &values)?;
    Ok(())
}

/// Entries from the newest on, or from the one before `last`.
pub(in super::super) fn list(conn: &mut Conn<'_>, listing: ListingId, last: Option<(Instant, Uuid)>, most: i64) -> DbResult<Vec<LogRow>> {
    let (sql, values) = match last {
        None => (NEWEST, vec![listing.into(), most.into()]),
        Some((at, id)) => (OLDER, vec![listing.into(), most.into(), at.into(), id.into()]),
    };
    conn.query(sql, &values, |row| {
        let json = |column| row.get::<Json>(column).map(|json| json.0);
        Ok(LogRow { id: row.get(0)?, at: row.get(1)?, actor: row.get(2)?, kind: row.get(3)?, ranges: json(4)?, was: json(5)?, became: json(6)? })
    })
}

/// What somebody changed, and when.
pub(in super::super) fn of_actor(conn: &mut Conn<'_>, actor: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(OF_ACTOR, &[actor.into()], |row| {
        take(&json!({"listing_id": row.get::<ListingId>(0)?.0, "at": row.get::<Instant>(1)?.to_string(), "kind": row.get::<String>(2)?}))
    })
}
