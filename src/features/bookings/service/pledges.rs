//! What damage claims do with a deposit: while one is open nothing goes back; what is settled comes out of it first (E14), and only the rest from the guest
//! (E15).

use super::{books, deposits};
use crate::features::bookings::store::bookings;
use crate::features::bookings::store::deposits::{self as rows, LeftState};
use crate::features::payments::{self, DisputeState};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Result};
use crate::values::{BookingId, Instant};
use uuid::Uuid;

/// A damage claim was filed: what was left stays. What is only promised is taken, because promises end long before claims do.
pub fn pledge_deposit(tx: &mut Tx<'_>, now: Instant, id: BookingId) -> Result<()> {
    let Some(mut deposit) = rows::locked(tx, id)? else { return Ok(()) };
    match (deposit.state, deposit.payment) {
        (LeftState::Held, _) => {}
        (LeftState::Authorized, Some(payment)) => match payments::capture(tx, now, payment) {
            Ok(()) => {}
            // It is let go of already, to be renewed, and ends with that: nothing is promised.
            Err(Error::Refused(refused)) if refused.code == "payment_state" => return Ok(()),
            Err(other) => return Err(other),
        },
        _ => return Ok(()),
    }
    (deposit.claimed, deposit.next_at) = (true, None);
    Ok(rows::update(tx, id, &deposit)?)
}

/// E14: what is settled, as far as the deposit goes. Answers what came out of it; nothing while a bank disputes it.
pub fn take_deposit(tx: &mut Tx<'_>, now: Instant, id: BookingId, claim: Uuid, settled: i64) -> Result<i64> {
    let Some(booking) = bookings::one(tx, id)? else { return Ok(0) };
    let Some(mut deposit) = rows::locked(tx, id)?.filter(|deposit| deposit.state == LeftState::Held) else { return Ok(0) };
    let disputed = |one: &payments::PaymentWithRefunds| {
        Some(one.payment.id) == deposit.payment && one.disputes.iter().any(|dispute| dispute.state == DisputeState::Opened)
    };
    if payments::of_booking(tx, id)?.iter().any(disputed) {
        return Ok(0);
    }
    let held = books::deposit_held(tx, &booking)?;
    let part = settled.min(held).max(0);
    books::claim_from_deposit(tx, now, &booking, claim, part)?;
    deposit.taken += part;
    if part == held {
        // Nothing is left to give back.
        (deposit.state, deposit.claimed, deposit.next_at) = (LeftState::Returned, false, None);
    }
    rows::update(tx, id, &deposit)?;
    Ok(part)
}

/// The claim is over: what is left of the deposit goes back when it would have.
pub fn free_deposit(tx: &mut Tx<'_>, now: Instant, id: BookingId) -> Result<()> {
    let Some(booking) = bookings::one(tx, id)? else { return Ok(()) };
    let Some(mut deposit) = rows::locked(tx, id)?.filter(|deposit| deposit.claimed) else { return Ok(()) };
    deposit.claimed = false;
    rows::update(tx, id, &deposit)?;
    // What was a card's promise was kept for the claim alone.
    if deposit.is_hold && deposit.state == LeftState::Held {
        deposit.next_at = Some(now);
        return Ok(rows::update(tx, id, &deposit)?);
    }
    deposits::wait(tx, now, &booking, &mut deposit)
}

/// The claim came to nothing after all: what it took goes back, out of what we owe the host, or else the host owes it to us.
pub fn return_deposit(tx: &mut Tx<'_>, now: Instant, id: BookingId, claim: Uuid) -> Result<()> {
    let Some(booking) = bookings::one(tx, id)? else { return Ok(()) };
    let Some(mut deposit) = rows::locked(tx, id)? else { return Ok(()) };
    let back = books::claim_given_back(tx, now, &booking, claim)?;
    if back > 0 {
        deposit.taken -= back;
        (deposit.state, deposit.claimed, deposit.next_at) = (LeftState::Held, false, Some(now));
        rows::update(tx, id, &deposit)?;
    }
    Ok(())
}
