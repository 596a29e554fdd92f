//! What the check of the invariants asks of the tables. Each reads whole tables; nothing of this is for requests that come often.

use crate::platform::db::{Conn, DbResult};
use uuid::Uuid;

/// Faults of one sort that are named; more are not told apart.
const MOST: i64 = 20;

/// Entries whose postings do not sum to zero (L1).
pub(in super::super) fn unbalanced(conn: &mut Conn<'_>) -> DbResult<Vec<Uuid>> {
    const SQL: &str = "SELECT p.entry_id FROM ledger_postings p GROUP BY p.entry_id HAVING SUM(p.amount) <> 0 ORDER BY p.entry_id LIMIT $1";
    conn.query(SQL, &[MOST.into()], |row| row.get(0))
}

/// Entries without postings, postings without an entry, and postings that differ from their entry in currency or instant.
pub(in super::super) fn incomplete(conn: &mut Conn<'_>) -> DbResult<Vec<Uuid>> {
    const EMPTY: &str = "SELECT e.id FROM ledger_entries e WHERE NOT EXISTS (SELECT 1 FROM ledger_postings p WHERE p.entry_id = e.id) ORDER BY e.id LIMIT $1";
    const LOOSE: &str = "SELECT p.entry_id FROM ledger_postings p LEFT JOIN ledger_entries e ON e.id = p.entry_id
        WHERE e.id IS NULL OR e.currency <> p.currency OR e.at <> p.at ORDER BY p.entry_id LIMIT $1";
    let mut found: Vec<Uuid> = conn.query(EMPTY, &[MOST.into()], |row| row.get(0))?;
    found.extend(conn.query(LOOSE, &[MOST.into()], |row| row.get::<Uuid>(0))?);
    found.dedup();
    Ok(found)
}

/// Hands every account with what its postings come to to `take`.
pub(in super::super) fn each_account(conn: &mut Conn<'_>, mut take: impl FnMut(&str, &str, i64)) -> DbResult<()> {
    const SQL: &str = "SELECT p.account, p.currency, CAST(SUM(p.amount) AS BIGINT) FROM ledger_postings p GROUP BY p.account, p.currency";
    conn.each(SQL, &[], |row| {
        let amount: i64 = row.get(2)?;
        row.text(0, |account| row.text(1, |currency| take(account, currency, amount)))?
    })
}

/// What of a tax was handed on, and not taken back since.
pub(in super::super) fn handed_on(conn: &mut Conn<'_>, account: &str, currency: &str) -> DbResult<i64> {
    const SQL: &str = "SELECT CAST(COALESCE(SUM(p.amount), 0) AS BIGINT) FROM ledger_postings p JOIN ledger_entries e ON e.id = p.entry_id
        LEFT JOIN ledger_entries o ON o.id = e.reverses
        WHERE p.account = $1 AND p.currency = $2 AND (e.kind = 'tax_remitted' OR o.kind = 'tax_remitted')";
    Ok(conn.first(SQL, &[account.into(), currency.into()], |row| row.get(0))?.unwrap_or(0))
}

/// Every balance that is kept.
pub(in super::super) fn kept(conn: &mut Conn<'_>) -> DbResult<Vec<(String, String, i64)>> {
    conn.query("SELECT account, currency, balance FROM ledger_balances", &[], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
}

/// Reversals of what is not there or is not undone by them: their ids (L5).
pub(in super::super) fn ill_kept(conn: &mut Conn<'_>) -> DbResult<Vec<Uuid>> {
    const SQL: &str = "SELECT r.id FROM ledger_entries r WHERE r.reverses IS NOT NULL AND (
            NOT EXISTS (SELECT 1 FROM ledger_entries o WHERE o.id = r.reverses AND o.currency = r.currency)
            OR EXISTS (SELECT 1 FROM ledger_postings p LEFT JOIN ledger_postings o ON o.entry_id = r.reverses AND o.account = p.account
                WHERE p.entry_id = r.id AND (o.amount IS NULL OR o.amount <> -p.amount))) LIMIT $1";
    conn.query(SQL, &[MOST.into()], |row| row.get(0))
}
