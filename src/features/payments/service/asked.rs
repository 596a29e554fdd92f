//! What others ask for: money, its capture, its release, its return. Each writes what is wanted and the call that will ask the provider for it, in
//! the caller's transaction; nothing leaves before that is committed (M2).

use super::credit;
use crate::features::payments::provider::CREDIT;
use crate::features::payments::rules::spread::spread;
use crate::features::payments::rules::terms::{Charge, RefundState, State};
use crate::features::payments::store::calls::{self as outbox, Call, CallKind};
use crate::features::payments::store::customers;
use crate::features::payments::store::payments::{self, Payment};
use crate::features::payments::store::refunds::{self, Refund};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::jobs::{self, Job};
use crate::platform::keys::Keys;
use crate::values::{BookingId, Instant, PaymentId, RefundId};
use serde_json::json;
use uuid::Uuid;

/// The method of a [`Charge`] that takes what the guest left before (`keep`).
pub const SAVED: &str = "saved";
/// The kind of the jobs that make calls.
pub(in super::super) const CALL: &str = "payments.call";
/// Longest token of a means of payment.
const TOKEN_BYTES: usize = 200;
/// More than this in minor units is a mistake (as for prices).
const LARGEST: i64 = 1_000_000_000_000;

/// Asks a guest for money: one payment, and one call.
///
/// Errors: 409 `payment_under_way` where the booking has a payment for this purpose that has neither failed nor been let go; 422
/// `invalid_payment_method` where the token is none, or nothing was left before.
pub fn charge(tx: &mut Tx<'_>, now: Instant, keys: &Keys, charge: &Charge, provider: &str) -> Result<PaymentId> {
    let failed = room_for(tx, charge)?;
    let method = method(tx, keys, charge, provider)?;
    let mut payment = fresh(now, charge, provider);
    payment.method_sealed = Some(keys.seal(&method_place(payment.id), method.as_bytes()));
    insert(tx, now, &payment, failed)?;
    ask(tx, now, &payment, None, CallKind::Authorize)?;
    Ok(payment.id)
}

/// Whether the booking may have another payment for this: answers those that failed and are still to be let go of.
pub(super) fn room_for(tx: &mut Tx<'_>, charge: &Charge) -> Result<Vec<Payment>> {
    if charge.amount <= 0 || charge.amount > LARGEST {
        return Err(Error::refused(Kind::Unacceptable, "out_of_range", "A payment is more than zero, and no more than can be written down."));
    }
    let mut same = payments::of_booking_held(tx, charge.booking)?;
    same.retain(|one| one.purpose == charge.purpose);
    if same.iter().any(|one| !matches!(one.state, State::Failed | State::Voided)) {
        return Err(under_way());
    }
    same.retain(|one| one.state == State::Failed && one.reference.is_some() && !one.void_asked);
    Ok(same)
}

/// A payment of which nothing is known yet.
pub(super) fn fresh(now: Instant, charge: &Charge, provider: &str) -> Payment {
    Payment {
        id: PaymentId::new(),
        booking: charge.booking,
        guest: charge.guest,
        purpose: charge.purpose,
        provider: provider.to_owned(),
        amount: charge.amount,
        currency: charge.currency,
        capture: charge.capture,
        off_session: charge.off_session,
        keep: charge.keep,
        state: State::Created,
        captured: 0,
        refunded: 0,
        fee: None,
        reference: None,
        action_sealed: None,
        method_sealed: None,
        failure: None,
        held: None,
        void_asked: false,
        version: 1,
        created_at: now,
        authorized_at: None,
        captured_at: None,
    }
}

/// Writes it. What `failed` at the provider may still be tried again there; it must not succeed beside the new one.
pub(super) fn insert(tx: &mut Tx<'_>, now: Instant, payment: &Payment, failed: Vec<Payment>) -> Result<()> {
    if !payments::insert(tx, payment)? {
        return Err(under_way());
    }
    for one in failed {
        ask_to_void(tx, now, one)?;
    }
    Ok(())
}

