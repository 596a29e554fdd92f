//! What accounts hold: kept in `ledger_balances` for people and the house, added up by an index for bookings and payouts. And what some entries
//! come to together, however many they are.

use crate::features::ledger::rules::{Account, EntryKind, Owner};
use crate::platform::db::{Conn, DbError, DbResult, Row, Tx, Value};
use crate::values::{BookingId, Currency, Instant, UserId};

pub(super) fn add(tx: &mut Tx<'_>, name: &str, currency: &str, amount: i64) -> DbResult<()> {
    const ADD: &str = "INSERT INTO ledger_balances (account, currency, balance) VALUES ($1, $2, $3)
        ON CONFLICT (account, currency) DO UPDATE SET balance = ledger_balances.balance + excluded.balance";
    tx.execute(ADD, &[name.into(), currency.into(), amount.into()]).map(drop)
}

/// Adds what sealed entries come to. Only the sealer does, so nobody else waits for these few rows.
pub(in super::super) fn add_sums<'a>(tx: &mut Tx<'_>, sums: impl Iterator<Item = (&'a (String, String), &'a i64)>) -> DbResult<()> {
    // What comes to nothing as well, so that an account that was posted to is seen.
    for ((name, currency), amount) in sums {
        add(tx, name, currency, *amount)?;
    }
    Ok(())
}

/// What an account holds, as one statement sees it.
pub(in super::super) fn balance(conn: &mut Conn<'_>, account: &Account, currency: Currency) -> DbResult<i64> {
    let params: [Value; 2] = [account.name().into(), currency.code().into()];
    Ok(conn.first(balance_sql(account), &params, |row| row.get(0))?.unwrap_or(0))
}

/// The statement of [`balance`]; a test reads its plans.
#[must_use]
pub fn balance_sql(account: &Account) -> &'static str {
    match account.owner() {
        Owner::Booking(_) | Owner::Payout(_) => {
            "SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p WHERE p.account = $1 AND p.currency = $2"
        }
        Owner::Person(_) => "SELECT balance FROM ledger_balances WHERE account = $1 AND currency = $2",
        // What the sealer has not added yet comes from its queue.
        Owner::House => {
            "SELECT CAST(COALESCE((SELECT b.balance FROM ledger_balances b WHERE b.account = $1 AND b.currency = $2), 0)
                + COALESCE((SELECT SUM(p.amount) FROM ledger_waiting w JOIN ledger_postings p ON p.entry_id = w.entry_id
                    WHERE p.account = $1 AND p.currency = $2), 0) AS BIGINT)"
        }
    }
}

/// What an account of a person holds, and nobody else changes it until the transaction ends.
pub(in super::super) fn hold(tx: &mut Tx<'_>, account: &Account, currency: Currency) -> DbResult<i64> {
    const HOLD: &str = "INSERT INTO ledger_balances (account, currency, balance) VALUES ($1, $2, 0)
        ON CONFLICT (account, currency) DO UPDATE SET balance = ledger_balances.balance RETURNING balance";
    match account.owner() {
        Owner::Person(_) => Ok(tx.first(HOLD, &[account.name().into(), currency.code().into()], |row| row.get(0))?.unwrap_or(0)),
        _ => balance(tx, account, currency),
    }
}

/// What an account held just before `at`.
pub(in super::super) fn balance_before(conn: &mut Conn<'_>, account: &Account, currency: Currency, at: Instant) -> DbResult<i64> {
    const SQL: &str = "SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p WHERE p.account = $1 AND p.at < $2 AND p.currency = $3";
    Ok(conn.first(SQL, &[account.name().into(), at.into(), currency.code().into()], |row| row.get(0))?.unwrap_or(0))
}

