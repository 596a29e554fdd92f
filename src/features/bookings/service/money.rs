//! What a booking asks of payments. Nothing here calls anybody: payments store what is to be asked, and tell what became of it (`hear.rs`).

use super::hear::Listener;
use super::{World, books, letters, read};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::features::bookings::store::alterations::Alteration;
use crate::features::bookings::store::bookings as rows;
use crate::features::bookings::store::instalments::{self, Instalment, PartState};
use crate::features::calendar;
use crate::features::cancellation::PaidSoFar;
use crate::features::payments::provider::{CASH, CREDIT, MANUAL, SANDBOX, STRIPE};
use crate::features::payments::{self, Capture, Charge, Purpose, SAVED};
use crate::platform::config::{CardProvider, Config};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, PaymentId};

/// What became of asking for money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The first instalment is nothing.
    NothingDue,
    /// The provider is asked.
    Under,
    /// The guest has not said how they pay.
    NoMethod,
}

/// The provider that a means of payment belongs to: `bank_transfer` and `cash` are for people to confirm, `credit` is what the house has given the guest,
/// anything else is a card's token.
pub(crate) fn provider_for(config: &Config, method: &str) -> Result<&'static str> {
    let settings = &config.payments;
    let found = match (method, settings.provider) {
        ("bank_transfer", _) if settings.manual => Some(MANUAL),
        ("cash", _) if settings.manual => Some(CASH),
        ("bank_transfer" | "cash", _) => None,
        (CREDIT, _) => Some(CREDIT),
        (_, CardProvider::Sandbox) => Some(SANDBOX),
        (_, CardProvider::Stripe) => Some(STRIPE),
        (_, CardProvider::None) => None,
    };
    found.ok_or_else(|| Error::refused(Kind::Unacceptable, "invalid_payment_method", "Guests cannot pay like that here."))
}

pub(super) fn provider_of(world: &World, method: &str) -> Result<&'static str> {
    provider_for(&world.config, method)
}

/// Asks for what is due before the stay stands: taken now where it is booked at once, else promised until the host has answered.
pub(super) fn ask_first(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, method: Option<&str>) -> Result<Asked> {
    let amount = booking.first_part();
    if amount == 0 {
        return Ok(Asked::NothingDue);
    }
    let Some(method) = method else { return Ok(Asked::NoMethod) };
    let provider = provider_of(world, method)?;
    paid_by(tx, booking, provider)?;
    let asking = booking.state == State::Requested;
    if provider == MANUAL && !asking {
        // A transfer takes days; a quarter of an hour would never do.
        hold_longer(tx, now, world, booking)?;
    }
    // Cash, transfers and credit cannot be promised: whoever asks for a stay pays after the host has agreed.
    if asking && matches!(provider, MANUAL | CASH | CREDIT) {
        return Ok(Asked::NoMethod);
    }
    let capture = if asking { Capture::Later } else { Capture::Now };
    charge(tx, now, world, booking, &Order { purpose: Purpose::Booking, amount, capture, method, off_session: false }, provider)?;
    Ok(Asked::Under)
}

/// Writes down who takes the money, where that is somebody else than before.
pub(super) fn paid_by(tx: &mut Tx<'_>, booking: &mut Booking, provider: &str) -> Result<()> {
    if booking.provider != provider {
        provider.clone_into(&mut booking.provider);
        rows::set_provider(tx, booking)?;
    }
    Ok(())
}

/// A later part of a stay was paid, or a change: what follows is asked of the same. But money that people hand over, or credit, does not stand for the
/// rest where something else does: a card that was left is still charged.
pub(super) fn stands_for_the_rest(tx: &mut Tx<'_>, booking: &mut Booking, provider: &str) -> Result<()> {
    let stands = match provider {
        CREDIT => false,
        MANUAL | CASH => matches!(booking.provider.as_str(), "" | MANUAL | CASH),
        _ => true,
    };
    if stands { paid_by(tx, booking, provider) } else { Ok(()) }
}

fn hold_longer(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking) -> Result<()> {
    let until = now.plus_seconds(i64::from(world.config.bookings.transfer_hours) * 3_600).min(booking.check_in_at);
    if booking.due_at.is_some_and(|due| due < until) && calendar::extend(tx, now, booking.guest, booking.id, until)? {
        booking.due_at = Some(until);
        rows::update(tx, now, booking)?;
    }
    Ok(())
}

pub(super) struct Order<'a> {
    pub purpose: Purpose,
    pub amount: i64,
    pub capture: Capture,
    pub method: &'a str,
    pub off_session: bool,
}

/// Asks for a part of the stay's price. What is paid with credit is paid when this returns, with all that follows from it: whatever the caller wants
/// to be seen by then is written before, and `booking` is as it stands then.
fn charge(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, order: &Order<'_>, provider: &str) -> Result<()> {
    if provider != CREDIT {
        return charge_with(tx, now, world, booking, order, provider).map(|_payment| ());
    }
    payments::spend(tx, now, &asked_of(booking, order)?, &Listener::of(world))?;
    *booking = read::known(tx, booking.id)?;
    Ok(())
}

/// One payment, of a provider that need not be the one who takes the stay's money.
pub(super) fn charge_with(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, order: &Order<'_>, provider: &str) -> Result<PaymentId> {
    payments::charge(tx, now, &world.keys, &asked_of(booking, order)?, provider)
}

fn asked_of(booking: &Booking, order: &Order<'_>) -> Result<Charge> {
    let guest = booking.guest.ok_or_else(|| Error::refused(Kind::Conflict, "no_account", "This guest has no account to be charged."))?;
    Ok(Charge {
        booking: booking.id,
        guest,
        purpose: order.purpose,
        amount: order.amount,
        currency: booking.currency,
        capture: order.capture,
        method: order.method.to_owned(),
        off_session: order.off_session,
        // Later instalments and changes are charged to the same.
        keep: order.method != SAVED && order.purpose != Purpose::Deposit,
    })
}

