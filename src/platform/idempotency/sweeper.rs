//! Drops stored answers when their time is over.

use super::{KEPT_SECONDS, store};
use crate::platform::db::{Db, Lane};
use crate::platform::jobs::{Failure, Handler, Order, every};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(3_600);

/// Looks once an hour, and works in small pieces in the lane behind all guests.
#[must_use]
pub fn sweeper(db: Db) -> Box<dyn Handler> {
    every("idempotency.sweep", EVERY, move |order| sweep(&db, order))
}

fn sweep(db: &Db, order: &Order) -> Result<(), Failure> {
    while !order.should_stop() {
        if db.write_blocking(Lane::Bulk, |tx, now| store::sweep(tx, now.plus_seconds(-KEPT_SECONDS)))? == 0 {
            return Ok(());
        }
    }
    Err(Failure::Later("the server stops".into()))
}
