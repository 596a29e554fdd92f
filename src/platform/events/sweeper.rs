//! Keeps the log from growing for ever.

use super::prune;
use crate::platform::db::{Db, Lane};
use crate::platform::jobs::{Failure, Handler, Order, every};
use std::time::Duration;

/// How long events are kept: far longer than any reader is behind; a search index older than that is made anew.
const KEPT_SECONDS: i64 = 7 * 86_400;
const EVERY: Duration = Duration::from_secs(3_600);

/// Drops old events once an hour, a small piece at a time in the lane behind all guests.
#[must_use]
pub fn sweeper(db: Db) -> Box<dyn Handler> {
    every("events.sweep", EVERY, move |order| sweep(&db, order))
}

fn sweep(db: &Db, order: &Order) -> Result<(), Failure> {
    while !order.should_stop() {
        if db.write_blocking(Lane::Bulk, |tx, now| prune(tx, now.plus_seconds(-KEPT_SECONDS)))? == 0 {
            return Ok(());
        }
    }
    Err(Failure::Later("the server stops".into()))
}
