//! What time does to money: stays are released, hosts are paid, providers send.

use super::rules::terms::State;
use super::service::{Payouts, batch, release, send};
use super::store::payouts as rows;
use crate::features::ledger;
use crate::features::payments::provider::{PaidOut, Trouble};
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::error::Error;
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::values::Origin;
use std::time::Duration;
use uuid::Uuid;

const RELEASES: Duration = Duration::from_secs(300);
const BATCHES: Duration = Duration::from_secs(24 * 3_600);
/// With pauses of an hour at the end: longer than the twenty hours for which a provider is asked (`Payout::is_given_up`), however the dice fall.
const TRIES: i64 = 40;
/// Stays, or balances, that are looked for at once.
const SOME: usize = 200;
const SOME_ROWS: i64 = 200;

#[must_use]
pub fn jobs(payouts: &Payouts) -> Vec<Box<dyn Handler>> {
    let (first, second) = (payouts.clone(), payouts.clone());
    vec![
        every("payouts.release", RELEASES, move |order| run_releases(&first, order)),
        every("payouts.batch", BATCHES, move |order| run_batches(&second, order)),
        Box::new(Sender(payouts.clone())),
    ]
}

fn run_releases(payouts: &Payouts, order: &Order) -> Result<(), Failure> {
    let (db, world) = (&payouts.tools.db, payouts.world(Origin::inside("job payouts.release")));
    loop {
        let now = db.now();
        let due = db.read_blocking(|conn| world.stays.due(conn, now, SOME_ROWS))?;
        for id in &due {
            if order.should_stop() {
                return Err(Failure::Later("stopped".into()));
            }
            let (id, own) = (*id, world.clone());
            let done = db.write_blocking::<_, Error, _>(Lane::Bulk, move |tx, now| release::release(tx, now, &own, id));
            if let Err(error) = done {
                // One stay that cannot be released must not keep all others back.
                tracing::error!(booking.id = %id, error = ?error, "a stay could not be released; it is tried again in an hour");
                let own = world.clone();
                db.write_blocking::<_, Error, _>(Lane::Bulk, move |tx, now| release::later(tx, now, &own, id))?;
            }
        }
        if due.len() < SOME {
            return Ok(());
        }
    }
}

fn run_batches(payouts: &Payouts, order: &Order) -> Result<(), Failure> {
    // Stays whose time has come between two looks are paid today.
    run_releases(payouts, order)?;
    wake_forgotten(payouts)?;
    pay_hosts(payouts, || order.should_stop()).map(|_made| ())
}

/// Makes payouts of all that hosts are owed now; answers how many. Others may do the same at once: every cent is paid once. Blocks.
pub fn pay_hosts(payouts: &Payouts, should_stop: impl Fn() -> bool) -> Result<u64, Failure> {
    let (db, world) = (&payouts.tools.db, payouts.world(Origin::inside("job payouts.batch")));
    let (mut after, mut made) = (None, 0);
    loop {
        let owed = db.read_blocking(|conn| ledger::owed_to_hosts(conn, after, SOME_ROWS))?;
        for (host, currency) in &owed {
            if should_stop() {
                return Err(Failure::Later("stopped".into()));
            }
            let (host, currency, world) = (*host, *currency, world.clone());
            match db.write_blocking::<_, Error, _>(Lane::Bulk, move |tx, now| batch::pay(tx, now, &world, host, currency)) {
                Ok(payout) => made += u64::from(payout.is_some()),
                // Nor must one host.
                Err(error) => tracing::error!(host.id = %host, error = ?error, "a payout could not be made; it is tried again tomorrow"),
            }
        }
        after = owed.last().copied();
        if owed.len() < SOME {
            return Ok(made);
        }
    }
}

/// Payouts whose job is gone get another one, as long as their provider knows a copy of the call.
fn wake_forgotten(payouts: &Payouts) -> Result<(), Failure> {
    for state in [State::Created, State::Sent] {
        let mut after = Uuid::nil();
        loop {
            let found = payouts.tools.db.read_blocking::<_, DbError, _>(|conn| rows::by_providers(conn, state, after))?;
            let Some(last) = found.last() else { break };
            after = last.id;
            for payout in found {
                payouts.tools.db.write_blocking::<_, DbError, _>(Lane::Bulk, move |tx, now| {
                    if payout.is_given_up(now) { Ok(()) } else { batch::have_sent(tx, now, payout.id) }
                })?;
            }
        }
    }
    Ok(())
}

/// Has payouts sent.
struct Sender(Payouts);

impl Handler for Sender {
    fn kind(&self) -> &'static str {
        batch::SEND
    }

    fn tries(&self) -> i64 {
        TRIES
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let id = order.payload.get("payout").and_then(|id| id.as_str()).and_then(|id| Uuid::parse_str(id).ok());
        let id = id.ok_or_else(|| Failure::Never("the job names no payout".into()))?;
        let world = self.0.world(Origin::inside("job payouts.send"));
        let before = world.clone();
        let turn = self.0.tools.db.write_blocking::<_, Error, _>(Lane::Urgent, move |tx, now| send::begin(tx, now, &before, id))?;
        let send::Turn::Make(call) = turn else { return Ok(()) };
        let answer: Result<String, Trouble> = self.0.payments.pay_out(&call.provider, &call.pay_out).map(|PaidOut { reference }| reference);
        let again = self.0.tools.db.write_blocking::<_, Error, _>(Lane::Urgent, move |tx, now| send::heard(tx, now, &world, id, &answer))?;
        again.map_or(Ok(()), |why| Err(Failure::Later(why)))
    }
}

/// One sentence for `stopover doctor`: payouts that a provider has left without an answer for so long that staff have to look. What staff send by hand
/// takes as long as it takes. Blocks.
pub fn check(db: &Db) -> Result<String, String> {
    let now = db.now();
    let sent = db.read_blocking::<_, DbError, _>(|conn| rows::by_providers(conn, State::Sent, Uuid::nil())).map_err(|error| error.to_string())?;
    let given_up: Vec<String> = sent.iter().filter(|payout| payout.is_given_up(now)).map(|payout| payout.id.to_string()).take(10).collect();
    if given_up.is_empty() {
        return Ok(format!("{} under way", sent.len()));
    }
    Err(format!("no answer of the provider: {}; look there, then say what became of them", given_up.join(", ")))
}
