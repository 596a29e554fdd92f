//! What time does to bookings: holds that nobody paid, requests that nobody answered, guests who arrive and leave.
//!
//! Each booking carries its own timer (`due_at`), and whoever opens a booking applies what is overdue first; this only does it earlier, in
//! the order in which it was due.

use super::service::{World, steps};
use super::store::bookings as rows;
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::error::Error;
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::tools::Tools;
use crate::values::{BookingId, Origin};
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(15);
/// Bookings that are looked for at once.
const SOME: i64 = 200;

#[must_use]
pub fn jobs(tools: &Tools) -> Vec<Box<dyn Handler>> {
    let (db, world) = (tools.db.clone(), World::of(tools, Origin::inside("job bookings.timers")));
    vec![every("bookings.timers", PERIOD, move |order| run_due(&db, &world, order))]
}

fn run_due(db: &Db, world: &World, order: &Order) -> Result<(), Failure> {
    loop {
        let due: Vec<BookingId> = db.read_blocking(|conn| rows::due(conn, db.now(), SOME).map_err(DbError::from))?;
        for id in &due {
            if order.should_stop() {
                return Err(Failure::Later("stopped".into()));
            }
            let (id, world) = (*id, world.clone());
            db.write_blocking(Lane::Bulk, move |tx, now| steps::open(tx, now, &world, id).map(|_| ()))
                .or_else(|error: Error| if matches!(error, Error::Refused(_)) { Ok(()) } else { Err(error) })?;
        }
        if i64::try_from(due.len()).unwrap_or(SOME) < SOME {
            return Ok(());
        }
    }
}
