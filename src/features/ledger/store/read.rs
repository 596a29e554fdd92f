//! Reading entries: one, those of a booking, a page of a list, all of a span.

use super::balances::{account, currency};
use crate::features::ledger::rules::{Account, EntryKind, Posting, Recorded, restored};
use crate::platform::db::{Conn, DbResult, Row, SEVERAL, Value, places, several};
use crate::values::{BookingId, Instant};
use std::collections::HashMap;
use uuid::Uuid;

/// The end of time, as far as both engines can tell it.
const FOREVER: Instant = Instant(253_402_300_799_000_000);
/// Entries of one booking that are read at most; a stay has a dozen. Whoever needs a sum of all of them asks for the sum (`balances.rs`).
const MOST_OF_BOOKING: i64 = 1_000;

/// Which entries; everything that is `None` lets all pass.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub account: Option<Account>,
    pub booking: Option<BookingId>,
    pub kind: Option<EntryKind>,
    /// Not before.
    pub from: Option<Instant>,
    /// Before, not at.
    pub to: Option<Instant>,
}

/// Where a page ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub at: Instant,
    pub id: Uuid,
}

const ENTRY: &str = "e.id, s.seq, e.at, e.kind, e.source, e.booking_id, e.currency, e.reverses, e.memo, e.request_id";
const WIDTH: usize = 10;

fn recorded(row: &Row<'_>) -> DbResult<Recorded> {
    let mut entry = restored(row.known(3, EntryKind::parse)?, row.get(4)?, row.get(5)?, currency(row, 6)?, Vec::new());
    (entry.reverses, entry.memo, entry.request_id) = (row.get(7)?, row.get(8)?, row.get(9)?);
    Ok(Recorded { id: row.get(0)?, number: row.get(1)?, at: row.get(2)?, entry })
}

fn with_postings(conn: &mut Conn<'_>, mut entries: Vec<Recorded>) -> DbResult<Vec<Recorded>> {
    for piece in entries.chunks_mut(SEVERAL) {
        let (_, ids) = several(&piece.iter().map(|recorded| recorded.id).collect::<Vec<Uuid>>());
        let mut found: HashMap<Uuid, Vec<Posting>> = HashMap::with_capacity(piece.len());
        conn.each(&postings_sql(ids.len()), &ids, |row| {
            let posting = Posting { account: account(row, 1)?, amount: row.get(2)? };
            found.entry(row.get(0)?).or_default().push(posting);
            Ok(())
        })?;
        for recorded in piece {
            recorded.entry.postings = found.remove(&recorded.id).unwrap_or_default();
        }
    }
    Ok(entries)
}

/// The statement that reads the postings of `count` entries; a test reads its plans.
#[must_use]
pub fn postings_sql(count: usize) -> String {
    format!("SELECT p.entry_id, p.account, p.amount FROM ledger_postings p WHERE p.entry_id IN ({}) ORDER BY p.entry_id, p.line", places(count))
}

