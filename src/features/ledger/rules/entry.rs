//! An entry: what happened, and the postings that say where money went. Made by the constructors beside this file.

use super::account::{Account, Owner};
use crate::values::{BookingId, Currency, Origin, UserId};
use uuid::Uuid;

/// What sort of thing happened; E01 to E18 of docs/RULES.md, and what corrects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryKind {
    Confirmed,
    Captured,
    ProviderFee,
    Released,
    PayoutSent,
    PayoutPaid,
    PayoutFailed,
    Cancelled,
    Refunded,
    RefundedLate,
    Penalty,
    Netted,
    AlteredUp,
    AlteredDown,
    PaidOffline,
    ReturnedOffline,
    DepositCharged,
    DepositReleased,
    ClaimFromDeposit,
    ClaimCharged,
    DisputeOpened,
    DisputeWon,
    DisputeLost,
    Goodwill,
    CreditUsed,
    CreditReturned,
    CreditForgone,
    TaxRemitted,
    Reversed,
}

/// Every kind, its stored word, and its number in docs/RULES.md.
pub const KINDS: &[(EntryKind, &str, &str)] = &[
    (EntryKind::Confirmed, "confirmed", "E01"),
    (EntryKind::Captured, "captured", "E02"),
    (EntryKind::ProviderFee, "provider_fee", "E03"),
    (EntryKind::Released, "released", "E04"),
    (EntryKind::PayoutSent, "payout_sent", "E05"),
    (EntryKind::PayoutPaid, "payout_paid", "E05"),
    (EntryKind::PayoutFailed, "payout_failed", "E05"),
    (EntryKind::Cancelled, "cancelled", "E06"),
    (EntryKind::Refunded, "refunded", "E07"),
    (EntryKind::RefundedLate, "refunded_late", "E08"),
    (EntryKind::Penalty, "penalty", "E09"),
    (EntryKind::Netted, "netted", "E10"),
    (EntryKind::AlteredUp, "altered_up", "E11"),
    (EntryKind::AlteredDown, "altered_down", "E11"),
    (EntryKind::PaidOffline, "paid_offline", "E12"),
    (EntryKind::ReturnedOffline, "returned_offline", "E12"),
    (EntryKind::DepositCharged, "deposit_charged", "E13"),
    (EntryKind::DepositReleased, "deposit_released", "E13"),
    (EntryKind::ClaimFromDeposit, "claim_from_deposit", "E14"),
    (EntryKind::ClaimCharged, "claim_charged", "E15"),
    (EntryKind::DisputeOpened, "dispute_opened", "E16"),
    (EntryKind::DisputeWon, "dispute_won", "E16"),
    (EntryKind::DisputeLost, "dispute_lost", "E16"),
    (EntryKind::Goodwill, "goodwill", "E17"),
    (EntryKind::CreditUsed, "credit_used", "E17"),
    (EntryKind::CreditReturned, "credit_returned", "E17"),
    (EntryKind::CreditForgone, "credit_forgone", "E17"),
    (EntryKind::TaxRemitted, "tax_remitted", "E18"),
    (EntryKind::Reversed, "reversed", "L5"),
];

impl EntryKind {
    /// The stored word; never changes its meaning.
    #[must_use]
    pub fn name(self) -> &'static str {
        KINDS[self as usize].1
    }

    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        KINDS.iter().find(|(_, word, _)| *word == name).map(|(kind, _, _)| *kind)
    }
}

/// What an entry does to one account: a debit is positive, a credit negative, nothing is no posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    pub account: Account,
    /// Minor units.
    pub amount: i64,
}

/// An entry that may be posted. Its postings sum to zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub kind: EntryKind,
    /// What it follows from, such as `booking:{id}:confirmed`: the same again has no effect.
    pub source: String,
    pub booking: Option<BookingId>,
    pub currency: Currency,
    /// One an account.
    pub postings: Vec<Posting>,
    /// The entry that this one corrects.
    pub reverses: Option<Uuid>,
    /// A word for whoever reads the books; may be empty.
    pub memo: String,
    /// The request it was posted in, where there was one.
    pub request_id: Option<String>,
    /// An amount was handed in that cannot be: the entry is refused.
    impossible: bool,
}

