//! That a claim is paid: charged to what the guest has left, or what they choose; and what payments tell of it (E15). What comes when nothing is
//! to be paid, or not any more, goes back.

use super::{World, acts, letters};
use crate::features::bookings::{self, Side};
use crate::features::claims::rules::{Act, Claim, State};
use crate::features::claims::store;
use crate::features::ledger::{self, Payee, Payer};
use crate::features::payments::provider::{CASH, CREDIT, MANUAL};
use crate::features::payments::{self, Capture, Charge, Follows, News, Payment, Purpose, SAVED, What};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, Origin};
use uuid::Uuid;

/// Charges what the guest left when they paid the stay, if they did: else they are asked to pay by themselves.
pub(super) fn charge_saved(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim) -> Result<()> {
    match charge(tx, now, world, claim, None) {
        Ok(()) | Err(Error::Refused(_)) => Ok(()),
        Err(broken) => Err(broken),
    }
}

/// Asks for what is settled, with `method` or what the guest left before.
pub(super) fn charge(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim, method: Option<&str>) -> Result<()> {
    let booking = bookings::known(tx, claim.booking)?;
    let provider = match method {
        Some(method) => bookings::provider_for(&world.config, method)?.to_owned(),
        // Money that people hand over cannot be fetched, and nobody spends somebody's credit for them on damage.
        None if matches!(booking.provider.as_str(), "" | MANUAL | CASH | CREDIT) => return Ok(()),
        None => booking.provider,
    };
    if provider == CREDIT {
        return Err(Error::refused(Kind::Unacceptable, "invalid_payment_method", "Credit pays for stays, not for damage."));
    }
    let charge = Charge {
        booking: claim.booking,
        guest: claim.guest,
        purpose: Purpose::Claim(claim.id),
        amount: claim.settled.unwrap_or(0) - from_deposit(tx, claim)?,
        currency: claim.currency,
        capture: Capture::Now,
        method: method.unwrap_or(SAVED).to_owned(),
        off_session: method.is_none(),
        keep: false,
    };
    payments::charge(tx, now, &world.keys, &charge, &provider).map(|_payment| ())
}

/// What of it came out of the deposit.
fn from_deposit(conn: &mut Conn<'_>, claim: &Claim) -> DbResult<i64> {
    let source = ledger::claim_from_deposit(claim.booking, claim.id, claim.host, claim.currency, 1).source;
    Ok(ledger::by_source(conn, &source)?.map_or(0, |recorded| recorded.entry.on(&ledger::Account::DepositHeld(claim.booking))))
}

/// Nothing of a claim is to be paid any more: what is under way is let go, and what failed as well, which may still succeed at its provider.
pub(super) fn let_go(tx: &mut Tx<'_>, now: Instant, claim: &Claim) -> Result<()> {
    let failed = |payment: &Payment| payment.state == payments::State::Failed && payment.reference.is_some();
    let may_come = |payment: &Payment| payment.purpose == Purpose::Claim(claim.id) && (!payment.state.is_over() || failed(payment));
    let all = payments::of_booking(tx, claim.booking)?;
    for one in all.iter().filter(|one| may_come(&one.payment)) {
        payments::void(tx, now, one.payment.id)?;
    }
    Ok(())
}

/// Claims and bookings, to payments: what is paid for a claim is heard here, everything else by bookings.
pub struct Listener {
    world: World,
    bookings: bookings::Listener,
}

impl Listener {
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self { world: World::of(tools, Origin::inside("payments")), bookings: bookings::Listener::new(tools) }
    }
}

impl Follows for Listener {
    fn heard(&self, tx: &mut Tx<'_>, now: Instant, news: &News) -> Result<()> {
        match (news.purpose, &news.what) {
            (Purpose::Claim(id), What::Captured) => paid(tx, now, &self.world, news, id),
            (Purpose::Claim(id), What::Failed { .. }) => failed(tx, now, &self.world, id),
            _ => self.bookings.heard(tx, now, news),
        }
    }

    fn hold(&self, tx: &mut Tx<'_>, booking: BookingId) -> Result<()> {
        self.bookings.hold(tx, booking)
    }
}

/// Money for a claim is there. Payments leave it to us to say in the books what it is.
fn paid(tx: &mut Tx<'_>, now: Instant, world: &World, news: &News, id: Uuid) -> Result<()> {
    let Some(mut claim) = store::locked(tx, id)? else { return Err(anyhow::anyhow!("a claim that was paid is not there").into()) };
    acts::lapse(tx, now, world, &mut claim)?;
    if claim.state != State::Due {
        return give_back(tx, now, world, news, &claim);
    }
    // Cash was handed to the host: it never was ours.
    let in_cash = news.provider == CASH;
    if !in_cash {
        ledger::post(tx, now, &ledger::claim_charged(&payer(news), claim.host, news.amount))?;
    }
    acts::go(tx, now, world, &mut claim, Act::Pay, Side::System)?;
    letters::paid(tx, now, world, &claim, in_cash)?;
    acts::note(tx, now, world, "claim.paid", None, &claim, None)
}

/// The claim was paid before, withdrawn, closed, or has lapsed: nobody pays twice, or what they do not owe. As with money for a stay that is not
/// to be had any more, it stands as the guest's for a moment (E02, of cash E12), and the refund is paid from there.
fn give_back(tx: &mut Tx<'_>, now: Instant, world: &World, news: &News, claim: &Claim) -> Result<()> {
    let (key, in_cash) = (format!("payment:{}:too_late", news.payment), news.provider == CASH);
    let taken = match in_cash {
        true => ledger::paid_offline(news.booking, &news.payment.to_string(), news.currency, news.amount, Payee::Host(claim.host)),
        false => ledger::captured(&payer(news), news.amount),
    };
    ledger::post(tx, now, &taken)?;
    ledger::post(tx, now, &ledger::to_give_back(news.booking, &key, news.currency, news.amount))?;
    payments::refund_of(tx, now, news.payment, news.amount, &key)?;
    letters::came_too_late(tx, now, world, claim, news.amount, in_cash)?;
    acts::note(tx, now, world, "claim.payment_returned", None, claim, None)
}

fn payer(news: &News) -> Payer<'_> {
    Payer { booking: news.booking, payment: news.payment.0, provider: &news.provider, currency: news.currency }
}

fn failed(tx: &mut Tx<'_>, now: Instant, world: &World, id: Uuid) -> Result<()> {
    if let Some(claim) = store::locked(tx, id)?.filter(|claim| claim.state == State::Due) {
        letters::refused(tx, now, world, &claim)?;
    }
    Ok(())
}
