//! SQL of the history of bookings: rows are only ever added.

use crate::features::bookings::rules::booking::Transition;
use crate::features::bookings::rules::state::{Act, Side, State};
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::BookingId;

/// The word for how a booking begins.
const BOOK: &str = "book";

const APPEND: &str = "INSERT INTO booking_transitions (booking_id, number, act, from_state, to_state, side, actor_id, reason, request_id, at)
    SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4, $5, $6, $7, $8, $9 FROM booking_transitions WHERE booking_id = $1";
const FIRST: &str = "INSERT INTO booking_transitions (booking_id, number, act, from_state, to_state, side, actor_id, reason, request_id, at)
    VALUES ($1, 1, $2, $3, $4, $5, $6, $7, $8, $9)";
const ALL: &str = "SELECT number, act, from_state, to_state, side, actor_id, reason, at FROM booking_transitions WHERE booking_id = $1 ORDER BY number";

pub(super) const STATEMENTS: [(&str, &str); 1] = [(ALL, "u")];

/// Writes the next step; its number is given here. Under the lock of the booking.
pub(in super::super) fn append(tx: &mut Tx<'_>, booking: BookingId, step: &Transition, request: Option<&str>) -> DbResult<()> {
    let params = [
        booking.into(),
        step.act.map_or(BOOK, Act::name).into(),
        step.from.map(|state| state.name().to_owned()).into(),
        step.to.name().into(),
        step.side.name().into(),
        step.actor.into(),
        (&step.reason).into(),
        request.map(str::to_owned).into(),
        step.at.into(),
    ];
    tx.execute(if step.from.is_none() { FIRST } else { APPEND }, &params)?;
    Ok(())
}

/// The whole history, oldest first.
pub(in super::super) fn all(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Transition>> {
    conn.query(ALL, &[booking.into()], read)
}

fn read(row: &Row<'_>) -> DbResult<Transition> {
    let act = |name: &str| if name == BOOK { Some(None) } else { Act::ALL.into_iter().find(|act| act.name() == name).map(Some) };
    let from: Option<String> = row.get(2)?;
    Ok(Transition {
        number: row.get(0)?,
        act: row.known(1, act)?,
        from: from.and_then(|name| State::parse(&name)),
        to: row.known(3, State::parse)?,
        side: row.known(4, Side::parse)?,
        actor: row.get(5)?,
        reason: row.get(6)?,
        at: row.get(7)?,
    })
}