/// Largest amount of a posting: 10^13 minor units. Sums of hundreds of thousands of the largest fit into 64 bits.
pub const MOST: i64 = 10_000_000_000_000;
/// Most postings of an entry.
pub const MOST_POSTINGS: usize = 64;
const LONGEST_SOURCE: usize = 200;
const LONGEST_MEMO: usize = 500;

/// Why an entry cannot be posted. All of these are mistakes of whoever made it, not of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("has no postings")]
    Empty,
    #[error("does not balance")]
    Unbalanced,
    #[error("has an amount that is zero, too large, or was below zero when it was handed in")]
    Amount,
    #[error("has more postings than an entry may")]
    TooMany,
    #[error("posts to one account twice")]
    Twice,
    #[error("has an account whose name cannot be")]
    Name,
    #[error("posts to an account of another booking")]
    Foreign,
    #[error("has a source or memo that is empty, too long, or not plain text")]
    Text,
}

impl Entry {
    pub(super) fn new(kind: EntryKind, source: String, booking: Option<BookingId>, currency: Currency) -> Self {
        Self { kind, source, booking, currency, postings: Vec::new(), reverses: None, memo: String::new(), request_id: None, impossible: false }
    }

    /// With a word for whoever reads the books: at most 500 bytes, cut there; control characters become spaces.
    #[must_use]
    pub fn with_memo(mut self, memo: &str) -> Self {
        let end = memo.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= LONGEST_MEMO).last().unwrap_or(0);
        self.memo = memo[..end].chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self
    }

    /// Names the request that asked for it.
    #[must_use]
    pub fn asked_in(mut self, origin: &Origin) -> Self {
        self.request_id = Some(origin.request_id.chars().filter(|c| !c.is_control()).take(LONGEST_SOURCE).collect());
        self
    }

    /// Whether there is nothing to post: such an entry is refused, so whoever has nothing to say should not say it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.postings.is_empty() && !self.impossible
    }

    /// What the entry does to an account.
    #[must_use]
    pub fn on(&self, account: &Account) -> i64 {
        self.postings.iter().find(|posting| posting.account == *account).map_or(0, |posting| posting.amount)
    }

    pub(super) fn debit(self, account: Account, amount: i64) -> Self {
        self.add(account, amount, amount < 0)
    }

    pub(super) fn credit(self, account: Account, amount: i64) -> Self {
        self.add(account, -amount.clamp(-MOST, MOST.saturating_add(1)), amount < 0)
    }

    fn add(mut self, account: Account, amount: i64, impossible: bool) -> Self {
        let amount = amount.clamp(-MOST - 1, MOST + 1);
        self.impossible |= impossible || amount.abs() > MOST;
        if let Some(posting) = self.postings.iter_mut().find(|posting| posting.account == account) {
            posting.amount += amount;
        } else {
            self.postings.push(Posting { account, amount });
        }
        self.postings.retain(|posting| posting.amount != 0);
        self
    }

    /// What we owe somebody is taken first, the rest they owe us: `payable` is what the account of the host holds for them.
    pub(super) fn debit_host(self, host: UserId, amount: i64, payable: i64) -> Self {
        let from_payable = amount.min(payable.max(0));
        self.debit(Account::HostPayable(host), from_payable).debit(Account::HostReceivable(host), amount - from_payable)
    }

    /// Whether it may be posted.
    pub fn check(&self) -> Result<(), Unfit> {
        let count = self.postings.len();
        let twice = |(n, posting): (usize, &Posting)| self.postings[..n].iter().any(|before| before.account == posting.account);
        let foreign = |posting: &Posting| matches!(posting.account.owner(), Owner::Booking(id) if Some(id) != self.booking);
        let plain = |text: &str, longest: usize| text.len() <= longest && !text.chars().any(char::is_control);
        let texts = plain(&self.source, LONGEST_SOURCE) && plain(&self.memo, LONGEST_MEMO) && self.request_id.as_ref().is_none_or(|id| plain(id, 1_000));
        let checks = [
            (self.impossible || self.postings.iter().any(|posting| posting.amount == 0 || posting.amount.unsigned_abs() > MOST.unsigned_abs()), Unfit::Amount),
            (count == 0, Unfit::Empty),
            (count > MOST_POSTINGS, Unfit::TooMany),
            (self.postings.iter().enumerate().any(twice), Unfit::Twice),
            (self.postings.iter().any(|posting| !posting.account.is_well_named()), Unfit::Name),
            (self.postings.iter().any(foreign), Unfit::Foreign),
            (self.source.is_empty() || !texts, Unfit::Text),
            (self.postings.iter().map(|posting| i128::from(posting.amount)).sum::<i128>() != 0, Unfit::Unbalanced),
        ];
        checks.into_iter().find(|(wrong, _)| *wrong).map_or(Ok(()), |(_, unfit)| Err(unfit))
    }
}

