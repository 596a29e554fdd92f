//! What quotes do on their own: those that nobody booked go an hour after they have run out.

use super::store::quotes as rows;
use crate::platform::db::{Db, Lane};
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::tools::Tools;
use std::time::Duration;

const SWEEP: Duration = Duration::from_secs(600);
const KEPT_SECONDS: i64 = 3_600;

#[must_use]
pub fn jobs(tools: &Tools) -> Vec<Box<dyn Handler>> {
    let db = tools.db.clone();
    vec![every("quotes.sweep", SWEEP, move |order| sweep(&db, order))]
}

fn sweep(db: &Db, order: &Order) -> Result<(), Failure> {
    let mut gone = 0;
    while !order.should_stop() {
        let some: u64 = db.write_blocking(Lane::Bulk, |tx, now| rows::prune(tx, now.plus_seconds(-KEPT_SECONDS)))?;
        gone += some;
        if some == 0 {
            tracing::debug!(gone, "quotes that had run out were deleted");
            return Ok(());
        }
    }
    Err(Failure::Later("stopped".into()))
}
