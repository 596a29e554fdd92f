//! What guests leave against damage (M8): asked for with the booking or on its day, asked for again when it was refused, given back after the stay, or
//! what a damage claim leaves of it (`pledges.rs`). A stay is never called off for it by the house: a host whose guest leaves none may.

use super::{World, books, letters, money};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::features::bookings::store::deposits::{self as rows, LeftDeposit, LeftState};
use crate::features::payments::provider::{CASH, CREDIT, MANUAL};
use crate::features::payments::{self, Capture, DisputeState, News, Purpose, RefundState, What};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{BookingId, DepositKind, Instant, PaymentId};

/// A refused deposit is asked for again each day; after so many refusals the host may call the stay off without a penalty.
const TRIES: u16 = 3;
const DAY_SECONDS: i64 = 24 * 3_600;
/// Cards' promises usually lapse after seven days: one that is to last longer is asked for anew after six (M4).
const PROMISE_SECONDS: i64 = 6 * DAY_SECONDS;
/// How long something waits for the provider to hear that what was promised before is let go of.
const HOUR_SECONDS: i64 = 3_600;
/// The latest time for that: guests who have left are asked for nothing new.
const BEFORE_LEAVING_SECONDS: i64 = HOUR_SECONDS;

/// Writes down what is to be left for a stay that has just been sold, and asks for it where it is due with the booking.
pub(super) fn plan(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<()> {
    let Some(agreed) = booking.promise.deposit.filter(|deposit| deposit.left() > 0) else { return Ok(()) };
    let due = booking.promise.deposit_due(booking.asked.check_in).unwrap_or(now).max(now);
    let is_hold = agreed.kind == DepositKind::CardHold;
    let mut deposit =
        LeftDeposit { is_hold, amount: agreed.left(), state: LeftState::Planned, tries: 0, payment: None, taken: 0, claimed: false, next_at: Some(due) };
    rows::insert(tx, booking.id, &deposit)?;
    if due > now {
        return Ok(());
    }
    // Whoever books at once is there to prove who they are; whoever was accepted later is not.
    ask_saved(tx, now, world, booking, &mut deposit, booking.accepted_at.is_some())
}

/// Everything that is due of a deposit by `now`.
pub(super) fn tend(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<()> {
    let Some(mut deposit) = rows::locked(tx, booking.id)?.filter(|deposit| deposit.next_at.is_some_and(|at| at <= now)) else { return Ok(()) };
    let to_come = matches!(booking.state, State::Confirmed | State::InStay);
    match deposit.state {
        LeftState::Planned | LeftState::Failed if to_come => ask_saved(tx, now, world, booking, &mut deposit, true),
        LeftState::Asked => {
            void(tx, now, &deposit)?;
            if to_come { refused(tx, now, world, booking, &mut deposit) } else { end(tx, booking, &mut deposit, LeftState::Cancelled) }
        }
        LeftState::Authorized => promised(tx, now, world, booking, &mut deposit),
        LeftState::Held => give_back(tx, now, world, booking, &mut deposit),
        _ => end(tx, booking, &mut deposit, LeftState::Cancelled),
    }
}

/// What a card has promised is let go of when the time is over. Before that the promise has grown old: it is let go of, and asked for anew when
/// that is heard ([`lapsed`]), where it can be asked for anew: a good promise is not thrown away for none.
fn promised(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, deposit: &mut LeftDeposit) -> Result<()> {
    let back = back_at(booking, DepositKind::CardHold);
    if now < back && !(matches!(booking.state, State::Confirmed | State::InStay) && is_renewable(tx, world, booking, deposit)?) {
        // They left early, or it stands until its bank lets go of it.
        deposit.next_at = Some(back);
        return Ok(rows::update(tx, booking.id, deposit)?);
    }
    void(tx, now, deposit)?;
    if now >= back {
        return end(tx, booking, deposit, LeftState::Returned);
    }
    deposit.next_at = None;
    Ok(rows::update(tx, booking.id, deposit)?)
}

/// Whether it was left with what the guest has left for later: that can be asked for the same without them.
fn is_renewable(conn: &mut Conn<'_>, world: &World, booking: &Booking, deposit: &LeftDeposit) -> Result<bool> {
    let of_saved = payments::of_booking(conn, booking.id)?.into_iter().find(|one| Some(one.payment.id) == deposit.payment);
    match of_saved.filter(|one| one.payment.provider == booking.provider) {
        Some(one) => payments::is_of_saved(conn, &world.keys, &one.payment),
        None => Ok(false),
    }
}

/// When something happens to a card's promise: it is let go of after the stay, or is too old before (M4).
fn promised_until(conn: &mut Conn<'_>, now: Instant, booking: &Booking, deposit: &LeftDeposit) -> Result<Instant> {
    let back = back_at(booking, DepositKind::CardHold).max(now);
    if !matches!(booking.state, State::Confirmed | State::InStay) {
        return Ok(back);
    }
    let left = payments::of_booking(conn, booking.id)?.into_iter().find(|one| Some(one.payment.id) == deposit.payment);
    let old = left.and_then(|left| left.payment.authorized_at).unwrap_or(now).plus_seconds(PROMISE_SECONDS);
    let leaving = booking.check_out_at.plus_seconds(-BEFORE_LEAVING_SECONDS);
    Ok(if old >= back { back } else { old.min(leaving).max(now) })
}

/// The guest leaves it with a means of payment of their choice. Refuses with 409 `nothing_due`.
pub(super) fn pay(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, method: &str) -> Result<()> {
    let asked_for = |deposit: &LeftDeposit| match deposit.state {
        LeftState::Planned => !deposit.is_hold || deposit.next_at.is_some_and(|at| at <= now),
        LeftState::Asked | LeftState::Failed => true,
        _ => false,
    };
    let to_come = matches!(booking.state, State::Confirmed | State::InStay);
    match rows::locked(tx, booking.id)?.filter(|deposit| to_come && asked_for(deposit)) {
        Some(mut deposit) => ask(tx, now, world, booking, &mut deposit, method, false),
        None => Err(Error::refused(Kind::Conflict, "nothing_due", "No deposit is to be left now.")),
    }
}

/// Asks for it with what the guest left when they booked; where that cannot be, they are asked to leave it another way.
fn ask_saved(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, deposit: &mut LeftDeposit, off_session: bool) -> Result<()> {
    // Money that people hand over cannot be fetched, and credit pays for stays alone.
    if matches!(booking.provider.as_str(), "" | MANUAL | CASH | CREDIT) {
        return refused(tx, now, world, booking, deposit);
    }
    match ask(tx, now, world, booking, deposit, money::LEFT, off_session) {
        // What was promised before is let go of, and the provider has not said so yet: nobody has refused anything.
        Err(Error::Refused(refused)) if refused.code == "payment_under_way" => {
            deposit.next_at = Some(now.plus_seconds(HOUR_SECONDS));
            Ok(rows::update(tx, booking.id, deposit)?)
        }
        Err(Error::Refused(_)) => refused(tx, now, world, booking, deposit),
        asked => asked,
    }
}

fn ask(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, deposit: &mut LeftDeposit, method: &str, off_session: bool) -> Result<()> {
    let provider = if method == money::LEFT { booking.provider.clone() } else { money::provider_of(world, method)?.to_owned() };
    if matches!(provider.as_str(), CASH | CREDIT) {
        return Err(Error::refused(
            Kind::Unacceptable,
            "invalid_payment_method",
            "A deposit is left with a card or by bank transfer: cash is nobody's to give back, and credit is nobody's to lose.",
        ));
    }
    // A transfer cannot be promised: it is given back like a charge.
    let hold = deposit.is_hold && provider != MANUAL;
    let order =
        money::Order { purpose: Purpose::Deposit, amount: deposit.amount, capture: if hold { Capture::Later } else { Capture::Now }, method, off_session };
    deposit.payment = Some(money::charge_with(tx, now, world, booking, &order, &provider)?);
    let hours = if provider == MANUAL { i64::from(world.config.bookings.transfer_hours) } else { 24 };
    (deposit.state, deposit.next_at) = (LeftState::Asked, Some(now.plus_seconds(hours * 3_600)));
    Ok(rows::update(tx, booking.id, deposit)?)
}

fn refused(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, deposit: &mut LeftDeposit) -> Result<()> {
    let renewal = is_renewal(tx, booking, deposit)?;
    if renewal && deposit.state != LeftState::Asked {
        // It could not even be asked for; the next time nothing comes before it.
        deposit.payment = None;
    }
    deposit.state = LeftState::Failed;
    deposit.tries = deposit.tries.saturating_add(u16::from(!renewal));
    let again = now.plus_seconds(DAY_SECONDS);
    deposit.next_at = (deposit.tries < TRIES).then_some(again);
    rows::update(tx, booking.id, deposit)?;
    letters::deposit_due(tx, now, world, booking, deposit.amount, deposit.next_at)?;
    if deposit.tries == TRIES && !renewal {
        letters::deposit_missing(tx, now, world, booking, deposit.amount)?;
    }
    Ok(())
}

/// Whether what was refused followed a promise that the house itself had let go of: the guest had left it, so this is no try.
fn is_renewal(conn: &mut Conn<'_>, booking: &Booking, deposit: &LeftDeposit) -> DbResult<bool> {
    let mut all = payments::of_booking(conn, booking.id)?;
    all.retain(|one| one.payment.purpose == Purpose::Deposit);
    let at = all.iter().position(|one| Some(one.payment.id) == deposit.payment);
    let before = if deposit.state == LeftState::Asked { at.and_then(|at| at.checked_sub(1)) } else { at };
    Ok(before.is_some_and(|at| all[at].payment.void_asked && all[at].payment.authorized_at.is_some()))
}

/// Whether the guest was asked in vain: the host may call off without a penalty (as P22 says of instalments).
pub(super) fn is_missing(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<bool> {
    Ok(rows::one(conn, booking.id)?.is_some_and(|deposit| deposit.state == LeftState::Failed && deposit.tries >= TRIES))
}

/// What payments tell of it.
pub(super) fn heard(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, news: &News) -> Result<()> {
    let mut deposit = rows::locked(tx, booking.id)?;
    let mut ours = deposit.as_mut().filter(|deposit| deposit.payment == Some(news.payment));
    match (&news.what, ours.as_mut()) {
        (What::Authorized, Some(deposit)) if may_be_left(booking, deposit) => {
            let renewable = is_renewable(tx, world, booking, deposit)?;
            let until = if renewable { promised_until(tx, now, booking, deposit)? } else { back_at(booking, DepositKind::CardHold).max(now) };
            (deposit.state, deposit.next_at) = (LeftState::Authorized, Some(until));
            Ok(rows::update(tx, booking.id, deposit)?)
        }
        (What::Authorized, _) => payments::void(tx, now, news.payment),
        (What::Captured, Some(deposit)) if !deposit.state.is_over() => {
            let until = back_at(booking, DepositKind::ChargeRefund);
            (deposit.state, deposit.next_at) = (LeftState::Held, (!deposit.claimed).then_some(until.max(now)));
            Ok(rows::update(tx, booking.id, deposit)?)
        }
        (What::Captured, _) => too_late(tx, now, booking, news),
        (What::Failed { .. }, Some(deposit)) if deposit.state == LeftState::Asked => not_left(tx, now, world, booking, deposit),
        (What::Voided, Some(deposit)) if deposit.state == LeftState::Asked => not_left(tx, now, world, booking, deposit),
        (What::Failed { .. } | What::Voided, Some(deposit)) if deposit.state == LeftState::Authorized => lapsed(tx, now, booking, deposit),
        (What::DisputeLost { dispute, amount }, _) => Ok(books::deposit_lost(tx, now, booking, news, (*dispute, *amount))?),
        _ => Ok(()),
    }
}

fn may_be_left(booking: &Booking, deposit: &LeftDeposit) -> bool {
    matches!(booking.state, State::Confirmed | State::InStay) && deposit.is_hold && matches!(deposit.state, LeftState::Asked | LeftState::Failed)
}

fn not_left(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, deposit: &mut LeftDeposit) -> Result<()> {
    if matches!(booking.state, State::Confirmed | State::InStay) {
        return refused(tx, now, world, booking, deposit);
    }
    end(tx, booking, deposit, LeftState::Cancelled)
}

/// A promise of a card ends before the stay does: it is asked for once more at once. One that we let go of because it was old, or that stood for a day, was
/// a good one, and what was refused before it is forgotten; one that ends sooner is a try.
fn lapsed(tx: &mut Tx<'_>, now: Instant, booking: &Booking, deposit: &mut LeftDeposit) -> Result<()> {
    if !matches!(booking.state, State::Confirmed | State::InStay) {
        return end(tx, booking, deposit, LeftState::Returned);
    }
    let renewed = deposit.next_at.is_none() && !deposit.claimed;
    let left = payments::of_booking(tx, booking.id)?.into_iter().find(|one| Some(one.payment.id) == deposit.payment);
    let since = left.and_then(|left| left.payment.authorized_at).unwrap_or(now);
    let was_good = renewed || since.plus_seconds(DAY_SECONDS) <= now;
    deposit.state = LeftState::Failed;
    deposit.tries = if was_good { 0 } else { deposit.tries.saturating_add(1) };
    deposit.next_at = (deposit.tries < TRIES).then_some(now);
    Ok(rows::update(tx, booking.id, deposit)?)
}

/// Money that came when nothing was to be left any more.
fn too_late(tx: &mut Tx<'_>, now: Instant, booking: &Booking, news: &News) -> Result<()> {
    let key = format!("payment:{}:too_late", news.payment);
    books::deposit_released(tx, now, booking, &key, news.amount)?;
    payments::refund_of(tx, now, news.payment, news.amount, &key).map(|_refunds| ())
}

/// When it goes back: so long after the stay has ended, or will.
fn back_at(booking: &Booking, kind: DepositKind) -> Instant {
    let ended = booking.ended_at.unwrap_or(booking.check_out_at).min(booking.check_out_at);
    booking.promise.deposit.map_or(ended, |deposit| crate::values::Deposit { kind, ..deposit }.back_at(ended))
}

/// Gives back what is there of it. While a bank disputes the payment nothing is there to give.
fn give_back(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, deposit: &mut LeftDeposit) -> Result<()> {
    let Some(id) = deposit.payment else { return end(tx, booking, deposit, LeftState::Returned) };
    let found = payments::of_booking(tx, booking.id)?.into_iter().find(|one| one.payment.id == id);
    let Some(left) = found else { return end(tx, booking, deposit, LeftState::Returned) };
    if left.disputes.iter().any(|dispute| dispute.state == DisputeState::Opened) {
        deposit.next_at = Some(now.plus_seconds(DAY_SECONDS));
        return Ok(rows::update(tx, booking.id, deposit)?);
    }
    let going: i64 = left.refunds.iter().filter(|refund| refund.state == RefundState::Created).map(|refund| refund.amount).sum();
    let back = books::deposit_held(tx, booking)?.min(left.payment.captured - left.payment.refunded - going);
    if back > 0 {
        let key = format!("deposit:{id}");
        books::deposit_released(tx, now, booking, &key, back)?;
        payments::refund_of(tx, now, id, back, &key)?;
        letters::deposit_back(tx, now, world, booking, back, deposit.taken)?;
    }
    end(tx, booking, deposit, LeftState::Returned)
}

fn end(tx: &mut Tx<'_>, booking: &Booking, deposit: &mut LeftDeposit, state: LeftState) -> Result<()> {
    (deposit.state, deposit.next_at) = (state, None);
    Ok(rows::update(tx, booking.id, deposit)?)
}

fn void(tx: &mut Tx<'_>, now: Instant, deposit: &LeftDeposit) -> Result<()> {
    deposit.payment.map_or(Ok(()), |payment: PaymentId| payments::void(tx, now, payment))
}

/// The stay was called off. Before it has begun all of it goes back at once; later it waits as after a stay that was not cut short.
pub(super) fn called_off(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<()> {
    let Some(mut deposit) = rows::locked(tx, booking.id)? else { return Ok(()) };
    let begun = now > booking.check_in_at;
    match deposit.state {
        LeftState::Planned | LeftState::Failed => end(tx, booking, &mut deposit, LeftState::Cancelled),
        LeftState::Asked => {
            void(tx, now, &deposit)?;
            end(tx, booking, &mut deposit, LeftState::Cancelled)
        }
        LeftState::Authorized if !begun => {
            void(tx, now, &deposit)?;
            end(tx, booking, &mut deposit, LeftState::Returned)
        }
        LeftState::Held if !begun => give_back(tx, now, world, booking, &mut deposit),
        _ => wait(tx, now, booking, &mut deposit),
    }
}

/// The stay ends at another time now, or is another one.
pub(super) fn moved(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> Result<()> {
    let Some(mut deposit) = rows::locked(tx, booking.id)? else { return Ok(()) };
    let due = booking.promise.deposit_due(booking.asked.check_in);
    let is_hold = booking.promise.deposit.is_some_and(|agreed| agreed.kind == DepositKind::CardHold);
    match deposit.state {
        LeftState::Planned => {
            (deposit.is_hold, deposit.next_at) = (is_hold, Some(due.unwrap_or(now).max(now)));
            Ok(rows::update(tx, booking.id, &deposit)?)
        }
        // A promise for other nights is let go, and asked for anew: an hour later, when the provider has heard of it.
        LeftState::Authorized if booking.state == State::Confirmed => {
            void(tx, now, &deposit)?;
            let next = due.unwrap_or(now).max(now.plus_seconds(HOUR_SECONDS));
            deposit = LeftDeposit { is_hold, state: LeftState::Planned, payment: None, next_at: Some(next), ..deposit };
            Ok(rows::update(tx, booking.id, &deposit)?)
        }
        _ => wait(tx, now, booking, &mut deposit),
    }
}

/// Sets the time at which what is there goes back.
pub(super) fn wait(tx: &mut Tx<'_>, now: Instant, booking: &Booking, deposit: &mut LeftDeposit) -> Result<()> {
    let until = match deposit.state {
        LeftState::Authorized => promised_until(tx, now, booking, deposit)?,
        LeftState::Held => back_at(booking, DepositKind::ChargeRefund).max(now),
        _ => return Ok(()),
    };
    deposit.next_at = (!deposit.claimed).then_some(until);
    Ok(rows::update(tx, booking.id, deposit)?)
}

/// Whether something of a deposit is with us or promised, or may still be.
pub fn deposit_is_open(conn: &mut Conn<'_>, id: BookingId) -> DbResult<bool> {
    let given_up = |deposit: &LeftDeposit| deposit.state == LeftState::Failed && deposit.next_at.is_none();
    Ok(rows::one(conn, id)?.is_some_and(|deposit| !deposit.state.is_over() && !given_up(&deposit)))
}
