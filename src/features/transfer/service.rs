//! Writing all homes as lines, and reading lines back, each in a transaction of its own.

use super::rules::{FORMAT, LISTING, TABLES, Table, is_as_told};
use super::store;
use crate::features::listings;
use crate::platform::db::{Conn, Db, DbError, DbResult, Lane, Tx, Value};
use crate::platform::events::{self, Kind};
use crate::platform::keys::Keys;
use crate::values::{Email, Instant, ListingId, UserId};
use anyhow::{Context, bail};
use serde_json::{Map, Value as Member, json};
use std::io::{BufRead, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Longest line that is read.
const MOST_BYTES: u64 = 16 << 20;

/// Which homes are written, and how much of them.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Only those of the host with this address.
    pub host: Option<Email>,
    /// With address, way in and codes, in clear.
    pub private: bool,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// New, or put in the place of what was there.
    pub written: u64,
    /// As the file says already.
    pub unchanged: u64,
    /// Lines that could not be used: their number, and why. At most a hundred are listed.
    pub bad: Vec<(u64, String)>,
    pub bad_count: u64,
}

/// Writes homes to `out`, one a line, as they were at one moment; answers how many.
pub fn export(db: &Db, keys: &Keys, wish: &Wish, out: &mut dyn Write) -> anyhow::Result<u64> {
    db.bulk(|conn| {
        let mut count = 0;
        for id in store::ids(conn, wish.host.as_ref())? {
            if let Some(line) = line(conn, keys, id, wish.private)? {
                writeln!(out, "{}", Member::Object(line)).context("the lines cannot be written")?;
                count += 1;
            }
        }
        out.flush().context("the lines cannot be written")?;
        anyhow::Ok(count)
    })
}

fn line(conn: &mut Conn<'_>, keys: &Keys, id: ListingId, private: bool) -> DbResult<Option<Map<String, Member>>> {
    let Some(mut line) = store::read(conn, id)? else { return Ok(None) };
    if private {
        line.insert("private".to_owned(), listings::private_part(conn, keys, id)?);
    }
    Ok(Some(line))
}

/// Reads lines and writes the homes that are not as they say. A bad line is told and skipped; a home is there whole or not at all.
pub fn import(db: &Db, keys: &Arc<Keys>, lines: &mut dyn BufRead) -> anyhow::Result<Outcome> {
    let (mut outcome, mut number) = (Outcome::default(), 0);
    loop {
        let mut text = String::new();
        let read = std::io::Read::take(&mut *lines, MOST_BYTES).read_line(&mut text).context("the file cannot be read as UTF-8 text")?;
        if read == 0 {
            return Ok(outcome);
        }
        number += 1;
        if text.len() as u64 >= MOST_BYTES {
            bail!("line {number} is longer than {} MiB", MOST_BYTES >> 20);
        }
        if text.trim().is_empty() {
            continue;
        }
        match one(db, keys, &text) {
            Ok(Put::Written) => outcome.written += 1,
            Ok(Put::Unchanged) => outcome.unchanged += 1,
            told => {
                let why = told.err().unwrap_or_else(|| "its host's data were erased here".to_owned());
                outcome.bad_count += 1;
                if outcome.bad.len() < 100 {
                    outcome.bad.push((number, why));
                }
            }
        }
    }
}

/// The values of a row, by the names of their columns.
type Columns = Vec<(&'static str, Value)>;

/// A line that can be written.
struct Home {
    id: ListingId,
    host: Option<UserId>,
    email: Option<Email>,
    name: String,
    line: Map<String, Member>,
    listing: Columns,
    rows: Vec<(&'static Table, Vec<Columns>)>,
}

/// Reads one line and writes it, unless it is told already.
fn one(db: &Db, keys: &Arc<Keys>, text: &str) -> Result<Put, String> {
    let (home, keys) = (Arc::new(understood(text)?), Arc::clone(keys));
    db.write_blocking(Lane::Bulk, move |tx, now| put(tx, now, &keys, &home)).map_err(|error: DbError| match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })
}

fn understood(text: &str) -> Result<Home, String> {
    let line: Map<String, Member> = serde_json::from_str(text).map_err(|error| format!("no JSON object: {error}"))?;
    if line.get("format").and_then(Member::as_i64) != Some(FORMAT) {
        return Err(format!("format must be {FORMAT}"));
    }
    let id_of = |member: Option<&Member>| member.and_then(Member::as_str).and_then(|text| Uuid::parse_str(text).ok());
    let id = id_of(line.get("id")).map(ListingId).ok_or("id must be the id of a listing")?;
    let host = line.get("host").and_then(Member::as_object).ok_or("host must be an object")?;
    let name: String = host.get("name").and_then(Member::as_str).unwrap_or_default().chars().filter(|c| !c.is_control()).take(80).collect();
    let object = line.get("listing").and_then(Member::as_object).ok_or("listing must be an object")?;
    let listing = store::values(object, LISTING).map_err(|why| format!("listing: {why}"))?;
    let mut rows = Vec::new();
    for table in TABLES {
        let Some(list) = line.get(table.member) else { continue };
        let list = list.as_array().ok_or_else(|| format!("{} must be an array", table.member))?;
        let read = list.iter().map(|row| store::values(row.as_object().ok_or("must hold objects")?, table.columns));
        rows.push((table, read.collect::<Result<Vec<_>, String>>().map_err(|why| format!("{}: {why}", table.member))?));
    }
    let email = host.get("email").and_then(Member::as_str).and_then(Email::parse);
    let host = id_of(host.get("id")).map(UserId);
    Ok(Home { id, host, email, name, listing, rows, line })
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    Written,
    Unchanged,
    /// Its host was erased here, and does not come back by a file.
    Erased,
}

fn put(tx: &mut Tx<'_>, now: Instant, keys: &Keys, home: &Home) -> DbResult<Put> {
    let private = home.line.get("private");
    let current = line(tx, keys, home.id, private.is_some())?;
    if current.as_ref().is_some_and(|current| is_as_told(current, &home.line)) {
        return Ok(Put::Unchanged);
    }
    if store::is_erased(tx, home.id, home.host)? {
        return Ok(Put::Erased);
    }
    let host = store::host(tx, now, home.host, home.email.as_ref(), &home.name)?;
    match current {
        Some(_) => store::update_listing(tx, home.id, host, &home.listing)?,
        None => store::insert_listing(tx, home.id, host, &home.listing)?,
    }
    for (table, rows) in &home.rows {
        store::write_rows(tx, home.id, table, rows)?;
    }
    if let Some(private) = private {
        listings::set_private_part(tx, keys, home.id, private)?;
    }
    events::append(tx, Kind::ListingChanged, home.id.0, &json!({}), now)?;
    Ok(Put::Written)
}
