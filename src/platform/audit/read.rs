//! Reading the trail: pages for people, JSON Lines for whoever keeps a copy.

use super::chain::Stored;
use super::entry::Actor;
use super::store::{self, COLUMNS};
use crate::platform::chain::{Link, Sealed};
use crate::platform::db::{Conn, DbError, DbResult, Value};
use crate::platform::instance::hex;
use crate::values::{Instant, UserId};
use serde_json::json;
use std::io::Write;
use uuid::Uuid;

/// Entries exported together: what bounds the memory.
const PIECE: i64 = 2_000;
/// The end of time, as far as both engines can tell it.
const FOREVER: Instant = Instant(253_402_300_799_000_000);

/// Which entries; everything that is `None` lets all pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Filter<'a> {
    pub actor: Option<UserId>,
    /// Kind and id, as in `("user", id)`.
    pub object: Option<(&'a str, Uuid)>,
    pub action: Option<&'a str>,
    /// Not before.
    pub from: Option<Instant>,
    /// Before, not at.
    pub to: Option<Instant>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub at: Instant,
    pub id: Uuid,
}

/// An entry as it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub id: Uuid,
    pub at: Instant,
    pub actor: Actor,
    pub on_behalf_of: Option<UserId>,
    pub action: String,
    pub object: Option<(String, Uuid)>,
    pub reason: Option<String>,
    /// A JSON object: field → `[old, new]`.
    pub diff: String,
    pub request_id: String,
    /// `203.0.113.0/24` or `2001:db8:1::/48`.
    pub address: Option<String>,
}

impl Row {
    /// Where the page that ends with this row goes on.
    #[must_use]
    pub fn cursor(&self) -> Cursor {
        Cursor { at: self.at, id: self.id }
    }
}

/// The entries that pass `filter`, newest first, those after the cursor, at most `limit` (≥ 1).
///
/// What a viewer may see is for the caller to put into the filter.
pub fn list(conn: &mut Conn<'_>, filter: &Filter<'_>, after: Option<&Cursor>, limit: i64) -> DbResult<Vec<Row>> {
    let (sql, params) = list_sql(filter, after, limit);
    conn.query(&sql, &params, |row| {
        let stored = Stored::read(row, 0)?;
        let actor = Actor::parse(&stored.actor, stored.actor_id).ok_or_else(|| DbError::Column { column: 2, reason: "no actor".into() })?;
        Ok(Row {
            id: stored.id,
            at: stored.at,
            actor,
            on_behalf_of: stored.on_behalf_of,
            action: stored.action,
            object: stored.object_kind.zip(stored.object_id),
            reason: stored.reason,
            diff: stored.diff,
            request_id: stored.request_id,
            address: stored.address,
        })
    })
}

/// The statement of [`list`]; a test reads its plans.
#[must_use]
pub fn list_sql(filter: &Filter<'_>, after: Option<&Cursor>, limit: i64) -> (String, Vec<Value>) {
    // The end of the span is a cursor too: nothing at `to` itself has an id below this one.
    let end = after.copied().unwrap_or(Cursor { at: filter.to.unwrap_or(FOREVER), id: Uuid::nil() });
    let mut params: Vec<Value> = vec![filter.from.unwrap_or(Instant(0)).into(), end.at.into(), end.id.into(), limit.into()];
    let mut wanted = String::new();
    let mut only = |column: &str, value: Value| {
        params.push(value);
        wanted.push_str(&format!(" AND {column} = ${}", params.len()));
    };
    if let Some(actor) = filter.actor {
        only("a.actor_id", actor.into());
    }
    if let Some((kind, id)) = filter.object {
        only("a.object_kind", kind.into());
        only("a.object_id", id.into());
    }
    if let Some(action) = filter.action {
        only("a.action", action.into());
    }
    let sql = format!("SELECT {COLUMNS} FROM audit a WHERE a.at >= $1 AND (a.at, a.id) < ($2, $3){wanted} ORDER BY a.at DESC, a.id DESC LIMIT $4");
    (sql, params)
}

/// Writes every sealed entry as a line of JSON with its `seq` and `hash`, oldest first; answers how many.
/// What is not sealed yet is left for the next time. Give it one cut (`Db::snapshot`).
pub fn export_jsonl(conn: &mut Conn<'_>, writer: &mut impl Write) -> anyhow::Result<u64> {
    let (mut from, mut written) = (i64::MIN, 0);
    loop {
        let piece = store::sealed_after(conn, from, PIECE)?;
        let Some(last) = piece.last() else { break };
        from = last.link.seq;
        for sealed in &piece {
            writeln!(writer, "{}", line(sealed))?;
            written += 1;
        }
    }
    writer.flush()?;
    Ok(written)
}

/// An entry that is gone or cannot be read leaves a line with its seal alone.
fn line(Sealed { link: Link { seq, hash }, entry, .. }: &Sealed<Stored>) -> serde_json::Value {
    let hash = hex(hash);
    let Some(e) = entry else { return json!({ "seq": seq, "hash": hash, "missing": true }) };
    json!({
        "seq": seq, "hash": hash, "id": e.id, "at": e.at.to_string(), "actor": e.actor, "actor_id": e.actor_id, "on_behalf_of": e.on_behalf_of,
        "action": e.action, "object_kind": e.object_kind, "object_id": e.object_id, "reason": e.reason, "diff": e.diff, "request_id": e.request_id,
        "address": e.address,
    })
}
