//! Later instalments: asked for on their day, asked for again when they were refused, and in the end the stay is called off (P22). What is
//! still owed when the stay is over is asked for on, and kept as the guest's debt.

use super::{World, books, cancel, letters, money};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::features::bookings::store::instalments::{self as rows, Instalment, PartState};
use crate::features::payments::Purpose;
use crate::features::payments::provider::{CASH, MANUAL};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Result};
use crate::values::Instant;
use serde_json::json;

/// A refused instalment is asked for again each day; after so many refusals the stay is called off.
const TRIES: u16 = 4;
/// After the stay nothing can be called off any more: it is asked for ever less often, and after so many refusals no more.
const TRIES_AFTERWARDS: u16 = 7;
const LONGEST_PAUSE_DAYS: i64 = 16;
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
        match booking.state {
            State::Confirmed | State::InStay if part.tries >= TRIES => return cancel::unpaid(tx, now, world, booking),
            State::Confirmed | State::InStay | State::Completed => {}
            _ => return Ok(()),
        }
        // A change, or the host's hand, may have left nothing to ask for.
        if books::unpaid(tx, booking)? <= 0 {
            money::let_go_of(tx, now, booking, Purpose::Instalment(part.number))?;
            rows::update(tx, booking.id, &Instalment { state: PartState::Paid, next_at: None, ..*part })?;
            continue;
        }
        if part.state == PartState::Asked {
            // A transfer that never came, or a proof that the guest never gave: whoever waits for it waits no longer.
            money::let_go_of(tx, now, booking, Purpose::Instalment(part.number))?;
            refused(tx, now, world, booking, *part)?;
            continue;
        }
        // Money that people hand over cannot be fetched: the guest is reminded, and has as long as with a refused card.
        if matches!(booking.provider.as_str(), MANUAL | CASH) {
            refused(tx, now, world, booking, *part)?;
            continue;
        }
        let provider = booking.provider.clone();
        match money::ask_for(tx, now, world, booking, *part, (money::LEFT, &provider), true) {
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
    let over = booking.state == State::Completed;
    let again = now.plus_seconds(pause_days(over, tries) * DAY_SECONDS);
    let next_at = (!over || tries < TRIES_AFTERWARDS).then_some(again);
    rows::update(tx, booking.id, &Instalment { state: PartState::Failed, tries, next_at, ..part })?;
    if next_at.is_none() {
        return never_paid(tx, now, world, booking, &part);
    }
    letters::unpaid(tx, now, world, booking, part.amount, again, !over && tries >= TRIES)?;
    Ok(())
}

/// Days until a refused instalment is asked for again: each day while the stay may be called off, twice as long each time once it is over.
fn pause_days(over: bool, tries: u16) -> i64 {
    if over { LONGEST_PAUSE_DAYS.min(1_i64 << tries.clamp(1, 16)) } else { 1 }
}

/// What the guest owes stays in the books, and is not released to the host; staff find it in the audit trail.
fn never_paid(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, part: &Instalment) -> Result<()> {
    tracing::warn!(booking.id = %booking.id, amount = part.amount, "an instalment of a stay that is over was not paid; it is not asked for any more");
    let entry = Entry {
        action: "booking.never_paid",
        actor: Actor::System,
        on_behalf_of: None,
        object: Some(("booking", booking.id.0)),
        reason: None,
        diff: json!({"instalment": [null, part.number], "amount": [null, part.amount]}),
        origin: &world.origin,
    };
    audit::append(tx, now, &entry)?;
    letters::never_paid(tx, now, world, booking, part.amount)?;
    Ok(())
}
