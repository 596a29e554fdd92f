//! SQL of quotes, and what else a quote must know of a listing.

use crate::features::quotes::rules::promise::{Quote, QuoteId};
use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::{Currency, Instant, ListingId, UserId, Zone};

const PLACE: &str = "SELECT host_id, version, calendar_version, zone, check_in_minute, check_out_minute, short_policy, long_policy
    FROM listings WHERE id = $1";
const INSERT: &str = "INSERT INTO quotes (id, listing_id, user_id, check_in, check_out, asked, asked_hash, promise, currency, total_due_minor,
    total_price_minor, payout_minor, policy, coupon_id, listing_version, calendar_version, check_in_at, check_out_at, created_at, expires_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)";
const ONE: &str = "SELECT id, listing_id, user_id, asked, asked_hash, promise, currency, policy, coupon_id, listing_version, calendar_version,
    check_in_at, check_out_at, created_at, expires_at FROM quotes WHERE id = $1";
const OF_USER: &str = "SELECT id, listing_id, user_id, asked, asked_hash, promise, currency, policy, coupon_id, listing_version, calendar_version,
    check_in_at, check_out_at, created_at, expires_at FROM quotes WHERE user_id = $1 ORDER BY created_at, id";
const FORGET: &str = "DELETE FROM quotes WHERE user_id = $1";
const PRUNE: &str = "DELETE FROM quotes WHERE id IN (SELECT id FROM quotes WHERE expires_at < $1 ORDER BY expires_at LIMIT 500)";

pub(super) const STATEMENTS: [(&str, &str); 5] = [(PLACE, "u"), (ONE, "u"), (OF_USER, "u"), (FORGET, "u"), (PRUNE, "i")];

/// What a quote must know of a listing besides its calendar and its prices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Place {
    pub host: UserId,
    pub version: i64,
    pub calendar_version: i64,
    pub zone: Zone,
    /// Local wall times, minutes since midnight.
    pub check_in_minute: u16,
    pub check_out_minute: u16,
    /// For stays under 28 nights, and for others.
    pub short_policy: String,
    pub long_policy: String,
}

/// A listing in any state; `None` where there is no such listing.
pub(in super::super) fn place(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Place>> {
    conn.first(PLACE, &[listing.into()], |row| {
        Ok(Place {
            host: row.get(0)?,
            version: row.get(1)?,
            calendar_version: row.get(2)?,
            zone: row.known(3, Zone::parse)?,
            check_in_minute: row.small(4)?,
            check_out_minute: row.small(5)?,
            short_policy: row.get(6)?,
            long_policy: row.get(7)?,
        })
    })
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, quote: &Quote) -> DbResult<()> {
    let Quote { asked, promise, .. } = quote;
    let params = [
        quote.id.0.into(),
        quote.listing.into(),
        quote.by.into(),
        asked.check_in.into(),
        asked.check_out.into(),
        Json::of(asked)?.into(),
        (&quote.hash).into(),
        Json::of(promise)?.into(),
        quote.currency.code().into(),
        promise.price.total_due.into(),
        promise.price.total_price.into(),
        promise.price.host_payout.into(),
        (&quote.policy).into(),
        quote.coupon.into(),
        quote.listing_version.into(),
        quote.calendar_version.into(),
        quote.check_in_at.into(),
        quote.check_out_at.into(),
        quote.created_at.into(),
        quote.expires_at.into(),
    ];
    tx.execute(INSERT, &params)?;
    Ok(())
}

/// A quote, live or run out.
pub(in super::super) fn one(conn: &mut Conn<'_>, id: QuoteId) -> DbResult<Option<Quote>> {
    conn.first(ONE, &[id.0.into()], read)
}

/// All quotes that somebody asked for while logged in.
pub(in super::super) fn of_user(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Quote>> {
    conn.query(OF_USER, &[user.into()], read)
}

pub(in super::super) fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    tx.execute(FORGET, &[user.into()])?;
    Ok(())
}

/// Deletes up to 500 quotes that ran out before `before`; answers how many.
pub(in super::super) fn prune(tx: &mut Tx<'_>, before: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[before.into()])
}

fn read(row: &Row<'_>) -> DbResult<Quote> {
    Ok(Quote {
        id: QuoteId(row.get(0)?),
        listing: row.get(1)?,
        by: row.get(2)?,
        asked: row.json(3)?,
        hash: row.get(4)?,
        promise: row.json(5)?,
        currency: row.known(6, Currency::parse)?,
        policy: row.get(7)?,
        coupon: row.get(8)?,
        listing_version: row.get(9)?,
        calendar_version: row.get(10)?,
        check_in_at: row.get(11)?,
        check_out_at: row.get(12)?,
        created_at: row.get(13)?,
        expires_at: row.get(14)?,
    })
}
