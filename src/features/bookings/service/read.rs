//! Bookings as somebody may read them: who they are to a booking, lists, the history.

use super::super::rules::booking::{Booking, Transition};
use super::super::rules::code;
use super::super::rules::state::{Act, Side};
use super::super::store::alterations::{self, AlterState, Alteration};
use super::super::store::deposits::{self, LeftDeposit};
use super::super::store::instalments::{self, Instalment};
use super::super::store::lists::{self, Filter, Whose};
use super::super::store::{bookings as rows, transitions};
use super::steps;
use crate::features::accounts::{self, Contact};
use crate::features::payments::{self, PaymentWithRefunds};
use crate::features::{calendar, listings};
use crate::platform::access::{Action, Cell, Principal, Relation, allows};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{BookingId, Instant, Night, UserId, Zone};
use uuid::Uuid;

/// A booking with what somebody on one side of it may know and do.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub booking: Booking,
    pub side: Side,
    pub acts: Vec<Act>,
    pub history: Vec<Transition>,
    pub guest: Option<Person>,
    pub host: Option<Person>,
    pub parts: Vec<Instalment>,
    pub deposit: Option<LeftDeposit>,
    pub payments: Vec<PaymentWithRefunds>,
}

/// Somebody in a booking.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub id: UserId,
    pub name: String,
    /// Only once the booking is firm.
    pub email: Option<String>,
}

pub(crate) fn not_found() -> Error {
    Error::not_found("There is no such booking, or it is not yours.")
}

/// On which side of a booking somebody stands who may do `action` to it; 403 for those who may only read it, 404 for everybody else (X2).
pub(crate) fn side_of(conn: &mut Conn<'_>, caller: &Principal, booking: &Booking, action: Action) -> Result<Side> {
    let relation = relation(conn, caller, booking)?;
    let side = match (allows(action, Some(caller), relation), relation) {
        (Cell::No | Cell::Own, _) if may(Action::SeeGuestContact, caller, relation) => {
            return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."));
        }
        (Cell::No | Cell::Own, _) => return Err(not_found()),
        (_, Relation::Themselves) => Side::Guest,
        (_, Relation::Host) => Side::Host,
        (_, Relation::CoHostFull | Relation::CoHostMessages | Relation::CoHostCalendar) => Side::CoHost,
        (_, Relation::Stranger) => Side::Staff,
    };
    Ok(side)
}

fn relation(conn: &mut Conn<'_>, caller: &Principal, booking: &Booking) -> DbResult<Relation> {
    if booking.guest == Some(caller.user) { Ok(Relation::Themselves) } else { listings::relation_of(conn, caller.user, booking.listing) }
}

fn may(action: Action, caller: &Principal, relation: Relation) -> bool {
    !matches!(allows(action, Some(caller), relation), Cell::No | Cell::Own)
}

/// The row of the table of roles that an act asks for.
fn asked_of(act: Act) -> Action {
    match act {
        Act::Withdraw | Act::Pay | Act::Cancel => Action::CancelBooking,
        Act::Accept | Act::Decline | Act::Expire | Act::CheckIn | Act::CheckOut | Act::Alter => Action::AnswerBooking,
    }
}

/// A booking for whoever is on one of its sides, by its id or by its code, as it stands at `now`: what time has not yet done is told as
/// it was last written.
pub(crate) fn one(conn: &mut Conn<'_>, now: Instant, caller: &Principal, name: &str) -> Result<Told> {
    let found = match (Uuid::parse_str(name), code::read(name)) {
        (Ok(id), _) => rows::one(conn, BookingId(id))?,
        (_, Some(code)) => rows::by_code(conn, &code)?,
        _ => None,
    };
    let booking = found.ok_or_else(not_found)?;
    let side = side_of(conn, caller, &booking, Action::SeeGuestContact)?;
    told(conn, now, caller, booking, side)
}

/// A booking that is there.
pub(crate) fn known(conn: &mut Conn<'_>, id: BookingId) -> Result<Booking> {
    rows::one(conn, id)?.ok_or_else(not_found)
}

/// A booking for somebody who may do `action` to it, and on which side they are.
pub(crate) fn of(conn: &mut Conn<'_>, caller: &Principal, id: BookingId, action: Action) -> Result<(Booking, Side)> {
    let booking = known(conn, id)?;
    let side = side_of(conn, caller, &booking, action)?;
    Ok((booking, side))
}

/// Proposed and past changes, newest first.
pub(crate) fn alterations(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Alteration>> {
    alterations::all(conn, booking)
}

/// The change that both sides have agreed to, and that waits for the guest's money.
pub(crate) fn unpaid_alteration(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Option<Alteration>> {
    Ok(alterations::open(conn, booking)?.filter(|found| found.state == AlterState::Paying))
}

/// What one side is told.
pub(crate) fn told(conn: &mut Conn<'_>, now: Instant, caller: &Principal, booking: Booking, side: Side) -> Result<Told> {
    let history = transitions::all(conn, booking.id)?;
    let open = booking.confirmed_at.is_some() || side == Side::Staff;
    let host = person(conn, booking.host, open || side == Side::Host)?;
    let guest = booking.guest.map(|guest| person(conn, guest, open || side == Side::Guest)).transpose()?.flatten();
    // Not all who stand on a side may act there: some co-hosts only write to guests.
    let relation = relation(conn, caller, &booking)?;
    let acts = steps::allowed_now(&booking, side, now).into_iter().filter(|act| may(asked_of(*act), caller, relation)).collect();
    let parts = if booking.confirmed_at.is_some() { instalments::all(conn, booking.id)? } else { Vec::new() };
    let payments = payments::of_booking(conn, booking.id)?;
    let deposit = deposits::one(conn, booking.id)?;
    Ok(Told { booking, side, acts, history, guest, host, parts, deposit, payments })
}

/// Somebody as the other side knows them; hosts of imported homes have a name and no account.
fn person(conn: &mut Conn<'_>, id: UserId, open: bool) -> DbResult<Option<Person>> {
    if open && let Some(Contact { name, email }) = accounts::contact(conn, id)? {
        return Ok(Some(Person { id, name, email: Some(email.text().to_owned()) }));
    }
    Ok(accounts::name(conn, id)?.map(|name| Person { id, name, email: None }))
}

/// Bookings, newest first. Everybody's are for those who may see any booking: 403 for others.
pub(crate) fn page(conn: &mut Conn<'_>, caller: &Principal, whose: Whose, filter: &Filter) -> Result<Vec<Booking>> {
    if whose == Whose::Everybody && matches!(allows(Action::SeeGuestContact, Some(caller), Relation::Stranger), Cell::No | Cell::Own) {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."));
    }
    Ok(lists::list(conn, whose, filter)?)
}

/// Gives back the nights of a stay that nobody will sleep in any more: those whose check-in time is still to come.
pub(crate) fn free_unslept(tx: &mut Tx<'_>, now: Instant, booking: &Booking, by: Option<UserId>) -> Result<()> {
    calendar::release_from(tx, now, by, booking.id, first_unslept(booking, now)?)?;
    Ok(())
}

/// The first night of a stay that has not begun at `now`; the check-out date when all have.
pub(crate) fn first_unslept(booking: &Booking, now: Instant) -> Result<Night> {
    let stay = booking.stay()?;
    let zone = Zone::parse(&booking.promise.zone).ok_or_else(|| anyhow::anyhow!("the zone of a booking is unknown"))?;
    let begun = |night: Night| zone.resolve(night, booking.promise.check_in_minute) <= now;
    Ok(stay.range().iter().find(|night| !begun(*night)).unwrap_or(stay.check_out()))
}
