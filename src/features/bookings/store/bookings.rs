//! SQL of the bookings themselves.

use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::features::quotes::QuoteId;
use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::{BookingId, Currency, Instant, ListingId, Stay, UserId};
use uuid::Uuid;

/// The columns of a booking, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, code, listing_id, host_id, guest_id, guest_name, made_by, quote_id, state, asked, promise, currency, coupon_id, provider,
            message, house_rules, check_in_at, check_out_at, due_at, accepted_at, confirmed_at, ended_at, no_show_at, outcome, version, created_at,
            updated_at FROM bookings ",
            $rest
        )
    };
}
pub(super) use select;

const ONE: &str = select!("WHERE id = $1");
const BY_CODE: &str = select!("WHERE code = $1");
const INSERT: &str = "INSERT INTO bookings (id, code, listing_id, host_id, guest_id, guest_name, made_by, quote_id, state, check_in, check_out, asked, promise,
    currency, total_minor, payout_minor, coupon_id, provider, message, house_rules, check_in_at, check_out_at, due_at, accepted_at, confirmed_at,
    ended_at, no_show_at, outcome, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
    ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE bookings SET state = $2, due_at = $3, accepted_at = $4, confirmed_at = $5, ended_at = $6, no_show_at = $7, outcome = $8,
    version = version + 1, updated_at = $9 WHERE id = $1";
const REWRITE: &str = "UPDATE bookings SET check_in = $2, check_out = $3, asked = $4, promise = $5, total_minor = $6, payout_minor = $7, check_in_at = $8,
    check_out_at = $9, due_at = $10, version = version + 1, updated_at = $11 WHERE id = $1";
const SET_PROVIDER: &str = "UPDATE bookings SET provider = $2 WHERE id = $1";
const SET_GUEST: &str = "UPDATE bookings SET guest_id = $2, version = version + 1, updated_at = $3 WHERE id = $1 AND guest_id IS NULL";
const OF_QUOTE: &str = "SELECT id FROM bookings WHERE quote_id = $1";
const LISTING: &str = "SELECT listing_id FROM bookings WHERE id = $1";
const CODE: &str = "SELECT code FROM bookings WHERE id = $1";
const LIVE_HOLDS: &str = "SELECT state FROM bookings WHERE guest_id = $1 AND state IN ('pending_payment', 'requested') AND due_at > $2 LIMIT 100";
const LET_LAPSE: &str = "SELECT COUNT(*) FROM bookings WHERE listing_id = $1 AND guest_id = $2 AND state = 'expired' AND ended_at > $3
    AND accepted_at IS NULL AND check_in < $5 AND check_out > $4";
const DUE: &str = "SELECT id FROM bookings WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";

pub(super) const STATEMENTS: [(&str, &str); 9] =
    [(ONE, "u"), (CODE, "u"), (BY_CODE, "t"), (UPDATE, "utiiiiiji"), (OF_QUOTE, "u"), (LISTING, "u"), (LIVE_HOLDS, "ui"), (LET_LAPSE, "uuidd"), (DUE, "in")];

pub(in super::super) fn one(conn: &mut Conn<'_>, id: BookingId) -> DbResult<Option<Booking>> {
    conn.first(ONE, &[id.into()], read)
}

/// The eight letters of a booking.
pub(in super::super) fn code(conn: &mut Conn<'_>, id: BookingId) -> DbResult<Option<String>> {
    conn.first(CODE, &[id.into()], |row| row.get(0))
}

pub(in super::super) fn by_code(conn: &mut Conn<'_>, code: &str) -> DbResult<Option<Booking>> {
    conn.first(BY_CODE, &[code.into()], read)
}

/// Which listing a booking is at; it never changes.
pub(in super::super) fn listing_of(conn: &mut Conn<'_>, id: BookingId) -> DbResult<Option<ListingId>> {
    conn.first(LISTING, &[id.into()], |row| row.get(0))
}

/// Keeps others from changing the booking until the transaction ends, and reads it as it is then.
pub(in super::super) fn locked(tx: &mut Tx<'_>, id: BookingId) -> DbResult<Option<Booking>> {
    tx.first_held(ONE, &[id.into()], read)
}

