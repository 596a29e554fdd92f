//! What bookings write into the ledger (docs/RULES.md, "The ledger"): E01, E06, E08, E09, and money that came for a stay that is not.

use crate::features::bookings::rules::booking::Booking;
use crate::features::cancellation::Outcome;
use crate::features::ledger::{self, Account, Payee, Payer, TaxShare};
use crate::features::payments::News;
use crate::features::pricing::{Remitter, Split};
use crate::platform::db::{DbResult, Tx};
use crate::values::Instant;
use uuid::Uuid;

/// The parts of a total as the ledger names them.
pub(super) fn split(of: &Split) -> ledger::Split {
    let share = |tax: &crate::features::pricing::TaxPart| TaxShare { tax: tax.key.clone(), amount: tax.amount, to_host: tax.remitted_by == Remitter::Host };
    ledger::Split { base: of.base, guest_fee: of.guest_fee, taxes: of.taxes.iter().map(share).collect(), promo: of.promo }
}

/// E01: the stay stands. One that costs nothing is nothing to the books.
pub(super) fn confirmed(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> DbResult<()> {
    let entry = ledger::confirmed(booking.id, booking.currency, &split(&Split::of(&booking.promise.price)));
    post(tx, now, entry)
}

/// E06 for what the host has not been given yet, E08 for what they have, E09 for what a host pays who calls off.
pub(super) fn cancelled(tx: &mut Tx<'_>, now: Instant, booking: &Booking, outcome: &Outcome) -> DbResult<()> {
    let back = split(&outcome.back);
    let held = held(tx, booking)?;
    let (before, after) = (back.at_most(&held), back.without(&back.at_most(&held)));
    post(tx, now, ledger::cancelled(booking.id, booking.currency, &before, outcome.cancelled))?;
    if after.gross() > 0 {
        // Of the host's fee, what was taken of the part that goes back.
        let fee = ledger::part(outcome.host_fee_back, after.base, back.base);
        let payable = payable(tx, booking)?;
        post(tx, now, ledger::refunded_late(booking.id, "cancelled", booking.host, booking.currency, &after, fee, payable))?;
        let waived = outcome.cancelled - outcome.cancelled.min(before.owed());
        post(tx, now, ledger::not_owed(booking.id, "cancelled", booking.currency, waived))?;
    }
    if outcome.penalty > 0 {
        let payable = payable(tx, booking)?;
        post(tx, now, ledger::penalty(booking.id, booking.host, booking.currency, outcome.penalty, payable))?;
    }
    Ok(())
}

/// E11: what a change costs more, or less. Answers what the guest gets back of what they have paid.
pub(super) fn altered(tx: &mut Tx<'_>, now: Instant, booking: &Booking, id: Uuid, before: &Split, after: &Split) -> DbResult<i64> {
    let unpaid = ledger::balance(tx, &Account::GuestReceivable(booking.id), booking.currency)?;
    let entry = ledger::altered(booking.id, id, booking.currency, &split(before), &split(after), unpaid);
    let back = -entry.on(&Account::RefundPayable(booking.id));
    post(tx, now, entry)?;
    Ok(back)
}

/// Money came for a stay that is not, or not any more, or went back without being asked: the guest's account gives it to the refund.
pub(super) fn to_give_back(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    post(tx, now, ledger::to_give_back(booking.id, key, booking.currency, amount))
}

/// E12: the host took cash, and owes it to us.
pub(super) fn cash_to_host(tx: &mut Tx<'_>, now: Instant, booking: &Booking, news: &News) -> DbResult<()> {
    let entry = ledger::paid_offline(booking.id, &news.payment.to_string(), booking.currency, news.amount, Payee::Host(booking.host));
    post(tx, now, entry)
}

/// E16: the bank keeps what it took back. The platform bears it: hosts have done their part.
pub(super) fn dispute_lost(tx: &mut Tx<'_>, now: Instant, booking: &Booking, news: &News, (dispute, amount): (Uuid, i64)) -> DbResult<()> {
    let from = Payer { booking: booking.id, payment: news.payment.0, provider: &news.provider, currency: booking.currency };
    post(tx, now, ledger::dispute_lost(&from, &dispute.to_string(), amount, booking.host, 0))
}

/// What of a booking nobody has been given yet.
fn held(tx: &mut Tx<'_>, booking: &Booking) -> DbResult<ledger::Split> {
    let mut of = |account: Account| ledger::balance(tx, &account, booking.currency).map(|balance| -balance);
    let (base, guest_fee, tax) = (of(Account::StayEscrow(booking.id))?, of(Account::FeeDeferred(booking.id))?, of(Account::TaxHeld(booking.id))?);
    let all = split(&Split::of(&booking.promise.price));
    Ok(ledger::Split { base, guest_fee, promo: all.promo, ..all.with_tax_total(tax) })
}

fn payable(tx: &mut Tx<'_>, booking: &Booking) -> DbResult<i64> {
    Ok(-ledger::balance(tx, &Account::HostPayable(booking.host), booking.currency)?)
}

fn post(tx: &mut Tx<'_>, now: Instant, entry: ledger::Entry) -> DbResult<()> {
    if entry.is_empty() {
        return Ok(());
    }
    ledger::post(tx, now, &entry).map(|_posted| ())
}
