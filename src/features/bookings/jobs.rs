//! What time does to bookings: holds that nobody paid, requests that nobody answered, guests who arrive and leave.
//!
//! Each booking carries its own timer (`due_at`), and whoever opens a booking applies what is overdue first; this only does it earlier, in
//! the order in which it was due.

use super::service::{World, steps};
use super::store::{alterations, bookings as rows, instalments};
use crate::platform::db::{Conn, Db, DbResult, Lane};
use crate::platform::error::Error;
use crate::platform::jobs::{Failure, Handler, Order, every};
use crate::platform::tools::Tools;
use crate::values::{BookingId, Instant, Origin};
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(15);
/// Bookings that are looked for at once.
const SOME: usize = 200;
const SOME_ROWS: i64 = 200;

#[must_use]
pub fn jobs(tools: &Tools) -> Vec<Box<dyn Handler>> {
    let (db, world) = (tools.db.clone(), World::of(tools, Origin::inside("job bookings.timers")));
    vec![every("bookings.timers", PERIOD, move |order| run_due(&db, &world, order))]
}

fn run_due(db: &Db, world: &World, order: &Order) -> Result<(), Failure> {
    let (mut before, mut broken) = (Vec::new(), None);
    loop {
        let due = db.read_blocking(|conn| found(conn, db.now()))?;
        // Where nothing became of any of them the next beat looks again.
        if due == before {
            return told(broken);
        }
        for id in &due {
            if order.should_stop() {
                return Err(Failure::Later("stopped".into()));
            }
            let (id, world) = (*id, world.clone());
            let done = db.write_blocking::<_, Error, _>(Lane::Bulk, move |tx, now| steps::tend(tx, now, &world, id));
            if let Err(Error::Broken(error)) = done {
                // One booking must not keep all others back.
                tracing::error!(booking.id = %id, error = ?error, "what is due of a booking could not be done; the next beat tries again");
                broken = Some(id);
            }
        }
        if due.len() < SOME {
            return told(broken);
        }
        before = due;
    }
}

/// A beat in which something broke has failed, though all others were seen to: `doctor` speaks of it when that happens again and again.
fn told(broken: Option<BookingId>) -> Result<(), Failure> {
    broken.map_or(Ok(()), |id| Err(Failure::Later(format!("what is due of bookings could not be done, of {id} among others"))))
}

/// Bookings with anything that is due.
fn found(conn: &mut Conn<'_>, now: Instant) -> DbResult<Vec<BookingId>> {
    let mut due = rows::due(conn, now, SOME_ROWS)?;
    due.extend(instalments::due(conn, now, SOME_ROWS)?);
    due.extend(alterations::overdue(conn, now, SOME_ROWS)?);
    Ok(due)
}
