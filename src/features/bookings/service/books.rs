//! What bookings write into the ledger (docs/RULES.md, "The ledger"): E01, E06, E08, E09, E12, E17, and money that came for a stay that is not.

use super::money::ENTERED;
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::store::releases;
use crate::features::cancellation::{Outcome, PaidSoFar};
use crate::features::ledger::{self, Account, EntryKind, Payee, Payer, TaxShare, To};
use crate::features::payments::News;
use crate::features::pricing::{Remitter, Split, percent};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::Instant;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Begins the keys of what hosts grant.
const GRANTED: &str = "granted:";

/// The parts of a total as the ledger names them.
pub(super) fn split(of: &Split) -> ledger::Split {
    let share = |tax: &crate::features::pricing::TaxPart| TaxShare { tax: tax.key.clone(), amount: tax.amount, to_host: tax.remitted_by == Remitter::Host };
    ledger::Split { base: of.base, guest_fee: of.guest_fee, taxes: of.taxes.iter().map(share).collect(), promo: of.promo }
}

/// E01: the stay stands. One that costs nothing is nothing to the books.
pub(super) fn confirmed(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> DbResult<()> {
    let entry = ledger::confirmed(booking.id, booking.currency, &split(&Split::of(&booking.promise.price)));
    releases::set(tx, booking.id, Some(booking.check_in_at))?;
    post(tx, now, entry)
}

/// E06 for what the host has not been given yet, E08 for what they have, E09 for what a host pays who calls off.
pub(super) fn cancelled(tx: &mut Tx<'_>, now: Instant, booking: &Booking, outcome: &Outcome) -> DbResult<()> {
    let back = split(&outcome.back);
    let given = given(tx, booking)?;
    let held = held(tx, booking, &given, &split(&Split::of(&booking.promise.price)))?;
    let (before, after) = (back.at_most(&held), back.without(&back.at_most(&held)));
    releases::set(tx, booking.id, Some(booking.check_in_at))?;
    post(tx, now, ledger::cancelled(booking.id, booking.currency, &before, outcome.cancelled))?;
    if after.gross() > 0 {
        // What goes back of the base was released, and nothing of it is held any more: the host's fee becomes what the outcome says, to
        // the cent.
        let fee = if after.base > 0 { (given.host_fee - outcome.host_fee).clamp(0, after.base) } else { 0 };
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

/// E12: the host took money for a stay that the house entered. `key` tells these payments apart.
pub(super) fn paid_by_hand(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    post(tx, now, ledger::paid_offline(booking.id, &format!("{ENTERED}{key}"), booking.currency, amount, Payee::Host(booking.host)))
}

/// E12, given back: the host hands back what they took.
pub(super) fn handed_back(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    let receivable = ledger::hold(tx, &Account::HostReceivable(booking.host), booking.currency)?;
    post(tx, now, ledger::returned_offline(booking.id, key, booking.currency, amount, booking.host, receivable))
}

/// What the house wrote down of money that went from hand to hand, and back. Only of stays that it entered itself: what guests pay in cash are payments.
pub(super) fn by_hand(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<PaidSoFar> {
    let mut found = PaidSoFar::default();
    if !booking.is_entered() {
        return Ok(found);
    }
    let (taken, returned) = (format!("booking:{}:paid_offline:{ENTERED}", booking.id), format!("booking:{}:returned_offline:{ENTERED}", booking.id));
    let mut all = |source: &str| ledger::together(conn, (booking.id, booking.currency), None, source);
    found.captured = -all(&taken)?.on(&Account::GuestReceivable(booking.id));
    found.refunded = all(&returned)?.on(&Account::RefundPayable(booking.id));
    Ok(found)
}

/// What the guest still owes.
pub(super) fn unpaid(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<i64> {
    ledger::balance(conn, &Account::GuestReceivable(booking.id), booking.currency)
}

/// E08: the host grants `amount` of what they were paid, or will be: of the host's fee, its share comes back. What is still held for them stays where it is; what they are owed is less.
pub(super) fn granted(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    let fee = i64::try_from(percent(amount.into(), booking.promise.price.host_bp)).unwrap_or(amount);
    let payable = -ledger::hold(tx, &Account::HostPayable(booking.host), booking.currency)?;
    let back = ledger::Split { base: amount, ..ledger::Split::default() };
    post(tx, now, ledger::refunded_late(booking.id, &format!("{GRANTED}{key}"), booking.host, booking.currency, &back, fee, payable))
}

/// Begins the sources of what the host grants.
fn grants(booking: &Booking) -> String {
    format!("booking:{}:refunded_late:{GRANTED}", booking.id)
}

/// What the host has granted so far.
pub(super) fn granted_so_far(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<i64> {
    let granted = ledger::together(conn, (booking.id, booking.currency), None, &grants(booking))?;
    Ok(-granted.on(&Account::RefundPayable(booking.id)))
}

/// E17: the platform gives the guest `amount` back out of its own pocket.
pub(super) fn goodwill(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    post(tx, now, ledger::goodwill(&format!("booking:{}:{key}", booking.id), booking.currency, amount, To::Refund(booking.id)))
}

/// E16: the bank keeps what it took back. The platform bears it: hosts have done their part.
pub(super) fn dispute_lost(tx: &mut Tx<'_>, now: Instant, booking: &Booking, news: &News, (dispute, amount): (Uuid, i64)) -> DbResult<()> {
    let from = Payer { booking: booking.id, payment: news.payment.0, provider: &news.provider, currency: booking.currency };
    post(tx, now, ledger::dispute_lost(&from, &dispute.to_string(), amount, booking.host, 0))
}

/// What of a deposit is with us.
pub(super) fn deposit_held(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<i64> {
    Ok(-ledger::balance(conn, &Account::DepositHeld(booking.id), booking.currency)?)
}

/// E13: a deposit goes back.
pub(super) fn deposit_released(tx: &mut Tx<'_>, now: Instant, booking: &Booking, key: &str, amount: i64) -> DbResult<()> {
    post(tx, now, ledger::deposit_released(booking.id, key, booking.currency, amount))
}

/// E14: damage is paid out of the deposit.
pub(super) fn claim_from_deposit(tx: &mut Tx<'_>, now: Instant, booking: &Booking, claim: Uuid, amount: i64) -> DbResult<()> {
    post(tx, now, ledger::claim_from_deposit(booking.id, claim, booking.host, booking.currency, amount))
}

/// E14, given back: what a claim took of the deposit is the guest's again. Answers how much.
pub(super) fn claim_given_back(tx: &mut Tx<'_>, now: Instant, booking: &Booking, claim: Uuid) -> DbResult<i64> {
    let source = ledger::claim_from_deposit(booking.id, claim, booking.host, booking.currency, 1).source;
    let taken = ledger::by_source(tx, &source)?.map_or(0, |recorded| recorded.entry.on(&Account::DepositHeld(booking.id)));
    let payable = payable(tx, booking)?;
    post(tx, now, ledger::claim_given_back(booking.id, claim, booking.host, booking.currency, taken, payable))?;
    Ok(taken)
}

/// E16: the bank gave the deposit back itself; what was taken of it for damage by then is the platform's loss.
pub(super) fn deposit_lost(tx: &mut Tx<'_>, now: Instant, booking: &Booking, news: &News, (dispute, amount): (Uuid, i64)) -> DbResult<()> {
    let from = Payer { booking: booking.id, payment: news.payment.0, provider: &news.provider, currency: booking.currency };
    let held = deposit_held(tx, booking)?;
    post(tx, now, ledger::deposit_lost(&from, &dispute.to_string(), amount, held))
}

/// What of a booking has been released, and not been given up since.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    /// Releases so far.
    pub times: u32,
    /// The base that was released, before the host's fee.
    pub base: i64,
    /// Of that, the host's fee.
    pub host_fee: i64,
    /// Taxes that we owe, by key.
    taxes: BTreeMap<String, i64>,
}

pub(crate) fn given(conn: &mut Conn<'_>, booking: &Booking) -> DbResult<Given> {
    let mut of = |kind: Option<EntryKind>, source: &str| ledger::together(conn, (booking.id, booking.currency), kind, source);
    let (released, all, granted) = (of(Some(EntryKind::Released), "")?, of(None, "")?, of(None, &grants(booking))?);
    let taxes = all.accounts.iter().filter_map(|(account, amount)| match account {
        Account::TaxPayable(key) => Some((key.clone(), -amount)),
        _ => None,
    });
    Ok(Given {
        times: u32::try_from(released.entries).unwrap_or(u32::MAX),
        base: released.on(&Account::StayEscrow(booking.id)),
        // What a host grants is theirs with its share of the fee: what they are given later bears the fee as if nothing had been granted.
        host_fee: granted.on(&Account::RevHostFee) - all.on(&Account::RevHostFee),
        taxes: taxes.collect(),
    })
}

/// What of a booking nobody has been given yet. `all` says which taxes there are; those that hosts hand on are one.
pub(crate) fn held(conn: &mut Conn<'_>, booking: &Booking, given: &Given, all: &ledger::Split) -> DbResult<ledger::Split> {
    let mut of = |account: Account| ledger::balance(conn, &account, booking.currency).map(|balance| -balance);
    let (base, guest_fee, tax) = (of(Account::StayEscrow(booking.id))?, of(Account::FeeDeferred(booking.id))?, of(Account::TaxHeld(booking.id))?);
    let mut gone = given.taxes.clone();
    let mut ours = |share: &TaxShare| {
        let before = gone.entry(share.tax.clone()).or_default();
        let taken = share.amount.min((*before).max(0));
        *before -= taken;
        share.amount - taken
    };
    let mut taxes = all.taxes.clone();
    for share in taxes.iter_mut().filter(|share| !share.to_host) {
        share.amount = ours(share);
    }
    let mut left = tax - taxes.iter().filter(|share| !share.to_host).map(|share| share.amount).sum::<i64>();
    for share in taxes.iter_mut().filter(|share| share.to_host) {
        share.amount = share.amount.min(left.max(0));
        left -= share.amount;
    }
    Ok(ledger::Split { base, guest_fee, taxes, promo: all.promo }.with_tax_total(tax))
}

fn payable(tx: &mut Tx<'_>, booking: &Booking) -> DbResult<i64> {
    // Held: a payout at the same time would take it away meanwhile.
    Ok(-ledger::hold(tx, &Account::HostPayable(booking.host), booking.currency)?)
}

fn post(tx: &mut Tx<'_>, now: Instant, entry: ledger::Entry) -> DbResult<()> {
    if entry.is_empty() {
        return Ok(());
    }
    ledger::post(tx, now, &entry).map(|_posted| ())
}