/// An entry as it was stored.
pub(in crate::features::ledger) fn restored(kind: EntryKind, source: String, booking: Option<BookingId>, currency: Currency, postings: Vec<Posting>) -> Entry {
    Entry { postings, ..Entry::new(kind, source, booking, currency) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_come_back_from_their_words() {
        for (at, (kind, word, _)) in KINDS.iter().enumerate() {
            assert_eq!((*kind as usize, EntryKind::parse(word), kind.name()), (at, Some(*kind), *word));
        }
        assert_eq!(KINDS.last().unwrap().0, EntryKind::Reversed, "a kind without a row");
    }

    fn entry() -> Entry {
        let eur = Currency::parse("EUR").unwrap();
        Entry::new(EntryKind::Goodwill, "x".into(), None, eur).debit(Account::ExpGoodwill, 5).credit(Account::OfflineCash, 5)
    }

    #[test]
    fn what_cannot_be_is_not_posted() {
        assert_eq!(entry().check(), Ok(()));
        let booking = BookingId::new();
        for (entry, expected) in [
            (entry().debit(Account::ExpPsp, 1), Unfit::Unbalanced),
            (entry().debit(Account::ExpPsp, -1).credit(Account::RevPenalty, -1), Unfit::Amount),
            (entry().debit(Account::ExpPsp, MOST + 1).credit(Account::RevPenalty, MOST + 1), Unfit::Amount),
            (entry().debit(Account::ExpPsp, i64::MIN).credit(Account::RevPenalty, i64::MAX), Unfit::Amount),
            (entry().debit(Account::ExpPsp, i64::MAX).credit(Account::RevPenalty, i64::MIN), Unfit::Amount),
            (entry().debit(Account::Psp("No such".into()), 1).credit(Account::ExpPsp, 1), Unfit::Name),
            (entry().debit(Account::StayEscrow(booking), 1).credit(Account::ExpPsp, 1), Unfit::Foreign),
            (entry().debit(Account::OfflineCash, 5).credit(Account::ExpGoodwill, 5), Unfit::Empty),
            (Entry { source: String::new(), ..entry() }, Unfit::Text),
            (Entry { source: "x".repeat(201), ..entry() }, Unfit::Text),
            (Entry { memo: "a\nb".into(), ..entry() }, Unfit::Text),
            (Entry { postings: [entry().postings, entry().postings].concat(), ..entry() }, Unfit::Twice),
        ] {
            assert_eq!(entry.check(), Err(expected), "{entry:?}");
        }
        let many = (0..65).fold(entry(), |entry, n| entry.debit(Account::Psp(format!("p{n}")), 1));
        assert_eq!(many.check(), Err(Unfit::TooMany));
        assert!(Entry { booking: Some(booking), ..entry() }.debit(Account::StayEscrow(booking), 1).credit(Account::ExpPsp, 1).check().is_ok());
    }

    #[test]
    fn memos_are_plain_and_short() {
        assert_eq!(entry().with_memo("a\nb\u{0}").memo, "a b ");
        let long = entry().with_memo(&"ü".repeat(400));
        assert_eq!(long.memo.len(), 500);
        assert_eq!(long.check(), Ok(()));
    }
}
