//! Shapes of the books.

use crate::features::ledger::rules::{Account, Recorded};
use crate::features::ledger::service::{self, Report, Sum};
use crate::platform::db::{Conn, DbResult};
use crate::platform::wire::MoneyView;
use crate::values::{BookingId, Currency, Money};
use poem_openapi::Object;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Something that happened, and where the money went.
#[derive(Debug, Object)]
#[oai(rename = "LedgerEntryView")]
pub(super) struct EntryView {
    id: Uuid,
    /// Its number among all entries, without gaps; null for a moment after it was posted.
    number: Option<i64>,
    /// RFC 3339, UTC.
    at: String,
    /// Such as `confirmed`, `captured`, `released`: docs/RULES.md, "The ledger".
    kind: String,
    /// What it follows from; no two entries have the same.
    source: String,
    booking_id: Option<Uuid>,
    /// The entry that this one takes back.
    reverses: Option<Uuid>,
    /// A word for whoever reads the books. Only for staff.
    memo: Option<String>,
    /// The request it was posted in. Only for staff.
    request_id: Option<String>,
    /// In sum zero.
    postings: Vec<PostingView>,
}

/// What an entry does to an account.
#[derive(Debug, Object)]
#[oai(rename = "LedgerPostingView")]
pub(super) struct PostingView {
    /// Such as `stay_escrow:0190…`.
    account: String,
    /// A debit above zero, a credit below.
    amount: MoneyView,
}

/// A page of entries, newest first.
#[derive(Debug, Object)]
#[oai(rename = "LedgerEntriesView")]
pub(super) struct EntriesView {
    pub(super) data: Vec<EntryView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub(super) next_cursor: Option<String>,
    pub(super) has_more: bool,
}

/// What an account, or all of a sort, hold.
#[derive(Debug, Object)]
#[oai(rename = "LedgerBalanceView")]
pub(super) struct BalanceView {
    /// An account of the house such as `psp:sandbox`, or a sort such as `stay_escrow` for those of all bookings together.
    account: String,
    /// `asset`, `liability`, `income` or `expense`.
    class: String,
    /// Debits less credits: what we own is above zero, what we owe and earn below.
    balance: MoneyView,
}

/// The books of one booking.
#[derive(Debug, Object)]
#[oai(rename = "BookingLedgerView")]
pub struct LedgerView {
    /// Oldest first.
    data: Vec<EntryView>,
    /// What its entries come to on each account.
    balances: Vec<BalanceView>,
}

/// The trial balance.
#[derive(Debug, Object)]
pub(super) struct TrialBalanceView {
    data: Vec<BalanceView>,
    /// The sum of all in each currency: zero.
    sums: Vec<MoneyView>,
    /// Whether all sums are zero.
    balanced: bool,
}

/// What a check of the books has found.
#[derive(Debug, Object)]
pub(super) struct InvariantsView {
    /// Whether everything holds.
    holds: bool,
    /// Entries whose place in the chain was found right.
    sealed: u64,
    /// Entries that have no number yet.
    waiting: u64,
    /// Accounts that were added up.
    accounts: u64,
    /// Number and hash of the last right entry; noted down elsewhere, it proves later that nothing up to it was changed.
    head: String,
    /// At most a hundred.
    findings: Vec<InvariantView>,
    /// Findings beyond these.
    more: u64,
    /// What is unusual and may be right all the same.
    notes: Vec<String>,
}

/// Something that does not hold.
#[derive(Debug, Object)]
pub(super) struct InvariantView {
    /// `L1` to `L8` of docs/RULES.md, or `balances`.
    invariant: String,
    what: String,
}

impl EntryView {
    pub(super) fn of(recorded: Recorded, for_staff: bool) -> Self {
        let Recorded { id, number, at, entry } = recorded;
        let currency = entry.currency;
        let posting =
            |posting: &crate::features::ledger::rules::Posting| PostingView { account: posting.account.name(), amount: money(posting.amount, currency) };
        Self {
            id,
            number,
            at: at.to_string(),
            kind: entry.kind.name().into(),
            postings: entry.postings.iter().map(posting).collect(),
            source: entry.source,
            booking_id: entry.booking.map(|id| id.0),
            reverses: entry.reverses,
            memo: Some(entry.memo).filter(|memo| for_staff && !memo.is_empty()),
            request_id: entry.request_id.filter(|_| for_staff),
        }
    }
}

impl BalanceView {
    fn of(account: &Account, currency: Currency, held: i64) -> Self {
        Self { account: account.name(), class: account.class().name().into(), balance: money(held, currency) }
    }
}

impl TrialBalanceView {
    pub(super) fn of(lines: Vec<Sum>) -> Self {
        let mut sums: BTreeMap<String, i64> = BTreeMap::new();
        for line in &lines {
            *sums.entry(line.currency.clone()).or_default() += line.balance;
        }
        let view = |amount: i64, currency: String| MoneyView { amount, currency };
        Self {
            balanced: sums.values().all(|sum| *sum == 0),
            sums: sums.into_iter().map(|(currency, sum)| view(sum, currency)).collect(),
            data: lines
                .into_iter()
                .map(|line| BalanceView { account: line.account, class: line.class.name().into(), balance: view(line.balance, line.currency) })
                .collect(),
        }
    }
}

impl InvariantsView {
    pub(super) fn of(report: Report) -> Self {
        Self {
            holds: report.findings.is_empty(),
            sealed: report.sealed,
            waiting: report.waiting,
            accounts: report.accounts,
            head: report.head,
            findings: report.findings.into_iter().map(|finding| InvariantView { invariant: finding.invariant.into(), what: finding.what }).collect(),
            more: report.more,
            notes: report.notes,
        }
    }
}

fn money(minor: i64, currency: Currency) -> MoneyView {
    Money::new(minor, currency).into()
}

/// The books of a booking as its page shows them. Guests and hosts are not told what staff noted (`for_staff`); whether they may look is the caller's
/// to know.
pub fn ledger_view(conn: &mut Conn<'_>, booking: BookingId, for_staff: bool) -> DbResult<LedgerView> {
    let entries = service::of_booking(conn, booking)?;
    let balances = service::balances_of(conn, booking)?;
    Ok(LedgerView {
        data: entries.into_iter().map(|recorded| EntryView::of(recorded, for_staff)).collect(),
        balances: balances.iter().map(|(account, currency, held)| BalanceView::of(account, *currency, *held)).collect(),
    })
}
