//! Money that moves between guests, providers and us: payments (E02, E12), their fees (E03), refunds (E07), deposits (E13),
//! disputes (E16).

use super::account::Account;
use super::entry::{Entry, EntryKind};
use crate::values::{BookingId, Currency, UserId};
use uuid::Uuid;

/// Where a payment came from and where it stands.
#[derive(Debug, Clone, Copy)]
pub struct Payer<'a> {
    pub booking: BookingId,
    pub payment: Uuid,
    pub provider: &'a str,
    pub currency: Currency,
}

impl Payer<'_> {
    fn entry(&self, kind: EntryKind, what: &str) -> Entry {
        Entry::new(kind, format!("payment:{}:{what}", self.payment), Some(self.booking), self.currency)
    }

    fn psp(&self) -> Account {
        Account::Psp(self.provider.to_owned())
    }
}

/// Who took cash or a transfer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payee {
    Platform,
    Host(UserId),
}

/// E02: a provider has the guest's money.
#[must_use]
pub fn captured(from: &Payer<'_>, amount: i64) -> Entry {
    from.entry(EntryKind::Captured, "captured").debit(from.psp(), amount).credit(Account::GuestReceivable(from.booking), amount)
}

/// E03: a provider kept a fee. `what` tells the fees of a payment apart: `fee`, or `refund:{id}:fee`.
#[must_use]
pub fn provider_fee(from: &Payer<'_>, what: &str, fee: i64) -> Entry {
    from.entry(EntryKind::ProviderFee, what).debit(Account::ExpPsp, fee).credit(from.psp(), fee)
}

/// E07: a provider has paid money back. Who asked for it has put it on `refund_payable` before.
#[must_use]
pub fn refunded(from: &Payer<'_>, refund: Uuid, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::Refunded, format!("refund:{refund}:refunded"), Some(from.booking), from.currency);
    entry.debit(Account::RefundPayable(from.booking), amount).credit(from.psp(), amount)
}

/// E12: cash or a transfer, to us or to the host, who owes it to us then. `key` tells the payments of a booking apart.
#[must_use]
pub fn paid_offline(booking: BookingId, key: &str, currency: Currency, amount: i64, to: Payee) -> Entry {
    let taken = match to {
        Payee::Platform => Account::OfflineCash,
        Payee::Host(host) => Account::HostReceivable(host),
    };
    let entry = Entry::new(EntryKind::PaidOffline, format!("booking:{booking}:paid_offline:{key}"), Some(booking), currency);
    entry.debit(taken, amount).credit(Account::GuestReceivable(booking), amount)
}

/// E12, given back: the host hands back to the guest what they took. It is not owed to us any more; what was netted from a payout by then, we owe the
/// host. `receivable` is what the host owes us now.
#[must_use]
pub fn returned_offline(booking: BookingId, key: &str, currency: Currency, amount: i64, host: UserId, receivable: i64) -> Entry {
    let not_owed = amount.min(receivable.max(0));
    Entry::new(EntryKind::ReturnedOffline, format!("booking:{booking}:returned_offline:{key}"), Some(booking), currency)
        .debit(Account::RefundPayable(booking), amount)
        .credit(Account::HostReceivable(host), not_owed)
        .credit(Account::HostPayable(host), amount.saturating_sub(not_owed))
}

/// E13: a deposit was charged.
#[must_use]
pub fn deposit_charged(from: &Payer<'_>, amount: i64) -> Entry {
    from.entry(EntryKind::DepositCharged, "captured").debit(from.psp(), amount).credit(Account::DepositHeld(from.booking), amount)
}

/// E13: a deposit, or what is left of it, goes back.
#[must_use]
pub fn deposit_released(booking: BookingId, key: &str, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::DepositReleased, format!("booking:{booking}:deposit_released:{key}"), Some(booking), currency);
    entry.debit(Account::DepositHeld(booking), amount).credit(Account::RefundPayable(booking), amount)
}

/// E16: a bank took a payment back, and the provider a fee for it. `dispute` is the provider's name of the dispute.
#[must_use]
pub fn dispute_opened(from: &Payer<'_>, dispute: &str, amount: i64, fee: i64) -> Entry {
    from.entry(EntryKind::DisputeOpened, &format!("dispute:{dispute}:opened"))
        .debit(Account::DisputeSuspense(from.booking), amount)
        .debit(Account::ExpPsp, fee)
        .credit(from.psp(), amount.saturating_add(fee))
}

/// E16: the bank gave it back.
#[must_use]
pub fn dispute_won(from: &Payer<'_>, dispute: &str, amount: i64) -> Entry {
    let entry = from.entry(EntryKind::DisputeWon, &format!("dispute:{dispute}:won"));
    entry.debit(from.psp(), amount).credit(Account::DisputeSuspense(from.booking), amount)
}

/// E16: the bank keeps a disputed deposit. `held` is what we still have of it, and do not owe any more; the rest is our loss.
#[must_use]
pub fn deposit_lost(from: &Payer<'_>, dispute: &str, amount: i64, held: i64) -> Entry {
    let not_owed = amount.min(held.max(0));
    from.entry(EntryKind::DisputeLost, &format!("dispute:{dispute}:lost"))
        .debit(Account::DepositHeld(from.booking), not_owed)
        .debit(Account::ExpChargeback, amount.saturating_sub(not_owed))
        .credit(Account::DisputeSuspense(from.booking), amount)
}

/// E16: the bank keeps it. `from_host` of it the host owes us, the rest is our loss.
#[must_use]
pub fn dispute_lost(from: &Payer<'_>, dispute: &str, amount: i64, host: UserId, from_host: i64) -> Entry {
    from.entry(EntryKind::DisputeLost, &format!("dispute:{dispute}:lost"))
        .debit(Account::HostReceivable(host), from_host)
        .debit(Account::ExpChargeback, amount.saturating_sub(from_host))
        .credit(Account::DisputeSuspense(from.booking), amount)
}
