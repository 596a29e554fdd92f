//! What hosts get: payouts (E05), what is held back from them (E09, E10), and damage that is paid to them (E14, E15).

use super::account::Account;
use super::entry::{Entry, EntryKind};
use super::payment::Payer;
use crate::values::{BookingId, Currency, UserId};
use uuid::Uuid;

/// E05: a payout is under way.
#[must_use]
pub fn payout_sent(payout: Uuid, host: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::PayoutSent, format!("payout:{payout}:sent"), None, currency);
    entry.debit(Account::HostPayable(host), amount).credit(Account::PayoutTransit(payout), amount)
}

/// E05: it has arrived. `provider` is where the money came from; `None`: the operator's own bank.
#[must_use]
pub fn payout_paid(payout: Uuid, provider: Option<&str>, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::PayoutPaid, format!("payout:{payout}:paid"), None, currency);
    entry.debit(Account::PayoutTransit(payout), amount).credit(source_of(provider), amount)
}

/// E05: it could not be paid, and is owed again.
#[must_use]
pub fn payout_failed(payout: Uuid, host: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::PayoutFailed, format!("payout:{payout}:failed"), None, currency);
    entry.debit(Account::PayoutTransit(payout), amount).credit(Account::HostPayable(host), amount)
}

/// E09: a host pays for having let a guest down. `payable` is what we owe the host now; what it does not cover, the host owes us.
#[must_use]
pub fn penalty(booking: BookingId, host: UserId, currency: Currency, amount: i64, payable: i64) -> Entry {
    let entry = Entry::new(EntryKind::Penalty, format!("booking:{booking}:penalty"), Some(booking), currency);
    entry.debit_host(host, amount, payable).credit(Account::RevPenalty, amount)
}

/// E10: what a host owes us is taken from what we owe them.
#[must_use]
pub fn netted(payout: Uuid, host: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::Netted, format!("payout:{payout}:netted"), None, currency);
    entry.debit(Account::HostPayable(host), amount).credit(Account::HostReceivable(host), amount)
}

/// E14: damage is paid out of the deposit.
#[must_use]
pub fn claim_from_deposit(booking: BookingId, claim: Uuid, host: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::ClaimFromDeposit, format!("claim:{claim}:from_deposit"), Some(booking), currency);
    entry.debit(Account::DepositHeld(booking), amount).credit(Account::HostPayable(host), amount)
}

/// E14, given back: the claim came to nothing after all. `payable` is what we owe the host now; what it does not cover, the host owes us.
#[must_use]
pub fn claim_given_back(booking: BookingId, claim: Uuid, host: UserId, currency: Currency, amount: i64, payable: i64) -> Entry {
    let entry = Entry::new(EntryKind::ClaimFromDeposit, format!("claim:{claim}:to_deposit"), Some(booking), currency);
    entry.debit_host(host, amount, payable).credit(Account::DepositHeld(booking), amount)
}

/// E15: damage is paid by a new payment of the guest.
#[must_use]
pub fn claim_charged(from: &Payer<'_>, host: UserId, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::ClaimCharged, format!("payment:{}:captured", from.payment), Some(from.booking), from.currency);
    entry.debit(Account::Psp(from.provider.to_owned()), amount).credit(Account::HostPayable(host), amount)
}

/// Money that leaves: a provider's, or what the operator holds.
pub(super) fn source_of(provider: Option<&str>) -> Account {
    provider.map_or(Account::OfflineCash, |provider| Account::Psp(provider.to_owned()))
}
