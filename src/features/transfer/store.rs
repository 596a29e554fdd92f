//! SQL: a home as one JSON object, and back.

use super::rules::{FORMAT, Kind, LISTING, TABLES, Table, value};
use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx, Value};
use crate::values::{Email, Instant, ListingId, Night, UserId};
use serde_json::{Map, Value as Member, json};
use uuid::Uuid;

/// The only table of a line in which not every row is the listing's own.
const EXTERNAL: &str = "external_nights";

const ALL: &str = "SELECT id FROM listings ORDER BY id";
const OF_HOST: &str = "SELECT l.id FROM accounts a JOIN listings l ON l.host_id = a.user_id WHERE a.email_key = $1 ORDER BY l.id";
const HOST: &str = "SELECT u.id, u.name, a.email FROM listings l JOIN users u ON u.id = l.host_id LEFT JOIN accounts a ON a.user_id = u.id WHERE l.id = $1";

/// The ids of all homes, or of those of the host with this address.
pub(super) fn ids(conn: &mut Conn<'_>, host: Option<&Email>) -> DbResult<Vec<ListingId>> {
    match host {
        Some(email) => conn.query(OF_HOST, &[email.key().into()], |row| row.get(0)),
        None => conn.query(ALL, &[], |row| row.get(0)),
    }
}

/// Whether somebody has an account with this address.
pub(super) fn is_known(conn: &mut Conn<'_>, email: &Email) -> DbResult<bool> {
    Ok(conn.first("SELECT 1 FROM accounts WHERE email_key = $1", &[email.key().into()], |_| Ok(()))?.is_some())
}

/// Whether a listing has photos of its own here.
pub(super) fn has_photos(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<bool> {
    Ok(conn.first("SELECT 1 FROM listing_photos WHERE listing_id = $1 LIMIT 1", &[listing.into()], |_| Ok(()))?.is_some())
}

/// A home as a line, without its private part; `None` where there is none.
pub(super) fn read(conn: &mut Conn<'_>, id: ListingId) -> DbResult<Option<Map<String, Member>>> {
    let host = conn
        .first(HOST, &[id.into()], |row| Ok(json!({"id": row.get::<UserId>(0)?.0, "name": row.get::<String>(1)?, "email": row.get::<Option<String>>(2)?})))?;
    let Some(host) = host else { return Ok(None) };
    let sql = format!("SELECT {} FROM listings WHERE id = $1", names(LISTING));
    let Some(listing) = conn.first(&sql, &[id.into()], |row| object(row, LISTING))? else { return Ok(None) };
    let mut line = Map::new();
    line.insert("format".to_owned(), json!(FORMAT));
    line.insert("id".to_owned(), json!(id.0));
    line.insert("host".to_owned(), host);
    line.insert("listing".to_owned(), Member::Object(listing));
    for Table { name, member, columns, order } in TABLES {
        let sql = format!("SELECT {} FROM {name} WHERE listing_id = $1 ORDER BY {order}", names(columns));
        let mut rows = conn.query(&sql, &[id.into()], |row| object(row, columns).map(Member::Object))?;
        rows.retain(|row| !is_of_feed(row.get("feed").and_then(Member::as_str)));
        line.insert((*member).to_owned(), Member::Array(rows));
    }
    Ok(Some(line))
}

/// Whoever a line names: by id, else by address, else a new person without an account, as imports make them.
pub(super) fn host(tx: &mut Tx<'_>, now: Instant, id: Option<UserId>, email: Option<&Email>, name: &str) -> DbResult<UserId> {
    const NEW: &str = "INSERT INTO users (id, name, about, location, languages, identity_verified, top_host, version, created_at, updated_at)
        VALUES ($1, $2, '', '', '[]', FALSE, FALSE, 1, $3, $3)";
    if let Some(email) = email
        && let Some(found) = tx.first("SELECT user_id FROM accounts WHERE email_key = $1", &[email.key().into()], |row| row.get(0))?
    {
        return Ok(found);
    }
    if let Some(id) = id
        && tx.first("SELECT 1 FROM users WHERE id = $1", &[id.into()], |_| Ok(()))?.is_some()
    {
        return Ok(id);
    }
    let id = id.unwrap_or_else(UserId::new);
    tx.execute(NEW, &[id.into(), name.into(), now.into()])?;
    Ok(id)
}

/// Writes the row of a listing that is there; columns that a line does not have keep what they hold. The listing lock comes with it.
pub(super) fn update_listing(tx: &mut Tx<'_>, id: ListingId, host: UserId, columns: &[(&'static str, Value)]) -> DbResult<()> {
    let mut values: Vec<Value> = vec![id.into(), host.into()];
    let mut sets = String::new();
    for (name, value) in columns {
        values.push(value.clone());
        sets.push_str(&format!(", {name} = ${}", values.len()));
    }
    let sql = format!("UPDATE listings SET host_id = $2, calendar_version = calendar_version + 1, version = version + 1{sets} WHERE id = $1");
    tx.execute(&sql, &values).map(|_rows| ())
}

