//! Posting entries and reading the books.

use crate::features::ledger::rules::{Account, Class, Entry, EntryKind, Recorded, class_of, reversal};
use crate::features::ledger::store::{self, Books, Filter, Place};
use crate::platform::chain;
use crate::platform::db::{Conn, Db, DbError, DbResult, Tx};
use crate::platform::keys::Keys;
use crate::platform::tasks::Task;
use crate::values::{BookingId, Currency, Instant, UserId};
use std::collections::BTreeMap;
use std::sync::Arc;
use uuid::Uuid;

/// What became of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    New(Uuid),
    /// An entry of the same source stands already; nothing was written.
    Before(Uuid),
}

impl Posted {
    #[must_use]
    pub fn id(self) -> Uuid {
        match self {
            Self::New(id) | Self::Before(id) => id,
        }
    }

    #[must_use]
    pub fn is_new(self) -> bool {
        matches!(self, Self::New(_))
    }
}

/// Writes an entry in the caller's transaction, once for each source: the same again has no effect, whatever it says, also when many
/// try at the same time. An entry that is empty, does not balance or cannot be is an error, which undoes the transaction.
pub fn post(tx: &mut Tx<'_>, now: Instant, entry: &Entry) -> DbResult<Posted> {
    entry.check().map_err(|unfit| DbError::Unusable(format!("the ledger's entry `{}` {unfit}", entry.source)))?;
    let id = Uuid::now_v7();
    if store::insert(tx, id, now, entry)? {
        store::add_to_people(tx, entry.currency, entry)?;
        return Ok(Posted::New(id));
    }
    let before = store::find_source(tx, &entry.source)?;
    before.map(Posted::Before).ok_or_else(|| DbError::Unusable(format!("the ledger's entry `{}` is neither new nor there", entry.source)))
}

/// Takes the entry `id` back by one that names it, with the word why. Once: the second time has no effect.
pub fn reverse(tx: &mut Tx<'_>, now: Instant, id: Uuid, why: &str) -> DbResult<Posted> {
    let recorded = store::by_id(tx, id)?.ok_or_else(|| DbError::Unusable(format!("there is no entry {id} in the ledger")))?;
    post(tx, now, &reversal(&recorded, why))
}

/// What an account holds: debits less credits, so what we owe is below zero. All that is committed, and all that this transaction has posted.
pub fn balance(conn: &mut Conn<'_>, account: &Account, currency: Currency) -> DbResult<i64> {
    store::balance(conn, account, currency)
}

/// [`balance`] of a person's account, for whoever will post to it: until this transaction ends, nobody else does. On PostgreSQL they wait.
pub fn hold(tx: &mut Tx<'_>, account: &Account, currency: Currency) -> DbResult<i64> {
    store::hold(tx, account, currency)
}

/// What the entries of a booking come to, on each account that they touch: its own and those of others.
pub fn balances_of(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<(Account, Currency, i64)>> {
    store::balances_of(conn, booking)
}

/// What some entries come to together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Together {
    /// How many they are.
    pub entries: i64,
    /// Debits less credits, for each account that they touch.
    pub accounts: BTreeMap<Account, i64>,
}

impl Together {
    /// What they come to on an account; nothing where they do not touch it.
    #[must_use]
    pub fn on(&self, account: &Account) -> i64 {
        self.accounts.get(account).copied().unwrap_or(0)
    }
}

/// What entries of a booking in its currency come to: those of this kind (`None`: of any) whose source begins like `source` (`""`: all of them).
/// The database counts and adds up, so it is all of them, however many there are; [`of_booking`] reads the first thousand only.
pub fn together(conn: &mut Conn<'_>, of: (BookingId, Currency), kind: Option<EntryKind>, source: &str) -> DbResult<Together> {
    let (entries, accounts) = store::together(conn, of, kind, source)?;
    Ok(Together { entries, accounts: accounts.into_iter().collect() })
}

