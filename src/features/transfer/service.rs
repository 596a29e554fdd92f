//! Writing all homes as lines, and reading lines back, each in a transaction of its own.

use super::rules::{FORMAT, LISTING, TABLES, Table, is_as_told};
use super::store;
use crate::features::calendar;
use crate::features::cancellation;
use crate::features::listings::{self, State};
use crate::platform::db::{Conn, Db, DbResult, Lane, Tx, Value};
use crate::platform::error::{self, Error, Result};
use crate::platform::events::{self, Kind};
use crate::platform::keys::Keys;
use crate::values::{Currency, Email, Instant, ListingId, UserId};
use anyhow::{Context, bail};
use serde_json::{Map, Value as Member, json};
use std::io::{BufRead, Write};
use std::sync::Arc;
use uuid::Uuid;

/// Longest line that is read.
const MOST_BYTES: u64 = 16 << 20;

/// Lines of a kind that are told one by one.
const MOST_TOLD: usize = 100;

/// Which homes are written, and how much of them.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// Only those of the host with this address.
    pub host: Option<Email>,
    /// With address, way in and codes, in clear.
    pub private: bool,
}

/// What an import must know of the house that it brings homes to.
#[derive(Clone, Copy)]
pub struct House<'a> {
    /// Guests are shown no home without a photo.
    pub photo_required: bool,
    /// Whether the file behind a photo's address has come along.
    pub has_file: &'a dyn Fn(&str) -> anyhow::Result<bool>,
}

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// New, or put in the place of what was there.
    pub written: u64,
    /// As the file says already.
    pub unchanged: u64,
    /// Lines whose homes came in paused: published there, but without a photo here. At most a hundred are listed.
    pub held_back: Vec<u64>,
    /// Lines that could not be used: their number, and why. At most a hundred are listed.
    pub bad: Vec<(u64, String)>,
    pub bad_count: u64,
}

/// Whether somebody here has this address, so that it can be the host's.
pub fn is_known(db: &Db, host: &Email) -> DbResult<bool> {
    db.read_blocking(|conn| store::is_known(conn, host))
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
pub fn import(db: &Db, keys: &Arc<Keys>, house: &House<'_>, lines: &mut dyn BufRead) -> anyhow::Result<Outcome> {
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
        match one(db, keys, house, &text) {
            Ok(Put::Written) => outcome.written += 1,
            Ok(Put::HeldBack) => {
                outcome.written += 1;
                if outcome.held_back.len() < MOST_TOLD {
                    outcome.held_back.push(number);
                }
            }
            Ok(Put::Unchanged) => outcome.unchanged += 1,
            told => {
                let why = told.err().unwrap_or_else(|| "its host's data were erased here".to_owned());
                outcome.bad_count += 1;
                if outcome.bad.len() < MOST_TOLD {
                    outcome.bad.push((number, why));
                }
            }
        }
    }
}

