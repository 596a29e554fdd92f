//! SQL of what a host looks back on: how often a page was read, which nights were taken, and the list of one's own listings.

use super::super::rules::co_hosts::Level;
use super::super::rules::months::Taken;
use super::super::service::standing::State;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Currency, Instant, ListingId, Money, Night, NightRange, UserId, Zone};

const VIEWS: &str = "SELECT day, views FROM listing_views WHERE listing_id = $1 AND day >= $2 AND day < $3";
const BOOKED: &str = "SELECT night, COUNT(*) FROM booked_nights WHERE listing_id = $1 AND kind = 'booking' AND night >= $2 AND night < $3
    GROUP BY night ORDER BY night";
const ELSEWHERE: &str = "SELECT from_night, to_night FROM external_nights WHERE listing_id = $1 AND to_night > $2 AND from_night < $3";
const BLOCKED: &str = "SELECT from_night, to_night FROM calendar_blocks WHERE listing_id = $1 AND to_night > $2 AND from_night < $3";
const PRICES: &str = "SELECT from_night, to_night, price_minor FROM day_overrides
    WHERE listing_id = $1 AND to_night > $2 AND from_night < $3 AND price_minor IS NOT NULL ORDER BY CASE WHEN source = 'host' THEN 0 ELSE 1 END, source";
const BASE: &str = "SELECT price_minor, created_at FROM listings WHERE id = $1";
const ZONE: &str = "SELECT zone FROM listings WHERE id = $1";
const PRUNE: &str = "DELETE FROM listing_views WHERE day < $1";
const HOSTED: &str = "SELECT l.id, l.state, l.state_note, l.withheld, l.title, l.city, l.country, l.photo_url, l.currency, l.price_minor, l.version,
    l.created_at, l.updated_at
    FROM listings l WHERE l.host_id = $1 AND l.id < $2 AND ($3 = '' OR l.state = $3) ORDER BY l.id DESC LIMIT $4";
const HELPED: &str = "SELECT l.id, l.state, l.state_note, l.withheld, l.title, l.city, l.country, l.photo_url, l.currency, l.price_minor, l.version,
    l.created_at, l.updated_at, c.level
    FROM co_hosts c JOIN listings l ON l.id = c.listing_id
    WHERE c.user_id = $1 AND c.listing_id < $2 AND ($3 = '' OR l.state = $3) ORDER BY c.listing_id DESC LIMIT $4";

/// Statements that must find their rows by an index, with the kinds of their parameters: `u` an id, `t` a text, `d` a day, `n` a
/// number.
pub(super) const STATEMENTS: &[(&str, &str)] = &[
    (VIEWS, "udd"),
    (BOOKED, "udd"),
    (ELSEWHERE, "udd"),
    (BLOCKED, "udd"),
    (PRICES, "udd"),
    (BASE, "u"),
    (ZONE, "u"),
    (PRUNE, "d"),
    (HOSTED, "uutn"),
    (HELPED, "uutn"),
];

/// A listing as it stands in the list of whoever hosts it or helps with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnListing {
    pub id: ListingId,
    pub state: State,
    /// What staff said when they sent it back or withheld it.
    pub state_note: Option<String>,
    pub withheld: bool,
    pub title: String,
    pub city: String,
    pub country: String,
    pub photo_url: Option<String>,
    /// Base price of a night; 0 while it is not known.
    pub nightly: Money,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
    /// Of the co-host; `None` for the host.
    pub level: Option<Level>,
}

/// What somebody hosts, newest first, at most `limit` of them older than `before`; in one state or in any.
pub(in super::super) fn hosted(conn: &mut Conn<'_>, user: UserId, before: ListingId, state: Option<State>, limit: i64) -> DbResult<Vec<OwnListing>> {
    let params = [user.into(), before.into(), state.map_or("", State::name).into(), limit.into()];
    conn.query(HOSTED, &params, |row| own_listing(row, None))
}

/// What somebody helps with, likewise.
pub(in super::super) fn helped(conn: &mut Conn<'_>, user: UserId, before: ListingId, state: Option<State>, limit: i64) -> DbResult<Vec<OwnListing>> {
    let params = [user.into(), before.into(), state.map_or("", State::name).into(), limit.into()];
    conn.query(HELPED, &params, |row| own_listing(row, Some(row.known(13, Level::parse)?)))
}

fn own_listing(row: &Row<'_>, level: Option<Level>) -> DbResult<OwnListing> {
    Ok(OwnListing {
        id: row.get(0)?,
        state: row.known(1, State::parse)?,
        state_note: row.get(2)?,
        withheld: row.get(3)?,
        title: row.get(4)?,
        city: row.get(5)?,
        country: row.get(6)?,
        photo_url: row.get(7)?,
        nightly: Money::new(row.get(9)?, row.known(8, Currency::parse)?),
        version: row.get(10)?,
        created_at: row.get(11)?,
        updated_at: row.get(12)?,
        level,
    })
}

/// The base price of a night in minor units, and since when the listing is here.
pub(in super::super) fn base(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<(i64, Instant)>> {
    conn.first(BASE, &[listing.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Days with how often the page was read.
pub(in super::super) fn views(conn: &mut Conn<'_>, listing: ListingId, range: NightRange) -> DbResult<Vec<(Night, i64)>> {
    conn.query(VIEWS, &[listing.into(), range.from.into(), range.to.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// What takes the nights of `range`, and their prices. Ranges may reach beyond it.
pub(in super::super) fn taken(conn: &mut Conn<'_>, listing: ListingId, range: NightRange) -> DbResult<Taken> {
    let params = [listing.into(), range.from.into(), range.to.into()];
    let reach = |row: &Row<'_>| Ok(NightRange::new(row.get(0)?, row.get(1)?));
    Ok(Taken {
        booked: conn.query(BOOKED, &params, |row| Ok((row.get(0)?, row.get(1)?)))?,
        elsewhere: conn.query(ELSEWHERE, &params, reach)?,
        blocked: conn.query(BLOCKED, &params, reach)?,
        prices: conn.query(PRICES, &params, |row| Ok((reach(row)?, row.get(2)?)))?,
    })
}

/// The zone of a listing; `None` when it is gone.
pub(in super::super) fn zone(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Zone>> {
    conn.first(ZONE, &[listing.into()], |row| row.known(0, Zone::parse))
}

/// Adds to the views of a day.
pub(in super::super) fn add_views(tx: &mut Tx<'_>, listing: ListingId, day: Night, views: i64) -> DbResult<()> {
    const ADD: &str = "INSERT INTO listing_views (listing_id, day, views) VALUES ($1, $2, $3)
        ON CONFLICT (listing_id, day) DO UPDATE SET views = listing_views.views + excluded.views";
    tx.execute(ADD, &[listing.into(), day.into(), views.into()])?;
    Ok(())
}

/// Drops what was counted before `day`.
pub(in super::super) fn prune_views(tx: &mut Tx<'_>, day: Night) -> DbResult<u64> {
    tx.execute(PRUNE, &[day.into()])
}
