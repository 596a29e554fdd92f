//! Writing an entry: three statements, whatever it says, and no reading.

use crate::features::ledger::rules::{Account, Entry, Owner};
use crate::platform::db::{DbResult, Tx, Value};
use crate::values::{Currency, Instant};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use uuid::Uuid;

/// Writes an entry that balances, and puts it in the queue of those without a seal. `false`: there is one of that source already, and
/// nothing was written. On PostgreSQL that waits for whoever writes the same source at the same time.
pub(in super::super) fn insert(tx: &mut Tx<'_>, id: Uuid, now: Instant, entry: &Entry) -> DbResult<bool> {
    const ENTRY: &str = "INSERT INTO ledger_entries (id, at, kind, source, booking_id, currency, reverses, memo, request_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (source) DO NOTHING";
    let put = tx.execute(
        ENTRY,
        &[
            id.into(),
            now.into(),
            entry.kind.name().into(),
            (&entry.source).into(),
            entry.booking.into(),
            entry.currency.code().into(),
            entry.reverses.into(),
            (&entry.memo).into(),
            entry.request_id.clone().into(),
        ],
    )?;
    if put == 0 {
        return Ok(false);
    }
    let mut values: Vec<Value> = vec![id.into(), entry.currency.code().into(), now.into()];
    for posting in &entry.postings {
        values.extend([posting.account.name().into(), posting.amount.into()]);
    }
    tx.execute(&postings_sql(entry.postings.len()), &values)?;
    // Last: with that row the entry is whole, and the database looks whether it balances.
    tx.execute("INSERT INTO ledger_waiting (entry_id) VALUES ($1)", &[id.into()])?;
    Ok(true)
}

/// One statement for all postings: what they share is bound once.
fn postings_sql(count: usize) -> String {
    let mut sql = String::from("INSERT INTO ledger_postings (entry_id, line, account, currency, amount, at) VALUES ");
    for line in 0..count {
        let (comma, account) = (if line == 0 { "" } else { ", " }, 4 + 2 * line);
        // Writing to a string cannot fail.
        let _: std::fmt::Result = write!(sql, "{comma}($1, {line}, ${account}, $2, ${}, $3)", account + 1);
    }
    sql
}

/// Which entry has this source.
pub(in super::super) fn find_source(tx: &mut Tx<'_>, source: &str) -> DbResult<Option<Uuid>> {
    tx.first("SELECT id FROM ledger_entries WHERE source = $1", &[source.into()], |row| row.get(0))
}

/// Keeps the balances of people in step; in the order of their names, so that two never wait for each other in a circle.
pub(in super::super) fn add_to_people(tx: &mut Tx<'_>, currency: Currency, entry: &Entry) -> DbResult<()> {
    let mut people = BTreeMap::new();
    for posting in &entry.postings {
        if matches!(posting.account.owner(), Owner::Person(_)) {
            people.insert(Account::name(&posting.account), posting.amount);
        }
    }
    for (name, amount) in people {
        super::balances::add(tx, &name, currency.code(), amount)?;
    }
    Ok(())
}
