//! The jobs of payments: making calls, and seeing to it that none is forgotten.

use super::service::asked::{CALL, wake};
use super::service::{Made, Payments};
use super::store::calls as outbox;
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::error::Error;
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::tools::Tools;
use std::time::Duration;
use uuid::Uuid;

/// How often calls are looked for whose job was given up.
const SWEEP: Duration = Duration::from_secs(600);
/// Calls at once in this process.
const AT_ONCE: usize = 4;
/// With pauses of an hour at the end: more than a day. The sweep begins anew.
const TRIES: i64 = 36;

/// What payments do on their own.
#[must_use]
pub fn jobs(tools: &Tools, payments: &Payments) -> Vec<Box<dyn Handler>> {
    let db = tools.db.clone();
    let mut handlers: Vec<Box<dyn Handler>> = vec![Box::new(Caller(payments.clone())), every("payments.calls", SWEEP, move |_| wake_forgotten(&db))];
    if let Some(sandbox) = payments.sandbox() {
        handlers.push(super::provider::delivered(payments, sandbox));
    }
    handlers
}

/// Makes calls.
struct Caller(Payments);

impl Handler for Caller {
    fn kind(&self) -> &'static str {
        CALL
    }

    fn at_once(&self) -> usize {
        AT_ONCE
    }

    fn tries(&self) -> i64 {
        TRIES
    }

    fn run(&self, order: &Order) -> Result<(), Failure> {
        let call = order.payload.get("call").and_then(|id| id.as_str()).and_then(|id| Uuid::parse_str(id).ok());
        match self.0.make(call.ok_or_else(|| Failure::Never("the job names no call".into()))?)? {
            Made::Done | Made::Later => Ok(()),
            Made::Again(why) => Err(Failure::Later(why)),
        }
    }
}

/// A call whose job was given up waits all the same: it gets another one.
fn wake_forgotten(db: &Db) -> Result<(), Failure> {
    Ok(db.write_blocking::<_, Error, _>(Lane::Bulk, |tx, now| {
        let since = now.plus_seconds(-i64::try_from(SWEEP.as_secs()).unwrap_or(600));
        for call in outbox::old(tx, since).map_err(|error: DbError| Error::from(error))? {
            wake(tx, now, call, now)?;
        }
        Ok(())
    })?)
}