/// Writes the row of a new listing.
pub(super) fn insert_listing(tx: &mut Tx<'_>, id: ListingId, host: UserId, columns: &[(&'static str, Value)]) -> DbResult<()> {
    insert(tx, "listings", &[&[("id", id.into()), ("host_id", host.into()), ("calendar_version", 0_i64.into()), ("version", 1_i64.into())], columns])
}

fn insert(tx: &mut Tx<'_>, table: &str, columns: &[&[(&'static str, Value)]]) -> DbResult<()> {
    let columns: Vec<&(&'static str, Value)> = columns.iter().copied().flatten().collect();
    let names: Vec<&str> = columns.iter().map(|(name, _)| *name).collect();
    let places: Vec<String> = (1..=columns.len()).map(|n| format!("${n}")).collect();
    let values: Vec<Value> = columns.iter().map(|(_, value)| value.clone()).collect();
    tx.execute(&format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), places.join(", ")), &values).map(|_rows| ())
}

/// Puts these rows in the place of those that the listing has in a table. Nights of feeds are left as they are: whoever reads the feed
/// brings them up to date, and where there is no such feed nobody could ever free them again.
pub(super) fn write_rows(tx: &mut Tx<'_>, id: ListingId, table: &Table, rows: &[Vec<(&'static str, Value)>]) -> DbResult<()> {
    const FEEDS: &str = "SELECT DISTINCT feed FROM external_nights WHERE listing_id = $1 ORDER BY feed";
    if table.name == EXTERNAL {
        let feeds: Vec<String> = tx.query(FEEDS, &[id.into()], |row| row.get(0))?;
        for feed in feeds.into_iter().filter(|feed| !is_of_feed(Some(feed))) {
            tx.execute("DELETE FROM external_nights WHERE listing_id = $1 AND feed = $2", &[id.into(), feed.into()])?;
        }
    } else {
        tx.execute(&format!("DELETE FROM {} WHERE listing_id = $1", table.name), &[id.into()])?;
    }
    let is_own =
        |row: &&Vec<(&'static str, Value)>| !row.iter().any(|(name, value)| *name == "feed" && matches!(value, Value::Text(feed) if is_of_feed(Some(feed))));
    rows.iter().filter(is_own).try_for_each(|row| insert(tx, table.name, &[&[("listing_id", id.into())], row]))
}

/// Whether nights are those of a feed, which has an id; those of an import have its name.
fn is_of_feed(feed: Option<&str>) -> bool {
    feed.is_some_and(|feed| Uuid::parse_str(feed).is_ok())
}

/// Whether the person of a line, or whoever hosts the listing now, was erased.
pub(super) fn is_erased(conn: &mut Conn<'_>, listing: ListingId, host: Option<UserId>) -> DbResult<bool> {
    const PERSON: &str = "SELECT 1 FROM erasures WHERE user_id = $1";
    const HOST_NOW: &str = "SELECT 1 FROM listings l JOIN erasures e ON e.user_id = l.host_id WHERE l.id = $1";
    let person = match host {
        Some(host) => conn.first(PERSON, &[host.into()], |_| Ok(()))?.is_some(),
        None => false,
    };
    Ok(person || conn.first(HOST_NOW, &[listing.into()], |_| Ok(()))?.is_some())
}

/// The columns that an object of a line has, as they are written. The error names the column.
pub(super) fn values(object: &Map<String, Member>, columns: &[(&'static str, Kind)]) -> Result<Vec<(&'static str, Value)>, String> {
    let told = columns.iter().filter_map(|(name, kind)| object.get(*name).map(|member| (*name, *kind, member)));
    told.map(|(name, kind, member)| value(kind, member).map(|value| (name, value)).map_err(|why| format!("{name} {why}"))).collect()
}

fn names(columns: &[(&str, Kind)]) -> String {
    columns.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ")
}

fn object(row: &Row<'_>, columns: &[(&'static str, Kind)]) -> DbResult<Map<String, Member>> {
    columns.iter().enumerate().map(|(at, (name, kind))| Ok(((*name).to_owned(), member(row, at, *kind)?))).collect()
}

/// A coordinate with nine decimals, a tenth of a millimetre: so few are read back as the very number that was written.
#[expect(clippy::float_arithmetic, reason = "coordinates are measured, not counted")]
fn short(degrees: f64) -> f64 {
    (degrees * 1e9).round() / 1e9
}

fn member(row: &Row<'_>, at: usize, kind: Kind) -> DbResult<Member> {
    Ok(match kind {
        Kind::Text => json!(row.get::<Option<String>>(at)?),
        Kind::Int => json!(row.get::<Option<i64>>(at)?),
        Kind::Bool => json!(row.get::<Option<bool>>(at)?),
        Kind::Real => json!(row.get::<Option<f64>>(at)?.map(short)),
        Kind::Instant => json!(row.get::<Option<Instant>>(at)?.map(|at| at.to_string())),
        Kind::Night => json!(row.get::<Option<Night>>(at)?.map(|night| night.to_string())),
        Kind::Uuid => json!(row.get::<Option<Uuid>>(at)?),
        Kind::Json => match row.get::<Option<Json>>(at)? {
            Some(Json(text)) => serde_json::from_str(&text).map_err(|e| DbError::Column { column: at, reason: e.to_string() })?,
            None => Member::Null,
        },
    })
}