/// When an account was posted to for the first time.
pub(in super::super) fn first_at(conn: &mut Conn<'_>, account: &Account, currency: Currency) -> DbResult<Option<Instant>> {
    const SQL: &str = "SELECT p.at FROM ledger_postings p WHERE p.account = $1 AND p.currency = $2 ORDER BY p.at LIMIT 1";
    conn.first(SQL, &[account.name().into(), currency.code().into()], |row| row.get(0))
}

/// In which currencies a person's account was ever posted to.
pub(in super::super) fn currencies_of(conn: &mut Conn<'_>, account: &Account) -> DbResult<Vec<Currency>> {
    const SQL: &str = "SELECT b.currency FROM ledger_balances b WHERE b.account = $1 ORDER BY b.currency";
    conn.query(SQL, &[account.name().into()], |row| currency(row, 0))
}

/// Hosts whom we owe something, in the order of their accounts. Reads all balances that are kept: for a job of each day.
pub(in super::super) fn owed_to_hosts(conn: &mut Conn<'_>, after: Option<(UserId, Currency)>, limit: i64) -> DbResult<Vec<(UserId, Currency)>> {
    const SQL: &str = "SELECT account, currency FROM ledger_balances WHERE (account, currency) > ($1, $2) AND balance < 0 AND account LIKE 'host_payable:%'
        ORDER BY account, currency LIMIT $3";
    let (name, code) = after.map_or_else(Default::default, |(host, currency)| (Account::HostPayable(host).name(), currency.code().to_owned()));
    let found = conn.query(SQL, &[name.into(), code.into(), limit.into()], |row| Ok((account(row, 0)?, currency(row, 1)?)))?;
    let host = |(account, currency)| match account {
        Account::HostPayable(host) => Some((host, currency)),
        _ => None,
    };
    Ok(found.into_iter().filter_map(host).collect())
}

/// The currencies in which an account of a person holds something.
pub(in super::super) fn open_in(conn: &mut Conn<'_>, account: &Account) -> DbResult<Vec<(Currency, i64)>> {
    const OPEN: &str = "SELECT currency, balance FROM ledger_balances WHERE account = $1 AND balance <> 0 ORDER BY currency";
    conn.query(OPEN, &[account.name().into()], |row| Ok((currency(row, 0)?, row.get(1)?)))
}

/// What the entries of one booking come to on every account they touch.
pub(in super::super) fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<(Account, Currency, i64)>> {
    const SQL: &str = "SELECT p.account, p.currency, CAST(SUM(p.amount) AS BIGINT) FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id
        WHERE e.booking_id = $1 GROUP BY p.account, p.currency ORDER BY p.account, p.currency";
    conn.query(SQL, &[booking.into()], |row| Ok((account(row, 0)?, currency(row, 1)?, row.get(2)?)))
}

/// The entries of a booking in one currency, of one kind (`''`: of any), whose source begins like this (`''`: all of them).
macro_rules! some_of_booking {
    ($select:literal, $rest:literal) => {
        concat!(
            $select,
            " WHERE e.booking_id = $1 AND e.currency = $2 AND (e.kind = $3 OR $3 = '') AND substr(e.source, 1, length(CAST($4 AS TEXT))) = $4",
            $rest
        )
    };
}

const COUNT: &str = some_of_booking!("SELECT COUNT(*) FROM ledger_entries e", "");
const TOGETHER: &str = some_of_booking!(
    "SELECT p.account, CAST(SUM(p.amount) AS BIGINT) FROM ledger_entries e JOIN ledger_postings p ON p.entry_id = e.id",
    " GROUP BY p.account"
);
const BY_KIND: &str = "SELECT e.kind, p.currency, CAST(SUM(p.amount) AS BIGINT) FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
    WHERE p.account = $1 AND p.at >= $2 AND p.at < $3 GROUP BY e.kind, p.currency";
