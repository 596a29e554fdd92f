//! SQL of claims.

use super::rules::{Claim, Item, State};
use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::{BookingId, Currency, Instant, UserId};
use uuid::Uuid;

/// The columns of a claim, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, booking_id, host_id, guest_id, state, items, amount_minor, currency, description, offered_minor, answer, settled_minor,
            decision, due_at, version, created_at, updated_at, ended_at FROM claims ",
            $rest
        )
    };
}

const ONE: &str = select!("WHERE id = $1");
const OF_BOOKING: &str = select!("WHERE booking_id = $1 ORDER BY id LIMIT 100");
const OPEN_FOR: &str = "SELECT 1 FROM claims WHERE booking_id = $1 AND ended_at IS NULL AND state <> 'due' LIMIT 1";
const IN_STATE: &str = select!("WHERE state = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
const INSERT: &str = "INSERT INTO claims (id, booking_id, host_id, guest_id, state, items, amount_minor, currency, description, offered_minor, answer,
    settled_minor, decision, due_at, version, created_at, updated_at, ended_at)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT DO NOTHING";
const UPDATE: &str = "UPDATE claims SET state = $2, offered_minor = $3, answer = $4, settled_minor = $5, decision = $6, due_at = $7, ended_at = $8,
    version = version + 1, updated_at = $9 WHERE id = $1";
const DUE: &str = "SELECT id FROM claims WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2";
const OF_GUEST: &str = select!("WHERE guest_id = $1 ORDER BY id");
const OF_HOST: &str = select!("WHERE host_id = $1 ORDER BY id");
const FORGET: &str = "UPDATE claims SET items = $2, description = '', answer = '', decision = '' WHERE id = $1";

/// The statements that must find their rows by an index, with the kinds of their parameters, as in `bookings::statements`.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    vec![(ONE, "u"), (OF_BOOKING, "u"), (OPEN_FOR, "u"), (IN_STATE, "tun"), (DUE, "in"), (OF_GUEST, "u"), (OF_HOST, "u"), (FORGET, "uj")]
}

/// Whether a booking has a claim that nobody has agreed on or decided: what the stay earns waits for it. One that only waits for the guest's money
/// keeps nothing from the host.
pub fn open_for(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<bool> {
    Ok(conn.first(OPEN_FOR, &[booking.into()], |row| row.get::<i64>(0))?.is_some())
}

pub(super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Claim>> {
    conn.first(ONE, &[id.into()], read)
}

/// Keeps others from changing it until the transaction ends, and reads it as it is then.
pub(super) fn locked(tx: &mut Tx<'_>, id: Uuid) -> DbResult<Option<Claim>> {
    tx.first_held(ONE, &[id.into()], read)
}

/// Oldest first.
pub(super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Claim>> {
    conn.query(OF_BOOKING, &[booking.into()], read)
}

/// Newest first, older than `before`.
pub(super) fn in_state(conn: &mut Conn<'_>, state: State, before: Uuid, limit: i64) -> DbResult<Vec<Claim>> {
    conn.query(IN_STATE, &[state.name().into(), before.into(), limit.into()], read)
}

/// What somebody is part of, as a guest and as a host.
pub(super) fn of_person(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Claim>> {
    let mut found = conn.query(OF_GUEST, &[user.into()], read)?;
    found.extend(conn.query(OF_HOST, &[user.into()], read)?);
    Ok(found)
}

/// `false` where the booking has one that is not over.
pub(super) fn insert(tx: &mut Tx<'_>, claim: &Claim) -> DbResult<bool> {
    let params = [
        claim.id.into(),
        claim.booking.into(),
        claim.host.into(),
        claim.guest.into(),
        claim.state.name().into(),
        written(&claim.items)?.into(),
        claim.amount.into(),
        claim.currency.code().into(),
        (&claim.description).into(),
        claim.offered.into(),
        (&claim.answer).into(),
        claim.settled.into(),
        (&claim.decision).into(),
        claim.due_at.into(),
        claim.version.into(),
        claim.created_at.into(),
        claim.updated_at.into(),
        claim.ended_at.into(),
    ];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// Writes how a claim stands; its version rises.
pub(super) fn update(tx: &mut Tx<'_>, now: Instant, claim: &mut Claim) -> DbResult<()> {
    let params = [
        claim.id.into(),
        claim.state.name().into(),
        claim.offered.into(),
        (&claim.answer).into(),
        claim.settled.into(),
        (&claim.decision).into(),
        claim.due_at.into(),
        claim.ended_at.into(),
        now.into(),
    ];
    tx.execute(UPDATE, &params)?;
    (claim.version, claim.updated_at) = (claim.version + 1, now);
    Ok(())
}

/// Claims whose state ends by `now`, the longest overdue first.
pub(super) fn due(conn: &mut Conn<'_>, now: Instant, limit: i64) -> DbResult<Vec<Uuid>> {
    conn.query(DUE, &[now.into(), limit.into()], |row| row.get(0))
}

/// All words of claims that somebody is part of: each side writes about the other, and staff about both. Amounts stay, as books must.
pub(super) fn forget_words(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    for claim in of_person(tx, user)? {
        let items: Vec<Item> = claim.items.iter().map(|item| Item { what: String::new(), amount: item.amount }).collect();
        tx.execute(FORGET, &[claim.id.into(), written(&items)?.into()])?;
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Items {
    items: Vec<Item>,
}

fn written(items: &[Item]) -> DbResult<Json> {
    Json::of(&serde_json::json!({"items": items}))
}

fn read(row: &Row<'_>) -> DbResult<Claim> {
    Ok(Claim {
        id: row.get(0)?,
        booking: row.get(1)?,
        host: row.get(2)?,
        guest: row.get(3)?,
        state: row.known(4, State::parse)?,
        items: row.json::<Items>(5)?.items,
        amount: row.get(6)?,
        currency: row.known(7, Currency::parse)?,
        description: row.get(8)?,
        offered: row.get(9)?,
        answer: row.get(10)?,
        settled: row.get(11)?,
        decision: row.get(12)?,
        due_at: row.get(13)?,
        version: row.get(14)?,
        created_at: row.get(15)?,
        updated_at: row.get(16)?,
        ended_at: row.get(17)?,
    })
}