/// The values of a row, by the names of their columns.
type Columns = Vec<(&'static str, Value)>;

/// How many alike homes there are: calendars decide.
const UNITS: &str = "unit_count";

/// A line that can be written.
#[derive(Debug, Clone)]
struct Home {
    id: ListingId,
    host: Option<UserId>,
    email: Option<Email>,
    name: String,
    line: Map<String, Member>,
    listing: Columns,
    rows: Vec<(&'static Table, Vec<Columns>)>,
    /// Guests are to see a photo of it, and none has come along.
    pictureless: bool,
}

/// Reads one line and writes it, unless it is told already.
fn one(db: &Db, keys: &Arc<Keys>, house: &House<'_>, text: &str) -> Result<Put, String> {
    let mut home = understood(text)?;
    home.pictureless = house.photo_required && !comes_with_photo(house, &home).map_err(|error| format!("{error:#}"))?;
    let (home, keys) = (Arc::new(home), Arc::clone(keys));
    db.write_blocking(Lane::Bulk, move |tx, now| put(tx, now, &keys, &home)).map_err(|error: Error| match std::error::Error::source(&error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    })
}

/// Whether a line names a photo that can be shown here: on the web, or a file of the house that is here.
fn comes_with_photo(house: &House<'_>, home: &Home) -> anyhow::Result<bool> {
    match home.told("photo_url").and_then(Member::as_str) {
        None => Ok(false),
        Some(address) if address.starts_with("http://") || address.starts_with("https://") => Ok(true),
        Some(address) => (house.has_file)(address),
    }
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
    Ok(Home { id, host, email, name, listing, rows, line, pictureless: false })
}

impl Home {
    /// What the line says of the listing itself.
    fn told(&self, column: &str) -> Option<&Member> {
        self.line.get("listing").and_then(|listing| listing.get(column))
    }

    /// The same home, which guests do not see for now.
    fn paused(&self) -> Self {
        let mut home = self.clone();
        for (_, value) in home.listing.iter_mut().filter(|(name, _)| *name == "state") {
            *value = State::Paused.name().into();
        }
        if let Some(listing) = home.line.get_mut("listing").and_then(Member::as_object_mut) {
            listing.insert("state".to_owned(), State::Paused.name().into());
        }
        home
    }
}

/// What became of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Put {
    Written,
    /// Written, but guests do not see it: it lacks its photos.
    HeldBack,
    Unchanged,
    /// Its host was erased here, and does not come back by a file.
    Erased,
}

fn put(tx: &mut Tx<'_>, now: Instant, keys: &Keys, home: &Home) -> Result<Put> {
    let private = home.line.get("private");
    let current = line(tx, keys, home.id, private.is_some())?;
    let held_back = is_held_back(tx, home)?;
    let paused = held_back.then(|| home.paused());
    let home = paused.as_ref().unwrap_or(home);
    if current.as_ref().is_some_and(|current| is_as_told(current, &home.line)) {
        return Ok(Put::Unchanged);
    }
    if store::is_erased(tx, home.id, home.host)? {
        return Ok(Put::Erased);
    }
    knows_policies(tx, home)?;
    let host = store::host(tx, now, home.host, home.email.as_ref(), &home.name)?;
    match current {
        Some(_) => change(tx, now, home, host)?,
        None => {
            store::insert_listing(tx, home.id, host, &home.listing)?;
            write_rows(tx, home)?;
        }
    }
    if let Some(private) = private {
        listings::set_private_part(tx, keys, home.id, private)?;
    }
    events::append(tx, Kind::ListingChanged, home.id.0, &json!({}), now)?;
    Ok(if held_back { Put::HeldBack } else { Put::Written })
}

/// A home is never sold under terms that nobody here can tell: policies of the operator's own do not come along.
fn knows_policies(tx: &mut Tx<'_>, home: &Home) -> Result<()> {
    for (column, long) in [("short_policy", false), ("long_policy", true)] {
        let Some(name) = home.told(column).and_then(Member::as_str) else { continue };
        if !cancellation::is_known(tx, name, long)? {
            let why = format!("{column} is no cancellation policy here: make it first, under the same key.");
            return Err(Error::refused(error::Kind::Unacceptable, "unknown_policy", why));
        }
    }
    Ok(())
}

/// Whether a home would come before guests without any photo. One that they see already stays as it is.
fn is_held_back(tx: &mut Tx<'_>, home: &Home) -> Result<bool> {
    if !home.pictureless || home.told("state").and_then(Member::as_str) != Some(State::Published.name()) {
        return Ok(false);
    }
    let is_seen = listings::standing_of(tx, home.id)?.is_some_and(|standing| standing.state == State::Published);
    Ok(!is_seen && !store::has_photos(tx, home.id)?)
}

/// Writes over a home that is here. What stays and prices hang on is asked as if its host had edited it: zone, currency, number of units.
fn change(tx: &mut Tx<'_>, now: Instant, home: &Home, host: UserId) -> Result<()> {
    listings::lock_calendar(tx, home.id)?;
    let standing = listings::standing_of(tx, home.id)?.ok_or_else(|| Error::not_found("There is no such listing."))?;
    let zone = home.told("zone").and_then(Member::as_str).unwrap_or(&standing.zone);
    let currency = home.told("currency").and_then(Member::as_str).and_then(Currency::parse).unwrap_or(standing.currency);
    listings::may_become(tx, now, &standing, zone, currency)?;
    let others: Columns = home.listing.iter().filter(|(name, _)| *name != UNITS).cloned().collect();
    store::update_listing(tx, home.id, host, &others)?;
    write_rows(tx, home)?;
    if let Some(units) = home.told(UNITS).and_then(Member::as_i64) {
        let units = u16::try_from(units).map_err(|_many| Error::refused(error::Kind::Unacceptable, "out_of_range", "unit_count must be 1 to 500."))?;
        calendar::set_unit_count(tx, now, None, home.id, units)?;
    }
    Ok(())
}

fn write_rows(tx: &mut Tx<'_>, home: &Home) -> DbResult<()> {
    home.rows.iter().try_for_each(|(table, rows)| store::write_rows(tx, home.id, table, rows))
}