/// `false` where its code or its quote has a booking already.
pub(in super::super) fn insert(tx: &mut Tx<'_>, booking: &Booking, stay: Stay) -> DbResult<bool> {
    let params = [
        booking.id.into(),
        (&booking.code).into(),
        booking.listing.into(),
        booking.host.into(),
        booking.guest.into(),
        (&booking.guest_name).into(),
        booking.made_by.into(),
        booking.quote.map(|quote| quote.0).into(),
        booking.state.name().into(),
        stay.check_in().into(),
        stay.check_out().into(),
        Json::of(&booking.asked)?.into(),
        Json::of(&booking.promise)?.into(),
        booking.currency.code().into(),
        booking.total().into(),
        booking.promise.price.host_payout.into(),
        booking.coupon.into(),
        (&booking.provider).into(),
        (&booking.message).into(),
        (&booking.house_rules).into(),
        booking.check_in_at.into(),
        booking.check_out_at.into(),
        booking.due_at.into(),
        booking.accepted_at.into(),
        booking.confirmed_at.into(),
        booking.ended_at.into(),
        booking.no_show_at.into(),
        booking.outcome.clone().map(Json).into(),
        booking.version.into(),
        booking.created_at.into(),
        booking.updated_at.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// Writes where a booking stands; its version rises.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, booking: &mut Booking) -> DbResult<()> {
    let params = [
        booking.id.into(),
        booking.state.name().into(),
        booking.due_at.into(),
        booking.accepted_at.into(),
        booking.confirmed_at.into(),
        booking.ended_at.into(),
        booking.no_show_at.into(),
        booking.outcome.clone().map(Json).into(),
        now.into(),
    ];
    tx.execute(UPDATE, &params)?;
    (booking.version, booking.updated_at) = (booking.version + 1, now);
    Ok(())
}

/// Writes what an alteration changed: the stay, the party, the price.
pub(in super::super) fn rewrite(tx: &mut Tx<'_>, now: Instant, booking: &mut Booking, stay: Stay) -> DbResult<()> {
    let params = [
        booking.id.into(),
        stay.check_in().into(),
        stay.check_out().into(),
        Json::of(&booking.asked)?.into(),
        Json::of(&booking.promise)?.into(),
        booking.total().into(),
        booking.promise.price.host_payout.into(),
        booking.check_in_at.into(),
        booking.check_out_at.into(),
        booking.due_at.into(),
        now.into(),
    ];
    tx.execute(REWRITE, &params)?;
    (booking.version, booking.updated_at) = (booking.version + 1, now);
    Ok(())
}

/// Writes who takes the money.
pub(in super::super) fn set_provider(tx: &mut Tx<'_>, booking: &Booking) -> DbResult<()> {
    tx.execute(SET_PROVIDER, &[booking.id.into(), (&booking.provider).into()])?;
    Ok(())
}

/// Gives a stay that the house entered, and that is nobody's yet, to whoever it is for.
pub(in super::super) fn set_guest(tx: &mut Tx<'_>, now: Instant, booking: &mut Booking, guest: UserId) -> DbResult<()> {
    tx.execute(SET_GUEST, &[booking.id.into(), guest.into(), now.into()])?;
    (booking.guest, booking.version, booking.updated_at) = (Some(guest), booking.version + 1, now);
    Ok(())
}

/// The booking that was made with a quote.
pub(in super::super) fn of_quote(conn: &mut Conn<'_>, quote: QuoteId) -> DbResult<Option<BookingId>> {
    conn.first(OF_QUOTE, &[quote.0.into()], |row| row.get(0))
}

/// The states of what a guest holds without having bought it.
pub(in super::super) fn live_holds(conn: &mut Conn<'_>, guest: UserId, now: Instant) -> DbResult<Vec<State>> {
    conn.query(LIVE_HOLDS, &[guest.into(), now.into()], |row| row.known(0, State::parse))
}

/// Whether a guest let a hold on some of these nights run out after `since`.
pub(in super::super) fn let_lapse(conn: &mut Conn<'_>, listing: ListingId, guest: UserId, since: Instant, stay: Stay) -> DbResult<bool> {
    let params = [listing.into(), guest.into(), since.into(), stay.check_in().into(), stay.check_out().into()];
    Ok(conn.first(LET_LAPSE, &params, |row| row.get::<i64>(0))?.unwrap_or(0) > 0)
}

/// Up to `limit` bookings whose state ends by `now`, the longest overdue first.
pub(in super::super) fn due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<BookingId>> {
    conn.query(DUE, &[now.into(), limit.into()], |row| row.get(0))
}

pub(super) fn read(row: &Row<'_>) -> DbResult<Booking> {
    let outcome: Option<Json> = row.get(23)?;
    Ok(Booking {
        id: row.get(0)?,
        code: row.get(1)?,
        listing: row.get(2)?,
        host: row.get(3)?,
        guest: row.get(4)?,
        guest_name: row.get(5)?,
        made_by: row.get(6)?,
        quote: row.get::<Option<Uuid>>(7)?.map(QuoteId),
        state: row.known(8, State::parse)?,
        asked: row.json(9)?,
        promise: row.json(10)?,
        currency: row.known(11, Currency::parse)?,
        coupon: row.get(12)?,
        provider: row.get(13)?,
        message: row.get(14)?,
        house_rules: row.get(15)?,
        check_in_at: row.get(16)?,
        check_out_at: row.get(17)?,
        due_at: row.get(18)?,
        accepted_at: row.get(19)?,
        confirmed_at: row.get(20)?,
        ended_at: row.get(21)?,
        no_show_at: row.get(22)?,
        outcome: outcome.map(|Json(text)| text),
        version: row.get(24)?,
        created_at: row.get(25)?,
        updated_at: row.get(26)?,
    })
}
