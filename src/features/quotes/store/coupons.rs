//! SQL of coupons and their uses.

use crate::features::pricing::{Funder, Off};
use crate::features::quotes::rules::coupon::Coupon;
use crate::platform::db::{Conn, DbError, DbResult, Row, Tx};
use crate::values::{BookingId, Currency, Instant, ListingId, UserId};
use uuid::Uuid;

/// The columns of a coupon, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, code, code_key, funded_by, host_id, listing_id, off_bp, most_minor, off_minor, currency, valid_from, valid_to, min_nights,
            max_uses, per_guest, uses, ended_at, version, created_at FROM coupons ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE id = $1");
const BY_CODE: &str =
    select!("WHERE code_key = $1 AND ended_at IS NULL AND (host_id IS NULL OR host_id = $2) AND (listing_id IS NULL OR listing_id = $3) ORDER BY id LIMIT 10");
const OF_LISTING: &str = select!("WHERE host_id = $1 AND id < $4 AND funded_by = 'host' AND (listing_id IS NULL OR listing_id = $2) ORDER BY id DESC LIMIT $3");
const OF_PLATFORM: &str = select!("WHERE funded_by = 'platform' AND id < $2 ORDER BY id DESC LIMIT $1");
const OF_HOST: &str = select!("WHERE host_id = $1 AND funded_by = 'host' ORDER BY id LIMIT 10000");
const LIVE: &str = "SELECT COUNT(*) FROM coupons WHERE host_id = $1 AND funded_by = 'host' AND ended_at IS NULL";
const INSERT: &str = "INSERT INTO coupons (id, code, code_key, funded_by, host_id, listing_id, off_bp, most_minor, off_minor, currency, valid_from, valid_to,
    min_nights, max_uses, per_guest, uses, version, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 0, 1, $16)
    ON CONFLICT DO NOTHING";
const END: &str = "UPDATE coupons SET ended_at = $2, version = version + 1 WHERE id = $1 AND ended_at IS NULL";
const COUNT_UP: &str = "UPDATE coupons SET uses = uses + 1 WHERE id = $1";
const COUNT_DOWN: &str = "UPDATE coupons SET uses = uses - 1 WHERE id = $1 AND uses > 0";
const USE: &str = "INSERT INTO coupon_uses (booking_id, coupon_id, user_id, used_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const USED_FOR: &str = "SELECT coupon_id FROM coupon_uses WHERE booking_id = $1";
const UNUSE: &str = "DELETE FROM coupon_uses WHERE booking_id = $1";
const BY_GUEST: &str = "SELECT COUNT(*) FROM coupon_uses WHERE coupon_id = $1 AND user_id = $2";
const USES_OF_USER: &str = "SELECT c.code, u.booking_id, u.used_at FROM coupon_uses u JOIN coupons c ON c.id = u.coupon_id
    WHERE u.user_id = $1 ORDER BY u.used_at, u.booking_id";
const FORGET_USES: &str = "DELETE FROM coupon_uses WHERE user_id = $1";
const FORGET_USES_OF_HOST: &str = "DELETE FROM coupon_uses WHERE coupon_id IN (SELECT id FROM coupons WHERE host_id = $1)";
const FORGET: &str = "DELETE FROM coupons WHERE host_id = $1";

pub(super) const STATEMENTS: [(&str, &str); 15] = [
    (ONE, "u"),
    (BY_CODE, "tuu"),
    (OF_LISTING, "uunu"),
    (OF_PLATFORM, "nu"),
    (OF_HOST, "u"),
    (LIVE, "u"),
    (END, "ui"),
    (COUNT_UP, "u"),
    (USED_FOR, "u"),
    (UNUSE, "u"),
    (BY_GUEST, "uu"),
    (USES_OF_USER, "u"),
    (FORGET_USES, "u"),
    (FORGET_USES_OF_HOST, "u"),
    (FORGET, "u"),
];