/// Takes money that was promised. What is taken already stays so. Errors: 409 `payment_state`.
pub fn capture(tx: &mut Tx<'_>, now: Instant, id: PaymentId) -> Result<()> {
    let payment = held(tx, id)?;
    match payment.state {
        State::Captured => Ok(()),
        State::Authorized if !payment.void_asked => ask(tx, now, &payment, None, CallKind::Capture),
        state => Err(Error::refused(Kind::Conflict, "payment_state", format!("A payment that is {} cannot be taken.", state.name()))),
    }
}

/// Lets go of money that was not taken, or is only asked for. What is over stays so; money that was taken before this is heard stays taken, and is
/// told as [`super::super::What::Captured`]: refund it.
pub fn void(tx: &mut Tx<'_>, now: Instant, id: PaymentId) -> Result<()> {
    let payment = held(tx, id)?;
    match payment.state {
        State::Captured | State::Voided => Ok(()),
        _ if payment.void_asked => hasten_void(tx, now, &payment),
        _ => ask_to_void(tx, now, payment),
    }
}

/// What the provider would not let go of before is asked for at once: it may stand otherwise by now.
fn hasten_void(tx: &mut Tx<'_>, now: Instant, payment: &Payment) -> Result<()> {
    for call in outbox::of_payment(tx, payment.id)?.into_iter().filter(|call| call.waits && call.kind == CallKind::Void && call.is_put_off()) {
        outbox::hasten(tx, now, call.id)?;
        wake(tx, now, call.id, now)?;
    }
    Ok(())
}

/// Whether a payment was asked of what its guest has left for later, as that is now: then the same can be asked again without them.
pub fn is_of_saved(conn: &mut Conn<'_>, keys: &Keys, payment: &Payment) -> Result<bool> {
    let saved = customers::one(conn, payment.guest, &payment.provider)?.and_then(|customer| customer.method_sealed);
    let (Some(used), Some(saved)) = (&payment.method_sealed, saved) else { return Ok(false) };
    Ok(keys.unseal(&method_place(payment.id), used)? == keys.unseal(&saved_place(payment.guest, &payment.provider), &saved)?)
}

/// Gives back `amount` of what was paid for a stay (deposits and damages not counted), the newest payment first; of credit at once. `key` says what it follows from:
/// the same again answers the same refunds and does nothing. Errors: 409 `refund_too_large`.
pub fn refund(tx: &mut Tx<'_>, now: Instant, booking: BookingId, amount: i64, key: &str) -> Result<Vec<RefundId>> {
    let payments = payments::of_booking_held(tx, booking)?.into_iter().filter(|payment| payment.purpose.is_for_stay()).collect();
    give_back(tx, now, booking, payments, amount, key)
}

/// [`refund`] of one payment, whatever it was for: a deposit goes back to where it came from.
pub fn refund_of(tx: &mut Tx<'_>, now: Instant, payment: PaymentId, amount: i64, key: &str) -> Result<Vec<RefundId>> {
    let payment = held(tx, payment)?;
    give_back(tx, now, payment.booking, vec![payment], amount, key)
}

fn give_back(tx: &mut Tx<'_>, now: Instant, booking: BookingId, payments: Vec<Payment>, amount: i64, key: &str) -> Result<Vec<RefundId>> {
    let before = refunds::by_key(tx, booking, key)?;
    if !before.is_empty() {
        return Ok(before.into_iter().map(|refund| refund.id).collect());
    }
    let going = refunds::of_booking(tx, booking)?;
    let going = |id| going.iter().filter(|one| one.payment == id && one.state == RefundState::Created).map(|one| one.amount).sum();
    let left = payments::left(&payments, going);
    let parts = spread(&left, amount).ok_or_else(|| {
        let most: i64 = left.iter().map(|left| left.amount).sum();
        Error::refused(Kind::Conflict, "refund_too_large", format!("{most} can be given back, not {amount}.")).with_data("most", most.into())
    })?;
    let mut made = Vec::new();
    for part in parts {
        let Some(payment) = payments.iter().find(|payment| payment.id == part.payment) else { continue };
        let by_credit = payment.provider == CREDIT;
        let mut refund = Refund::begun(now, payment, part.amount, key.to_owned(), true);
        if by_credit {
            refund.state = RefundState::Succeeded;
        }
        refunds::insert(tx, &refund)?;
        match by_credit {
            true => credit::returned(tx, now, payment, &refund)?,
            false => ask(tx, now, payment, Some(refund.id), CallKind::Refund)?,
        }
        made.push(refund.id);
    }
    Ok(made)
}

