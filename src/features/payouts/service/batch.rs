//! What a host is owed becomes one payout a currency (M6). What they owe is taken off first (M7, E10), and nothing is ever sent that is
//! not there: the balance is held until the payout is written.

use super::World;
use crate::features::ledger::{self, Account};
use crate::features::payouts::rules::terms::{BANK, Method, Payout, Standing, State, Waits, waits};
use crate::features::payouts::store::{holds, methods, payouts as rows};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::Result;
use crate::platform::jobs::{self, Job};
use crate::values::{Currency, Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// The kind of the jobs that have payouts sent.
pub(in super::super) const SEND: &str = "payouts.send";
const DAY_SECONDS: i64 = 24 * 3_600;

/// What a host is owed and owes in one currency, and what keeps it from being paid out.
#[derive(Debug, Clone)]
pub(crate) struct Owed {
    pub currency: Currency,
    pub payable: i64,
    pub receivable: i64,
    pub waits: Option<Waits>,
}

/// Makes a payout of all that a host is owed in this currency, and a job that has it sent. `None`: there is nothing, or it has to wait. Whether staff
/// have stopped the host is asked once the balance is held, as whoever stops them holds it too.
pub(crate) fn pay(tx: &mut Tx<'_>, now: Instant, world: &World, host: UserId, currency: Currency) -> Result<Option<Uuid>> {
    let id = Uuid::now_v7();
    let owed = -ledger::hold(tx, &Account::HostPayable(host), currency)?;
    let owes = ledger::hold(tx, &Account::HostReceivable(host), currency)?;
    let netted = owed.min(owes);
    if netted > 0 {
        ledger::post(tx, now, &ledger::netted(id, host, currency, netted))?;
    }
    let (amount, netted) = (owed - netted.max(0), netted.max(0));
    if amount <= 0 || what_waits(tx, now, world, host, currency, amount)?.is_some() {
        return Ok(None);
    }
    let Some(method) = methods::newest(tx, host)? else { return Ok(None) };
    let payout = Payout {
        id,
        host,
        method: method.id,
        kind: method.kind,
        amount,
        netted,
        currency,
        state: State::Created,
        reference: None,
        failure: None,
        version: 1,
        created_at: now,
        sent_at: None,
        ended_at: None,
    };
    if !rows::insert(tx, &payout)? {
        return Ok(None);
    }
    ledger::post(tx, now, &ledger::payout_sent(id, host, currency, amount))?;
    if payout.kind != BANK {
        have_sent(tx, now, id)?;
    }
    Ok(Some(id))
}

/// A job that has the payout sent by its provider.
pub(crate) fn have_sent(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<()> {
    jobs::enqueue(tx, now, &Job { kind: SEND, key: Some(id.to_string()), payload: json!({"payout": id}), run_at: now })?;
    Ok(())
}

/// Balances of a host in all currencies that were ever theirs.
pub(crate) fn owed(conn: &mut Conn<'_>, now: Instant, world: &World, host: UserId) -> DbResult<Vec<Owed>> {
    let mut all = Vec::new();
    for currency in super::statements::currencies(conn, host)? {
        let payable = -ledger::balance(conn, &Account::HostPayable(host), currency)?;
        let receivable = ledger::balance(conn, &Account::HostReceivable(host), currency)?;
        let amount = payable - receivable;
        let waits = if amount > 0 { what_waits(conn, now, world, host, currency, amount)? } else { None };
        all.push(Owed { currency, payable, receivable, waits });
    }
    Ok(all)
}

fn what_waits(conn: &mut Conn<'_>, now: Instant, world: &World, host: UserId, currency: Currency, amount: i64) -> DbResult<Option<Waits>> {
    let method = methods::newest(conn, host)?;
    let standing = Standing {
        held: holds::of(conn, host)?.is_some(),
        method: method.as_ref(),
        can_send: method.as_ref().is_some_and(|method| can_send(world, method)),
        from: first_payout_from(conn, world, host, currency)?,
        under_way: rows::under_way(conn, host, currency)?.is_some(),
        amount,
        minimum: world.config.payouts.minimum_in(currency),
    };
    Ok(waits(&standing, now))
}

fn can_send(world: &World, method: &Method) -> bool {
    method.kind == BANK || world.payments.takes(&method.kind)
}

/// When a new host is paid for the first time: so many days after their first money was released.
fn first_payout_from(conn: &mut Conn<'_>, world: &World, host: UserId, currency: Currency) -> DbResult<Option<Instant>> {
    let days = i64::from(world.config.payouts.new_host_days);
    if days == 0 {
        return Ok(None);
    }
    let first = ledger::first_at(conn, &Account::HostPayable(host), currency)?;
    Ok(first.map(|at| at.plus_seconds(days * DAY_SECONDS)))
}