/// The host has agreed: what was promised is taken. `false`: nothing was promised, the guest has to pay.
pub(super) fn take(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> Result<bool> {
    let promised = payments::paid(tx, booking.id)?.open.into_iter().find(|payment| payment.state == payments::State::Authorized);
    match promised {
        Some(payment) => payments::capture(tx, now, payment.id).map(|()| true),
        None => Ok(false),
    }
}

/// What was paid of a stay and what went back: through payments, and into the host's hand where the house entered the stay.
pub(super) fn so_far(conn: &mut Conn<'_>, booking: &Booking) -> Result<PaidSoFar> {
    let paid = payments::paid(conn, booking.id)?;
    let by_hand = books::by_hand(conn, booking)?;
    Ok(PaidSoFar { captured: paid.captured + by_hand.captured, refunded: paid.refunded + paid.refunding + by_hand.refunded })
}

/// Gives `amount` back: first through payments, then what the host took by hand, which the host is told to hand back. `key` says what it follows from. The
/// entry that fills the account of the refunds is the caller's. Refuses with 409 `refund_too_large`.
pub(super) fn give_back(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, amount: i64, key: &str) -> Result<()> {
    let (paid, by_hand) = (payments::paid(tx, booking.id)?, books::by_hand(tx, booking)?);
    let through_payments = (paid.captured - paid.refunded - paid.refunding).max(0);
    let hand_back = (amount - through_payments).clamp(0, by_hand.captured - by_hand.refunded);
    // What neither holds is refused by payments.
    if amount > hand_back {
        payments::refund(tx, now, booking.id, amount - hand_back, key)?;
        super::grant::not_to_nobody(tx, now, booking)?;
    }
    if hand_back > 0 {
        books::handed_back(tx, now, booking, &format!("{ENTERED}{key}"), hand_back)?;
        letters::hand_back(tx, now, world, booking, hand_back)?;
    }
    Ok(())
}

/// Begins the keys of payments into the host's hand that the house wrote down itself.
pub(super) const ENTERED: &str = "entered:";

/// Lets go of everything that is promised or only asked for, but for the deposit.
pub(super) fn let_go(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> Result<()> {
    for payment in payments::paid(tx, booking.id)?.open.into_iter().filter(|payment| payment.purpose != Purpose::Deposit) {
        payments::void(tx, now, payment.id)?;
    }
    Ok(())
}

/// Lets go of what is asked for this.
pub(super) fn let_go_of(tx: &mut Tx<'_>, now: Instant, booking: &Booking, purpose: Purpose) -> Result<()> {
    for payment in payments::paid(tx, booking.id)?.open.into_iter().filter(|payment| payment.purpose == purpose) {
        payments::void(tx, now, payment.id)?;
    }
    Ok(())
}

/// The guest pays: what is due before the stay stands, or the next instalment.
pub(crate) fn pay(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, method: &str) -> Result<()> {
    match booking.state {
        State::PendingPayment => ask_first(tx, now, world, booking, Some(method)).map(|_| ()),
        State::Confirmed | State::InStay | State::Completed => {
            let next = instalments::all(tx, booking.id)?.into_iter().find(|part| matches!(part.state, PartState::Planned | PartState::Failed));
            let Some(part) = next else { return Err(nothing_due()) };
            let provider = provider_of(world, method)?;
            ask_for(tx, now, world, booking, part, (method, provider), false)
        }
        _ => Err(nothing_due()),
    }
}

pub(super) fn nothing_due() -> Error {
    Error::refused(Kind::Conflict, "nothing_due", "Nothing of this booking is to be paid now.")
}

/// Asks for one instalment, with a means of payment of this provider.
pub(super) fn ask_for(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    booking: &mut Booking,
    part: Instalment,
    (method, provider): (&str, &str),
    off_session: bool,
) -> Result<()> {
    // Never more than is owed: a part of it may have been paid by hand.
    let amount = part.amount.min(books::unpaid(tx, booking)?);
    if amount <= 0 {
        return Err(nothing_due());
    }
    let order = Order { purpose: Purpose::Instalment(part.number), amount, capture: Capture::Now, method, off_session };
    let until = answer_until(now, world, booking, provider);
    instalments::update(tx, booking.id, &Instalment { state: PartState::Asked, next_at: Some(until), ..part })?;
    charge(tx, now, world, booking, &order, provider)
}

/// How long somebody who was asked for an instalment, or for what a change costs more, may leave it open: a transfer takes days, and cash is handed over on arrival.
pub(super) fn answer_until(now: Instant, world: &World, booking: &Booking, provider: &str) -> Instant {
    let day = 24 * 3_600;
    let transfer = now.plus_seconds(i64::from(world.config.bookings.transfer_hours) * 3_600);
    match provider {
        MANUAL => transfer,
        CASH => transfer.max(booking.check_in_at.plus_seconds(day)),
        _ => now.plus_seconds(day),
    }
}

/// Asks for what a change costs more, with a means of payment of this provider; without one, with what the guest has left. `there`: the guest is, can
/// prove who they are, and may be told what credit they have.
pub(super) fn ask_for_change(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    booking: &mut Booking,
    of: &Alteration,
    (method, provider): (Option<&str>, &str),
    there: bool,
) -> Result<()> {
    let (purpose, method) = (Purpose::Alteration(of.id), method.unwrap_or(LEFT));
    charge(tx, now, world, booking, &Order { purpose, amount: of.delta, capture: Capture::Now, method, off_session: !there }, provider)
}

/// What the guest left when they booked.
pub(super) const LEFT: &str = SAVED;