/// Puts a call into the outbox, and a job that makes it.
pub(super) fn ask(tx: &mut Tx<'_>, now: Instant, payment: &Payment, refund: Option<RefundId>, kind: CallKind) -> Result<()> {
    let subject = refund.map_or(payment.id.0, |refund| refund.0);
    let mut key = format!("{}:{}:{subject}:{}", payment.booking, payment.purpose.name(), kind.name());
    let id = Uuid::now_v7();
    if kind == CallKind::LookUp {
        key = format!("{key}:{id}");
    }
    let call =
        Call { id, key, booking: payment.booking, payment: payment.id, refund, kind, waits: true, attempts: 0, lease: None, refusals: 0, updated_at: now };
    if outbox::insert(tx, now, &call)? {
        wake(tx, now, id, now)?;
    }
    Ok(())
}

/// A job that makes a call, at once or at the next whole second after `at`.
///
/// The second is part of its key: whoever asks for the same second meets the same job, and a job that finds that it came too early can leave another one behind
/// while it runs itself. Under one key for all of them that other one would not be stored, and nobody made the call until the sweep.
pub(in super::super) fn wake(tx: &mut Tx<'_>, now: Instant, call: Uuid, at: Instant) -> Result<()> {
    let (key, run_at) = if at > now {
        let second = at.0.div_euclid(Instant::SECOND) + 1;
        (format!("{call} {second}"), Instant(second * Instant::SECOND))
    } else {
        (call.to_string(), at)
    };
    jobs::enqueue(tx, now, &Job { kind: CALL, key: Some(key), payload: json!({"call": call}), run_at })?;
    Ok(())
}

fn ask_to_void(tx: &mut Tx<'_>, now: Instant, mut payment: Payment) -> Result<()> {
    payment.void_asked = true;
    payments::update(tx, now, &payment)?;
    ask(tx, now, &payment, None, CallKind::Void)
}

/// The payment, held until the transaction ends.
pub(super) fn held(tx: &mut Tx<'_>, id: PaymentId) -> Result<Payment> {
    payments::held(tx, id)?.ok_or_else(no_such_payment)
}

pub(in super::super) fn no_such_payment() -> Error {
    Error::not_found("There is no such payment.")
}

/// What the token of a payment is sealed for.
pub(super) fn method_place(id: PaymentId) -> String {
    format!("payments.method_sealed {id}")
}

/// The token of the means of payment, as the provider knows it.
fn method(tx: &mut Tx<'_>, keys: &Keys, charge: &Charge, provider: &str) -> Result<String> {
    if charge.method != SAVED {
        token(&charge.method)?;
        return Ok(charge.method.clone());
    }
    let Some(sealed) = customers::one(tx, charge.guest, provider)?.and_then(|customer| customer.method_sealed) else {
        return Err(bad_method("No means of payment was left for later."));
    };
    let opened = keys.unseal(&saved_place(charge.guest, provider), &sealed)?;
    String::from_utf8(opened).map_err(|_never| anyhow::anyhow!("a token of a means of payment is no text").into())
}

/// Whether this may be a token of a means of payment.
pub(super) fn token(text: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    if text.is_empty() || text.len() > TOKEN_BYTES || !text.bytes().all(plain) || text == SAVED {
        return Err(bad_method("The means of payment is a token of the payment provider: letters, digits, `_`, `-` and `.`."));
    }
    Ok(())
}

pub(super) fn bad_method(why: &str) -> Error {
    Error::refused(Kind::Unacceptable, "invalid_payment_method", why)
}

/// What a token that was left is sealed for.
pub(super) fn saved_place(guest: crate::values::UserId, provider: &str) -> String {
    format!("payment_customers.method_sealed {guest} {provider}")
}

fn under_way() -> Error {
    Error::refused(Kind::Conflict, "payment_under_way", "The booking has a payment for this already that has not failed.")
}
