//! What bookings write into the ledger (docs/RULES.md, "The ledger"): E01, E06, E08, E09, and money that came for a stay that is not.

use crate::features::bookings::rules::booking::Booking;
use crate::features::cancellation::Outcome;
use crate::features::ledger::{self, Account, TaxShare};
use crate::features::pricing::{Remitter, Split};
use crate::platform::db::{DbResult, Tx};
use crate::values::Instant;

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
        let fee = outcome.host_fee_back - ledger::part(outcome.host_fee_back, before.base, back.base.max(1)).min(outcome.host_fee_back);
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

/// Money came for a stay that is not, or not any more: it waits for its refund.
pub(super) fn came_too_late(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    post(tx, now, ledger::came_too_late(booking.id, key, booking.currency, amount))
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