/// What the entries of a span (`from` on, before `to`) come to on an account, by their kind and currency.
pub fn by_kind(conn: &mut Conn<'_>, account: &Account, from: Instant, to: Instant) -> DbResult<Vec<(EntryKind, Currency, i64)>> {
    store::by_kind(conn, account, from, to)
}

/// What was released to a host in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReleasedTo {
    pub currency: Currency,
    /// How many releases.
    pub times: i64,
    /// What they were of the base, before the host's fee.
    pub base: i64,
    /// The host's fee in it, below zero.
    pub host_fee: i64,
}

/// What was released to a host in a span (`from` on, before `to`), by currency.
pub fn released_to(conn: &mut Conn<'_>, host: UserId, from: Instant, to: Instant) -> DbResult<Vec<ReleasedTo>> {
    let found = store::released_to(conn, host, from, to)?;
    Ok(found.into_iter().map(|(currency, times, base, host_fee)| ReleasedTo { currency, times, base, host_fee }).collect())
}

/// The entry that was posted for `source`, which no other one has.
pub fn by_source(conn: &mut Conn<'_>, source: &str) -> DbResult<Option<Recorded>> {
    store::by_source(conn, source)
}

/// The entries of a booking, oldest first; never more than a thousand.
pub fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<Recorded>> {
    store::of_booking(conn, booking)
}

/// The entries that pass `filter`, newest first, those after the place, at most `limit`.
pub fn list(conn: &mut Conn<'_>, filter: &Filter, after: Option<&Place>, limit: i64) -> DbResult<Vec<Recorded>> {
    store::list(conn, filter, after, limit)
}

/// What an account held just before `at`.
pub fn balance_before(conn: &mut Conn<'_>, account: &Account, currency: Currency, at: Instant) -> DbResult<i64> {
    store::balance_before(conn, account, currency, at)
}

/// When an account was posted to for the first time.
pub fn first_at(conn: &mut Conn<'_>, account: &Account, currency: Currency) -> DbResult<Option<Instant>> {
    store::first_at(conn, account, currency)
}

/// In which currencies a person's account was ever posted to.
pub fn currencies_of(conn: &mut Conn<'_>, account: &Account) -> DbResult<Vec<Currency>> {
    store::currencies_of(conn, account)
}

/// Up to `limit` hosts whom we owe something, with the currency, in the order of their accounts; those behind `after`.
pub fn owed_to_hosts(conn: &mut Conn<'_>, after: Option<(UserId, Currency)>, limit: i64) -> DbResult<Vec<(UserId, Currency)>> {
    store::owed_to_hosts(conn, after, limit)
}

/// A line of the trial balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    /// An account of the house, or a sort of accounts.
    pub account: String,
    pub class: Class,
    pub currency: String,
    pub balance: i64,
}

/// What all accounts hold: those of the house one by one, all others in one line a sort. They sum to zero in each currency. Quick,
/// whatever was posted. Give it one cut (`Db::read_cut`).
pub fn trial_balance(conn: &mut Conn<'_>) -> DbResult<Vec<Sum>> {
    let mut sums: BTreeMap<(String, String), i64> = BTreeMap::new();
    for (account, currency, amount) in store::sums(conn)? {
        *sums.entry((account, currency)).or_default() += amount;
    }
    Ok(sums.into_iter().map(|((account, currency), balance)| Sum { class: class_of(sort_of(&account)), account, currency, balance }).collect())
}

fn sort_of(account: &str) -> &str {
    account.split_once(':').map_or(account, |(sort, _)| sort)
}

/// Numbers and chains what was posted, within a second.
#[must_use]
pub fn sealer(db: Db, keys: Arc<Keys>) -> Task {
    chain::sealer::<Books>("ledger sealer", db, keys)
}

/// The same at once, for everything that is committed; answers how many entries that were. Blocks.
pub fn seal_all(db: &Db, keys: &Arc<Keys>) -> DbResult<u64> {
    chain::seal_all::<Books>(db, keys)
}
