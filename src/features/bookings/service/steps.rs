//! A booking moves from state to state, and each step is written down (S1, S2). What is overdue happens first, whoever asks
//! (decision: correctness never depends on a timer being on time).

use super::{By, World, alter, books, deposits, instalments, letters, money, silence};
use crate::features::bookings::rules::booking::{Booking, Transition};
use crate::features::bookings::rules::state::{self, Act, Side, State};
use crate::features::bookings::store::{bookings as rows, papers, transitions};
use crate::features::{calendar, listings, quotes};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Result};
use crate::values::{BookingId, Instant};

/// Hours in which a guest pays after the host has agreed.
const PAY_HOURS: i64 = 24;

/// The booking, locked with its listing, after everything that was due by `now`. Refuses with 404 where there is none.
pub(crate) fn open(tx: &mut Tx<'_>, now: Instant, world: &World, id: BookingId) -> Result<Booking> {
    find(tx, now, world, id)?.ok_or_else(|| Error::not_found("There is no such booking, or it is not yours."))
}

/// The same; `None` where there is none.
pub(super) fn find(tx: &mut Tx<'_>, now: Instant, world: &World, id: BookingId) -> Result<Option<Booking>> {
    // Always the listing before the booking, so that nobody waits for each other in a circle.
    hold(tx, id)?;
    let Some(mut booking) = rows::locked(tx, id)? else { return Ok(None) };
    catch_up(tx, now, world, &mut booking)?;
    Ok(Some(booking))
}

/// Locks the listing of a booking; a booking stays with its listing, so once is enough for a transaction.
pub(super) fn hold(tx: &mut Tx<'_>, id: BookingId) -> Result<()> {
    if !tx.keeps("bookings", id.0)
        && let Some(listing) = rows::listing_of(tx, id)?
    {
        listings::lock_calendar(tx, listing)?;
        tx.keep("bookings", id.0);
    }
    Ok(())
}

/// Lets time do what it should have done by `now`.
pub(super) fn catch_up(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking) -> Result<()> {
    while let Some((act, at)) = booking.due(now) {
        match act {
            Act::Expire => expire(tx, now, world, booking, at)?,
            act => {
                step(tx, now, world, booking, act, &By::system("time"), at)?;
                alter::lapse(tx, now, world, booking)?;
            }
        }
    }
    Ok(())
}

/// Everything that is due of a booking by `now`: its own timer, instalments, deposit, proposals.
pub(crate) fn tend(tx: &mut Tx<'_>, now: Instant, world: &World, id: BookingId) -> Result<()> {
    let mut booking = open(tx, now, world, id)?;
    alter::lapse(tx, now, world, &booking)?;
    instalments::ask(tx, now, world, &mut booking)?;
    deposits::tend(tx, now, world, &booking)
}

/// One step, written down. Refuses with 409 `invalid_transition` what the table does not know.
pub(super) fn step(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, act: Act, by: &By, at: Instant) -> Result<()> {
    let from = booking.state;
    let to = state::next(from, act, by.side).ok_or_else(|| state::invalid(from, act, by.side))?;
    booking.state = to;
    match to {
        State::Confirmed if act == Act::Pay => booking.confirmed_at = Some(at),
        State::PendingPayment => {
            booking.accepted_at = Some(at);
            booking.due_at = Some(at.plus_seconds(PAY_HOURS * 3_600).min(booking.check_in_at));
        }
        state if state.is_final() => booking.ended_at = Some(at),
        _ => {}
    }
    booking.due_at = booking.timer(to);
    rows::update(tx, now, booking)?;
    if to.is_final() && booking.confirmed_at.is_some() {
        papers::set(tx, booking.id, Some(now))?;
    }
    let step = Transition { number: 0, act: Some(act), from: Some(from), to, side: by.side, actor: by.user, reason: by.reason.clone(), at };
    transitions::append(tx, booking.id, &step, Some(&world.origin.request_id))?;
    Ok(())
}

/// The hold has run out: nobody paid (T4), or the host did not answer (T8).
fn expire(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, at: Instant) -> Result<()> {
    let unanswered = booking.state == State::Requested;
    step(tx, now, world, booking, Act::Expire, &By::system("time"), at)?;
    let_go(tx, now, booking, None)?;
    if unanswered {
        silence::missed(tx, now, world, booking)?;
    }
    letters::expired(tx, now, world, booking, unanswered)?;
    Ok(())
}

/// Everything that a booking holds without having bought it: its nights, an authorised card, a use of a coupon.
pub(super) fn let_go(tx: &mut Tx<'_>, now: Instant, booking: &Booking, by: Option<crate::values::UserId>) -> Result<()> {
    calendar::release(tx, now, by, booking.id)?;
    quotes::give_back(tx, booking.id)?;
    money::let_go(tx, now, booking)
}

/// Holds that a claim has removed because they had run out: their bookings expire now.
pub(super) fn lapsed(tx: &mut Tx<'_>, now: Instant, world: &World, ids: &[BookingId]) -> Result<()> {
    for id in ids {
        if let Some(mut booking) = rows::locked(tx, *id)? {
            catch_up(tx, now, world, &mut booking)?;
        }
    }
    Ok(())
}

/// The money is there, or none is due: the nights are sold (T3). `false`: the hold had run out, and somebody else has the nights (S4).
pub(super) fn confirm(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking) -> Result<bool> {
    if !calendar::confirm(tx, now, None, booking.id)? && !take_again(tx, now, world, booking)? {
        return Ok(false);
    }
    step(tx, now, world, booking, Act::Pay, &By::system("payment"), now)?;
    books::confirmed(tx, now, booking)?;
    instalments::plan(tx, now, booking)?;
    letters::confirmed(tx, now, world, booking)?;
    deposits::plan(tx, now, world, booking)?;
    Ok(true)
}

/// S4: the nights of a hold that ran out, if they are still free. Only that they are taken counts: the guest has paid for the rest.
fn take_again(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<bool> {
    if now >= booking.check_out_at {
        return Ok(false);
    }
    let claim = calendar::Claim {
        listing: booking.listing,
        stay: booking.stay()?,
        party: booking.guests().party,
        booking: booking.id,
        lifetime: calendar::Lifetime::Booking,
        by: None,
        waived: calendar::Rule::ALL.to_vec(),
    };
    let Ok(claimed) = calendar::claim(tx, now, &claim)? else { return Ok(false) };
    lapsed(tx, now, world, &claimed.lapsed)?;
    if let (Some(coupon), Some(guest)) = (booking.coupon, booking.guest) {
        // The price holds whatever has become of the coupon meanwhile: it was promised, and paid.
        if let Err(Error::Broken(broken)) = quotes::redeem(tx, now, coupon, guest, booking.id) {
            return Err(Error::Broken(broken));
        }
    }
    Ok(true)
}

/// Whether an act is somebody's now, for those who only ask.
pub(crate) fn allowed_now(booking: &Booking, side: Side, now: Instant) -> Vec<Act> {
    let early = booking.check_in_at.plus_seconds(-crate::features::bookings::rules::booking::EARLY_HOURS * 3_600);
    state::allowed(booking.state, side).into_iter().filter(|act| *act != Act::CheckIn || now >= early).collect()
}