const RELEASED_TO: &str = "SELECT p.currency, COUNT(DISTINCT p.entry_id),
        CAST(SUM(CASE WHEN q.account LIKE 'stay_escrow:%' THEN q.amount ELSE 0 END) AS BIGINT),
        CAST(SUM(CASE WHEN q.account = 'rev_host_fee' THEN q.amount ELSE 0 END) AS BIGINT)
    FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id JOIN ledger_postings q ON q.entry_id = p.entry_id
    WHERE p.account = $1 AND p.at >= $2 AND p.at < $3 AND e.kind = 'released' GROUP BY p.currency";

/// The statements that add entries up, with the kinds of their parameters: u an id, t a text, i an instant. A test reads their plans.
pub const SUM_STATEMENTS: [(&str, &str); 4] = [(COUNT, "uttt"), (TOGETHER, "uttt"), (BY_KIND, "tii"), (RELEASED_TO, "tii")];

/// How many entries of a booking are of this kind (`None`: of any) and have a source that begins like this, and what they come to on each account
/// that they touch.
pub(in super::super) fn together(
    conn: &mut Conn<'_>,
    (booking, currency): (BookingId, Currency),
    kind: Option<EntryKind>,
    source: &str,
) -> DbResult<(i64, Vec<(Account, i64)>)> {
    let params: [Value; 4] = [booking.into(), currency.code().into(), kind.map_or("", EntryKind::name).into(), source.into()];
    let count = conn.first(COUNT, &params, |row| row.get(0))?.unwrap_or(0);
    Ok((count, conn.query(TOGETHER, &params, |row| Ok((account(row, 0)?, row.get(1)?)))?))
}

/// What the entries of a span (`from` on, before `to`) come to on an account, by their kind and currency.
pub(in super::super) fn by_kind(conn: &mut Conn<'_>, account: &Account, from: Instant, to: Instant) -> DbResult<Vec<(EntryKind, Currency, i64)>> {
    let params = [account.name().into(), from.into(), to.into()];
    conn.query(BY_KIND, &params, |row| Ok((row.known(0, EntryKind::parse)?, currency(row, 1)?, row.get(2)?)))
}

/// Of what was released to a host in a span, by currency: how many entries, what left `stay_escrow` (above zero), and what we earned of it (below).
pub(in super::super) fn released_to(conn: &mut Conn<'_>, host: UserId, from: Instant, to: Instant) -> DbResult<Vec<(Currency, i64, i64, i64)>> {
    let params = [Account::HostPayable(host).name().into(), from.into(), to.into()];
    conn.query(RELEASED_TO, &params, |row| Ok((currency(row, 0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
}

/// The accounts of the house, and sums by sort for all others: what the sealer has added, and what it has not yet. Give it one cut.
pub(in super::super) fn sums(conn: &mut Conn<'_>) -> DbResult<Vec<(String, String, i64)>> {
    // Names of people's accounts have an id behind a colon; those of providers and taxes are the house's.
    const KEPT: &str = "SELECT account, currency, balance FROM ledger_balances
        WHERE account NOT LIKE 'host_payable:%' AND account NOT LIKE 'host_receivable:%' AND account NOT LIKE 'guest_credit:%'";
    const TAIL: &str = "SELECT p.account, p.currency, CAST(SUM(p.amount) AS BIGINT) FROM ledger_waiting w JOIN ledger_postings p ON p.entry_id = w.entry_id
        GROUP BY p.account, p.currency";
    let mut sums = conn.query(KEPT, &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    sums.extend(conn.query(TAIL, &[], |row| Ok((account(row, 0)?.summed_as(), row.get(1)?, row.get(2)?)))?);
    Ok(sums)
}

pub(super) fn account(row: &Row<'_>, column: usize) -> DbResult<Account> {
    row.known(column, Account::parse)
}

pub(super) fn currency(row: &Row<'_>, column: usize) -> DbResult<Currency> {
    let code: String = row.get(column)?;
    Currency::parse(&code).filter(|known| known.code() == code).ok_or_else(|| DbError::Column { column, reason: format!("{code} is no currency") })
}