/// The entry with this id.
pub(in super::super) fn by_id(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Recorded>> {
    let sql = format!("SELECT {ENTRY} FROM ledger_entries e LEFT JOIN ledger_seals s ON s.entry_id = e.id WHERE e.id = $1");
    let found = conn.query(&sql, &[id.into()], recorded)?;
    Ok(with_postings(conn, found)?.pop())
}

/// The entry with this source.
pub(in super::super) fn by_source(conn: &mut Conn<'_>, source: &str) -> DbResult<Option<Recorded>> {
    let sql = format!("SELECT {ENTRY} FROM ledger_entries e LEFT JOIN ledger_seals s ON s.entry_id = e.id WHERE e.source = $1");
    let found = conn.query(&sql, &[source.into()], recorded)?;
    Ok(with_postings(conn, found)?.pop())
}

/// The entries of a booking, oldest first.
pub(in super::super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Recorded>> {
    let sql =
        format!("SELECT {ENTRY} FROM ledger_entries e LEFT JOIN ledger_seals s ON s.entry_id = e.id WHERE e.booking_id = $1 ORDER BY e.at, e.id LIMIT $2");
    let found = conn.query(&sql, &[booking.into(), MOST_OF_BOOKING.into()], recorded)?;
    with_postings(conn, found)
}

/// The entries that pass `filter`, newest first, those after the place, at most `limit`.
pub(in super::super) fn list(conn: &mut Conn<'_>, filter: &Filter, after: Option<&Place>, limit: i64) -> DbResult<Vec<Recorded>> {
    let (sql, params) = list_sql(filter, after, limit);
    let found = conn.query(&sql, &params, recorded)?;
    with_postings(conn, found)
}

/// The statement of [`list`]; a test reads its plans.
#[must_use]
pub fn list_sql(filter: &Filter, after: Option<&Place>, limit: i64) -> (String, Vec<Value>) {
    // The end of the span is a place too: nothing at `to` itself has an id below this one.
    let end = after.copied().unwrap_or(Place { at: filter.to.unwrap_or(FOREVER), id: Uuid::nil() });
    let mut params: Vec<Value> = vec![filter.from.unwrap_or(Instant(0)).into(), end.at.into(), end.id.into(), limit.into()];
    let mut wanted = String::new();
    let mut only = |column: &str, value: Value| {
        params.push(value);
        wanted.push_str(&format!(" AND {column} = ${}", params.len()));
    };
    // An account is named once in an entry, so its postings are the list.
    let (from, at, id) = match &filter.account {
        Some(account) => {
            only("p.account", account.name().into());
            ("ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id", "p.at", "p.entry_id")
        }
        None => ("ledger_entries e", "e.at", "e.id"),
    };
    if let Some(booking) = filter.booking {
        only("e.booking_id", booking.into());
    }
    if let Some(kind) = filter.kind {
        only("e.kind", kind.name().into());
    }
    let sql = format!(
        "SELECT {ENTRY} FROM {from} LEFT JOIN ledger_seals s ON s.entry_id = e.id
         WHERE {at} >= $1 AND ({at}, {id}) < ($2, $3){wanted} ORDER BY {at} DESC, {id} DESC LIMIT $4"
    );
    (sql, params)
}

/// Hands every posting to an account to `take`, oldest first, as JSON.
pub(in super::super) fn each_of_account(conn: &mut Conn<'_>, account: &Account, mut take: impl FnMut(&serde_json::Value) -> DbResult<()>) -> DbResult<()> {
    const SQL: &str = "SELECT p.at, e.kind, p.account, p.currency, p.amount, e.booking_id FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
        WHERE p.account = $1 ORDER BY p.at, p.entry_id";
    conn.each(SQL, &[account.name().into()], |row| {
        let (at, kind, account, currency): (Instant, String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        let (amount, booking): (i64, Option<Uuid>) = (row.get(4)?, row.get(5)?);
        take(&serde_json::json!({ "at": at.to_string(), "kind": kind, "account": account, "currency": currency, "amount": amount, "booking_id": booking }))
    })
}

/// Hands every numbered entry of a span to `take`, oldest first, without keeping them.
pub(in super::super) fn between(
    conn: &mut Conn<'_>,
    from: Option<Instant>,
    to: Option<Instant>,
    mut take: impl FnMut(&Recorded) -> DbResult<()>,
) -> DbResult<()> {
    let sql = format!(
        "SELECT {ENTRY}, p.account, p.amount FROM ledger_entries e JOIN ledger_seals s ON s.entry_id = e.id JOIN ledger_postings p ON p.entry_id = e.id
         WHERE e.at >= $1 AND e.at < $2 ORDER BY e.at, e.id, p.line"
    );
    let mut whole: Option<Recorded> = None;
    conn.each(&sql, &[from.unwrap_or(Instant(0)).into(), to.unwrap_or(FOREVER).into()], |row| {
        let posting = Posting { account: account(row, WIDTH)?, amount: row.get(WIDTH + 1)? };
        let id: Uuid = row.get(0)?;
        if let Some(entry) = whole.as_mut().filter(|entry| entry.id == id) {
            entry.entry.postings.push(posting);
            return Ok(());
        }
        let mut next = recorded(row)?;
        next.entry.postings.push(posting);
        whole.replace(next).as_ref().map_or(Ok(()), &mut take)
    })?;
    whole.as_ref().map_or(Ok(()), take)
}
