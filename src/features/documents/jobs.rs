//! Documents are written a moment after a stay has ended: not in the transactions of the business, which would all wait for the number of one series.

use super::{service::write, store};
use crate::features::bookings;
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::error::Error;
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::tools::Tools;
use std::sync::Arc;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(15);
/// One that could not be written is tried again after so long.
const LATER_SECONDS: i64 = 3_600;
/// Bookings that are looked for at once.
const SOME: usize = 200;
const SOME_ROWS: i64 = 200;

#[must_use]
pub fn jobs(tools: &Tools) -> Vec<Box<dyn Handler>> {
    let tools = tools.clone();
    vec![every("documents.write", PERIOD, move |order| run_due(&tools, order))]
}

fn run_due(tools: &Tools, order: &Order) -> Result<(), Failure> {
    let db = &tools.db;
    loop {
        let now = db.now();
        let due = db.read_blocking(|conn| bookings::papers_due(conn, now, SOME_ROWS))?;
        for id in &due {
            if order.should_stop() {
                return Err(Failure::Later("stopped".into()));
            }
            let (id, config) = (*id, Arc::clone(&tools.config));
            let written = db.write_blocking::<_, Error, _>(Lane::Bulk, move |tx, now| write::write(tx, now, &config, id));
            if let Err(error) = written {
                // One that cannot be written must not keep all others back.
                tracing::error!(booking.id = %id, error = ?error, "the documents of a booking could not be written; they are tried again in an hour");
                db.write_blocking::<_, DbError, _>(Lane::Bulk, move |tx, now| bookings::papers_again(tx, id, Some(now.plus_seconds(LATER_SECONDS))))?;
            }
        }
        if due.len() < SOME {
            return Ok(());
        }
    }
}

/// For `stopover doctor`: no number of any series is missing.
pub fn check(db: &Db) -> Result<String, String> {
    let gaps = db.read_blocking(store::gaps).map_err(|error: DbError| error.to_string())?;
    if gaps.is_empty() { Ok("no number is missing".into()) } else { Err(format!("numbers are missing in: {}", gaps.join(", "))) }
}
