//! Later instalments: asked for on their day, asked for again when they were refused, and in the end the stay is called off (P22).

use super::{World, cancel, letters, money};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::features::bookings::store::instalments::{self as rows, Instalment, PartState};
use crate::features::payments::provider::{CASH, MANUAL};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Result};
use crate::values::Instant;

/// A refused instalment is asked for again each day; after so many refusals the stay is called off.
const TRIES: u16 = 4;
const DAY_SECONDS: i64 = 24 * 3_600;

/// Writes the plan of a booking that has just been sold.
pub(super) fn plan(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> Result<()> {
    for (number, part) in (1_u16..).zip(booking.promise.schedule.iter().filter(|part| part.amount > 0)) {
        let first = part.due_at.is_none();
        let row = Instalment {
            number,
            due_at: part.due_at.unwrap_or(now),
            amount: part.amount,
            state: if first { PartState::Paid } else { PartState::Planned },
            tries: 0,
            next_at: part.due_at,
        };
        rows::insert(tx, booking.id, &row)?;
    }
    Ok(())
}

/// Writes the plan of a stay that the house entered: all of it at once, and nothing is asked for by itself.
pub(super) fn plan_entered(tx: &mut Tx<'_>, now: Instant, booking: &Booking, paid: bool) -> Result<()> {
    let state = if paid { PartState::Paid } else { PartState::Planned };
    if booking.total() > 0 {
        rows::insert(tx, booking.id, &Instalment { number: 1, due_at: now, amount: booking.total(), state, tries: 0, next_at: None })?;
    }
    Ok(())
}

/// Nothing of the stay is open any more: what was still planned has been paid by hand.
pub(super) fn settled(tx: &mut Tx<'_>, booking: &Booking) -> Result<()> {
    for part in rows::all(tx, booking.id)?.into_iter().filter(|part| matches!(part.state, PartState::Planned | PartState::Failed)) {
        rows::update(tx, booking.id, &Instalment { state: PartState::Paid, next_at: None, ..part })?;
    }
    Ok(())
}

/// A part of what is still planned was paid by hand.
pub(super) fn lowered(tx: &mut Tx<'_>, booking: &Booking, mut by: i64) -> Result<()> {
    for part in rows::all(tx, booking.id)?.into_iter().filter(|part| matches!(part.state, PartState::Planned | PartState::Failed)) {
        let taken = part.amount.min(by);
        by -= taken;
        if taken > 0 {
            rows::lower(tx, booking.id, &part, part.amount - taken)?;
        }
    }
    Ok(())
}

/// Asks for what is due by `now`.
pub(super) fn ask(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking) -> Result<()> {
    let due = |part: &&Instalment| part.next_at.is_some_and(|at| at <= now);
    for part in rows::all(tx, booking.id)?.iter().filter(due) {
        if !matches!(booking.state, State::Confirmed | State::InStay) {
            return Ok(());
        }
        if part.tries >= TRIES {
            return cancel::unpaid(tx, now, world, booking);
        }
        // Money that people hand over cannot be fetched: the guest is reminded, and has as long as with a refused card.
        if matches!(booking.provider.as_str(), MANUAL | CASH) {
            refused(tx, now, world, booking, *part)?;
            continue;
        }
        match money::ask_for(tx, now, world, booking, *part, money::LEFT, true) {
            Ok(()) => {}
            Err(Error::Refused(_)) => refused(tx, now, world, booking, *part)?,
            Err(broken) => return Err(broken),
        }
    }
    Ok(())
}

/// An instalment was paid.
pub(super) fn paid(tx: &mut Tx<'_>, booking: &Booking, number: u16) -> Result<()> {
    if let Some(part) = rows::all(tx, booking.id)?.into_iter().find(|part| part.number == number) {
        rows::update(tx, booking.id, &Instalment { state: PartState::Paid, next_at: None, ..part })?;
    }
    Ok(())
}

/// An instalment was refused: once more tomorrow.
pub(super) fn failed(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, number: u16) -> Result<()> {
    match rows::all(tx, booking.id)?.into_iter().find(|part| part.number == number && part.state == PartState::Asked) {
        Some(part) => refused(tx, now, world, booking, part),
        None => Ok(()),
    }
}

fn refused(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, part: Instalment) -> Result<()> {
    if booking.is_entered() {
        // The house and the guest agreed on how it is paid: nothing is asked for by itself, and the stay stands.
        rows::update(tx, booking.id, &Instalment { state: PartState::Planned, next_at: None, ..part })?;
        return Ok(());
    }
    let tries = part.tries.saturating_add(1);
    let again = now.plus_seconds(DAY_SECONDS);
    rows::update(tx, booking.id, &Instalment { state: PartState::Failed, tries, next_at: Some(again), ..part })?;
    letters::unpaid(tx, now, world, booking, part.amount, again, tries >= TRIES)?;
    Ok(())
}