pub(in super::super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Coupon>> {
    conn.first(ONE, &[id.into()], read)
}

/// The live coupons with a code that are meant for a listing: that of the listing first, then the host's, then the platform's.
pub(in super::super) fn by_code(conn: &mut Conn<'_>, key: &str, host: UserId, listing: ListingId) -> DbResult<Vec<Coupon>> {
    let mut found = conn.query(BY_CODE, &[key.into(), host.into(), listing.into()], read)?;
    found.sort_by_key(|coupon| (coupon.funded_by == Funder::Platform, coupon.listing.is_none(), coupon.host.is_none()));
    Ok(found)
}

/// Coupons of a host that hold at a listing, ended ones too: up to `limit` older than `before`, newest first.
pub(in super::super) fn of_listing(conn: &mut Conn<'_>, host: UserId, listing: ListingId, before: Uuid, limit: i64) -> DbResult<Vec<Coupon>> {
    conn.query(OF_LISTING, &[host.into(), listing.into(), limit.into(), before.into()], read)
}

/// Coupons of the platform, as above.
pub(in super::super) fn of_platform(conn: &mut Conn<'_>, before: Uuid, limit: i64) -> DbResult<Vec<Coupon>> {
    conn.query(OF_PLATFORM, &[limit.into(), before.into()], read)
}

/// Everything a host has made.
pub(in super::super) fn of_host(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<Coupon>> {
    conn.query(OF_HOST, &[host.into()], read)
}

/// How many coupons of a host are live.
pub(in super::super) fn count_live(conn: &mut Conn<'_>, host: UserId) -> DbResult<i64> {
    Ok(conn.first(LIVE, &[host.into()], |row| row.get(0))?.unwrap_or(0))
}

/// `false` where its maker has a live coupon with this code.
pub(in super::super) fn insert(tx: &mut Tx<'_>, coupon: &Coupon) -> DbResult<bool> {
    let (bp, most, amount) = match coupon.off {
        Off::Share { bp, most } => (Some(bp), most, None),
        Off::Amount(amount) => (None, None, Some(amount)),
    };
    let currency = coupon.currency.map(|currency| currency.code().to_owned());
    let params = [
        coupon.id.into(),
        (&coupon.code).into(),
        (&coupon.key).into(),
        word(coupon.funded_by).into(),
        coupon.host.into(),
        coupon.listing.into(),
        bp.into(),
        most.into(),
        amount.into(),
        currency.into(),
        coupon.valid_from.into(),
        coupon.valid_to.into(),
        coupon.min_nights.into(),
        coupon.max_uses.into(),
        coupon.per_guest.into(),
        coupon.created_at.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// `false` where it had ended.
pub(in super::super) fn end(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute(END, &[id.into(), now.into()])? == 1)
}

/// Counts one more use; whoever else uses the coupon waits for the end of the transaction. `false`: there is no such coupon.
pub(in super::super) fn count_up(tx: &mut Tx<'_>, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute(COUNT_UP, &[id.into()])? == 1)
}

pub(in super::super) fn count_down(tx: &mut Tx<'_>, id: Uuid) -> DbResult<()> {
    tx.execute(COUNT_DOWN, &[id.into()])?;
    Ok(())
}

/// Writes down for which booking a coupon is used; `false` where the booking has one already.
pub(in super::super) fn write_use(tx: &mut Tx<'_>, now: Instant, id: Uuid, guest: UserId, booking: BookingId) -> DbResult<bool> {
    Ok(tx.execute(USE, &[booking.into(), id.into(), guest.into(), now.into()])? == 1)
}

/// The coupon of a booking.
pub(in super::super) fn used_for(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Option<Uuid>> {
    conn.first(USED_FOR, &[booking.into()], |row| row.get(0))
}

pub(in super::super) fn drop_use(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<()> {
    tx.execute(UNUSE, &[booking.into()])?;
    Ok(())
}

/// How often a guest has used a coupon.
pub(in super::super) fn uses_by(conn: &mut Conn<'_>, id: Uuid, guest: UserId) -> DbResult<u32> {
    Ok(conn.first(BY_GUEST, &[id.into(), guest.into()], |row| row.small(0))?.unwrap_or(0))
}

/// Code, booking and time of everything somebody used a coupon for.
pub(in super::super) fn uses_of(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<(String, BookingId, Instant)>> {
    conn.query(USES_OF_USER, &[user.into()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Takes away what somebody used and what they made; bookings keep their own lines.
pub(in super::super) fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    for statement in [FORGET_USES, FORGET_USES_OF_HOST, FORGET] {
        tx.execute(statement, &[user.into()])?;
    }
    Ok(())
}

fn word(funder: Funder) -> &'static str {
    match funder {
        Funder::Host => "host",
        Funder::Platform => "platform",
    }
}

fn read(row: &Row<'_>) -> DbResult<Coupon> {
    let off = match (row.small_or_null(6)?, row.get(8)?) {
        (Some(bp), None) => Off::Share { bp, most: row.get(7)? },
        (None, Some(amount)) => Off::Amount(amount),
        _ => return Err(DbError::Column { column: 6, reason: "neither a share nor an amount".into() }),
    };
    let funder = |name: &str| [Funder::Host, Funder::Platform].into_iter().find(|funder| word(*funder) == name);
    let code: Option<String> = row.get(9)?;
    let currency = code.map(|code| Currency::parse(&code).ok_or_else(|| DbError::Column { column: 9, reason: format!("no currency: {code}") }));
    Ok(Coupon {
        id: row.get(0)?,
        code: row.get(1)?,
        key: row.get(2)?,
        funded_by: row.known(3, funder)?,
        host: row.get(4)?,
        listing: row.get(5)?,
        off,
        currency: currency.transpose()?,
        valid_from: row.get(10)?,
        valid_to: row.get(11)?,
        min_nights: row.small(12)?,
        max_uses: row.small_or_null(13)?,
        per_guest: row.small_or_null(14)?,
        uses: row.small(15)?,
        ended_at: row.get(16)?,
        version: row.get(17)?,
        created_at: row.get(18)?,
    })
}
