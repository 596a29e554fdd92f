//! What a stay earns becomes its host's, its taxes' and ours (E04), a day after check-in; of long stays part by part (M5).

use super::World;
use crate::features::bookings::{self, Booking, State};
use crate::features::payments::{self, DisputeState};
use crate::features::payouts::rules::parts;
use crate::features::{ledger, ledger::Account};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::Result;
use crate::values::{BookingId, Instant, Zone};
use anyhow::Context as _;

/// When a stay that is frozen, or not paid for, is looked at again.
const AGAIN_SECONDS: i64 = 3_600;

/// Releases everything of a stay that is due by `now`, and says when to look again. Twice is once: each part has its own number.
pub(crate) fn release(tx: &mut Tx<'_>, now: Instant, world: &World, id: BookingId) -> Result<()> {
    let booking = world.stays.open(tx, now, id)?;
    let next = released(tx, now, world, &booking)?;
    Ok(world.stays.look_again(tx, id, next)?)
}

/// Looks at a stay again in an hour.
pub(crate) fn later(tx: &mut Tx<'_>, now: Instant, world: &World, id: BookingId) -> Result<()> {
    Ok(world.stays.look_again(tx, id, Some(now.plus_seconds(AGAIN_SECONDS)))?)
}

/// When to look again; `None`: nobody holds anything of this stay any more.
fn released(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<Option<Instant>> {
    let nights = booking.stay()?.nights();
    loop {
        let earned = bookings::earned(tx, booking)?;
        if earned.held.gross() <= 0 {
            return Ok(None);
        }
        let part = parts::next(nights, earned.times, booking.state == State::Cancelled);
        let due = due(world, booking, part.first)?;
        if due > now {
            return Ok(Some(due));
        }
        let (split, host_fee) = parts::share(&earned, part);
        let unpaid = ledger::balance(tx, &Account::GuestReceivable(booking.id), booking.currency)?;
        if !parts::is_paid_for(&earned, &split, unpaid) || is_frozen(tx, world, booking.id)? {
            return Ok(Some(now.plus_seconds(AGAIN_SECONDS)));
        }
        // Held before anything is posted: a payout and a release of one host take turns.
        ledger::hold(tx, &Account::HostPayable(booking.host), booking.currency)?;
        let number = earned.times + 1;
        if !ledger::post(tx, now, &ledger::released(booking.id, number, booking.host, booking.currency, &split, host_fee))?.is_new() {
            // The books know of more parts than were counted: to go on would be to look at this one for ever.
            return Err(anyhow::anyhow!("part {number} of the stay {} was released before", booking.id).into());
        }
    }
}

/// The instant at which a part is released: check-in, or the same time on its first night, and so many hours.
fn due(world: &World, booking: &Booking, first: i64) -> Result<Instant> {
    let hours = i64::from(world.config.payouts.release_hours);
    if first == 0 {
        return Ok(booking.check_in_at.plus_seconds(hours * 3_600));
    }
    let zone = Zone::parse(&booking.promise.zone).context("the zone of a booking is unknown")?;
    let night = booking.asked.check_in.plus(i32::try_from(first).unwrap_or(i32::MAX));
    Ok(zone.resolve(night, booking.promise.check_in_minute).plus_seconds(hours * 3_600))
}

fn is_frozen(conn: &mut Conn<'_>, world: &World, booking: BookingId) -> DbResult<bool> {
    let opened = |one: &payments::PaymentWithRefunds| one.disputes.iter().any(|dispute| dispute.state == DisputeState::Opened);
    if payments::of_booking(conn, booking)?.iter().any(opened) {
        return Ok(true);
    }
    for freeze in world.freezes.iter() {
        if freeze.frozen(conn, booking)? {
            return Ok(true);
        }
    }
    Ok(false)
}
