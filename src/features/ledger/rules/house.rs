//! What the house gives (E17), pays (E18) and corrects (L5).

use super::account::Account;
use super::entry::Posting;
use super::entry::{Entry, EntryKind};
use super::host::source_of;
use crate::values::{BookingId, Currency, Instant, UserId};
use uuid::Uuid;

/// How somebody gets what the house gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum To {
    /// With the refunds of this booking.
    Refund(BookingId),
    /// As credit for later stays.
    Credit(UserId),
}

/// An entry that stands in the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub id: Uuid,
    /// Its number, a moment after it was posted.
    pub number: Option<i64>,
    pub at: Instant,
    pub entry: Entry,
}

/// E17: the house gives something. `key` is unique among all that it gives.
#[must_use]
pub fn goodwill(key: &str, currency: Currency, amount: i64, to: To) -> Entry {
    let (booking, account) = match to {
        To::Refund(booking) => (Some(booking), Account::RefundPayable(booking)),
        To::Credit(guest) => (None, Account::GuestCredit(guest)),
    };
    Entry::new(EntryKind::Goodwill, format!("goodwill:{key}"), booking, currency).debit(Account::ExpGoodwill, amount).credit(account, amount)
}

/// E17, spent: a guest pays a booking with credit.
#[must_use]
pub fn credit_used(booking: BookingId, key: &str, guest: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::CreditUsed, format!("booking:{booking}:credit_used:{key}"), Some(booking), currency);
    entry.debit(Account::GuestCredit(guest), amount).credit(Account::GuestReceivable(booking), amount)
}

/// E17, spent and refunded: what was paid with credit goes back as credit.
#[must_use]
pub fn credit_returned(booking: BookingId, key: &str, guest: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::CreditReturned, format!("booking:{booking}:credit_returned:{key}"), Some(booking), currency);
    entry.debit(Account::RefundPayable(booking), amount).credit(Account::GuestCredit(guest), amount)
}

/// E17, given up: whoever leaves for good leaves their credit to the house, which had given it. `key` is unique among all that is given up.
#[must_use]
pub fn credit_forgone(key: &str, guest: UserId, currency: Currency, amount: i64) -> Entry {
    let entry = Entry::new(EntryKind::CreditForgone, format!("credit_forgone:{key}"), None, currency);
    entry.debit(Account::GuestCredit(guest), amount).credit(Account::ExpGoodwill, amount)
}

/// E18: a tax was handed on, from what a provider holds or (`None`) from the operator's bank.
#[must_use]
pub fn tax_remitted(tax: &str, key: &str, currency: Currency, amount: i64, provider: Option<&str>) -> Entry {
    let entry = Entry::new(EntryKind::TaxRemitted, format!("tax:{tax}:remitted:{key}"), None, currency);
    entry.debit(Account::TaxPayable(tax.to_owned()), amount).credit(source_of(provider), amount)
}

/// L5: takes an entry back, posting by posting. An entry is taken back once.
#[must_use]
pub fn reversal(of: &Recorded, why: &str) -> Entry {
    let mut entry = Entry::new(EntryKind::Reversed, format!("entry:{}:reversed", of.id), of.entry.booking, of.entry.currency).with_memo(why);
    entry.reverses = Some(of.id);
    entry.postings = of.entry.postings.iter().map(|posting| Posting { account: posting.account.clone(), amount: -posting.amount }).collect();
    entry
}
