//! What payments tell, in the transaction that stores it: a booking is confirmed, its instalment is paid, money came too late (T3, S4).

use super::{World, books, deposits, grant, instalments, letters, money, steps};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::State;
use crate::features::payments::provider::CASH;
use crate::features::payments::{self, Follows, News, Purpose, What};
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, Origin};

/// Bookings, to payments.
pub struct Listener {
    world: World,
}

impl Listener {
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self { world: World::of(tools, Origin::inside("payments")) }
    }

    /// For what is paid in the middle of a use case.
    pub(super) fn of(world: &World) -> Self {
        Self { world: world.clone() }
    }
}

impl Follows for Listener {
    fn heard(&self, tx: &mut Tx<'_>, now: Instant, news: &News) -> Result<()> {
        let world = &self.world;
        let Some(mut booking) = steps::find(tx, now, world, news.booking)? else {
            // Money must be stored whatever it is for; the checks of the books name what has no booking.
            tracing::warn!(booking = %news.booking, payment = %news.payment, "a payment is for a booking that is not there");
            return Ok(());
        };
        if news.purpose == Purpose::Deposit {
            return deposits::heard(tx, now, world, &booking, news);
        }
        match &news.what {
            What::Captured => captured(tx, now, world, &mut booking, news),
            What::Authorized => authorized(tx, now, &booking, news),
            What::Failed { .. } => failed(tx, now, world, &booking, news),
            What::Voided => let_go(tx, now, world, &booking, news),
            // Cash is in the host's hand, and is handed back by the host.
            What::Refunded { amount, refund, .. } if news.provider == CASH => {
                Ok(books::handed_back(tx, now, &booking, &format!("refund:{}", refund.0), *amount)?)
            }
            What::DisputeLost { dispute, amount } => Ok(books::dispute_lost(tx, now, &booking, news, (*dispute, *amount))?),
            _ => Ok(()),
        }
    }

    fn hold(&self, tx: &mut Tx<'_>, booking: BookingId) -> Result<()> {
        steps::hold(tx, booking)
    }
}

fn captured(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, news: &News) -> Result<()> {
    let owed = books::unpaid(tx, booking)?;
    if news.provider == CASH {
        books::cash_to_host(tx, now, booking, news)?;
    }
    match news.purpose {
        Purpose::Booking => {
            let may_stand = matches!(booking.state, State::PendingPayment | State::Expired);
            if may_stand {
                money::paid_by(tx, booking, &news.provider)?;
            }
            if may_stand && steps::confirm(tx, now, world, booking)? { Ok(()) } else { give_back(tx, now, world, booking, news) }
        }
        Purpose::Instalment(number) if matches!(booking.state, State::Confirmed | State::InStay | State::Completed) => {
            money::stands_for_the_rest(tx, booking, &news.provider)?;
            instalments::paid(tx, booking, number)?;
            give_surplus_back(tx, now, world, booking, news, owed)
        }
        Purpose::Alteration(id) => super::alter::paid(tx, now, world, booking, id, news),
        Purpose::Instalment(_) | Purpose::Balance => give_back(tx, now, world, booking, news),
        Purpose::Deposit | Purpose::Claim(_) => Ok(()),
    }
}

/// The stay is not to be had, or not any more: nobody keeps money without one (S4).
pub(super) fn give_back(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, news: &News) -> Result<()> {
    let key = format!("payment:{}:too_late", news.payment);
    books::to_give_back(tx, now, booking, &key, news.amount)?;
    payments::refund_of(tx, now, news.payment, news.amount, &key)?;
    grant::not_to_nobody(tx, now, booking)?;
    letters::came_too_late(tx, now, world, booking, news.amount)?;
    Ok(())
}

/// The stay became cheaper, or was paid by hand, while this was under way: nobody pays more than they owe. `owed`: before this payment.
fn give_surplus_back(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, news: &News, owed: i64) -> Result<()> {
    let surplus = news.amount - owed.clamp(0, news.amount);
    if surplus == 0 {
        return Ok(());
    }
    let key = format!("payment:{}:surplus", news.payment);
    books::to_give_back(tx, now, booking, &key, surplus)?;
    payments::refund_of(tx, now, news.payment, surplus, &key)?;
    grant::not_to_nobody(tx, now, booking)?;
    letters::paid_too_much(tx, now, world, booking, surplus)?;
    Ok(())
}

/// A card was promised after the host had agreed, or after everything was over.
fn authorized(tx: &mut Tx<'_>, now: Instant, booking: &Booking, news: &News) -> Result<()> {
    match booking.state {
        State::Requested => Ok(()),
        State::PendingPayment => payments::capture(tx, now, news.payment),
        _ => payments::void(tx, now, news.payment),
    }
}

fn failed(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, news: &News) -> Result<()> {
    match news.purpose {
        Purpose::Instalment(number) => instalments::failed(tx, now, world, booking, number),
        Purpose::Alteration(id) => super::alter::unpaid(tx, now, world, booking, id),
        Purpose::Booking => may_pay_otherwise(tx, now, world, booking),
        _ => Ok(()),
    }
}

/// What was promised is promised no longer: it lapsed, or could not be taken. What had failed before has been told.
fn let_go(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, news: &News) -> Result<()> {
    let was_promised = |one: &payments::PaymentWithRefunds| one.payment.id == news.payment && one.payment.authorized_at.is_some();
    let is_lost = news.purpose == Purpose::Booking && payments::of_booking(tx, booking.id)?.iter().any(was_promised);
    if is_lost { may_pay_otherwise(tx, now, world, booking) } else { Ok(()) }
}

/// The host has agreed, and the money is not there: the guest, who is not looking, is told while there is time.
fn may_pay_otherwise(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<()> {
    if booking.accepted_at.is_some() && booking.state == State::PendingPayment {
        letters::card_refused(tx, now, world, booking)?;
    }
    Ok(())
}
