//! What time does to claims: guests who do not answer or do not pay, hosts who do not go on. Whoever opens a claim applies what is overdue first.

use super::service::{World, acts};
use super::store;
use crate::platform::db::Lane;
use crate::platform::error::Error;
use crate::platform::jobs::{Failure, Handler, every};
use crate::platform::tools::Tools;
use crate::values::Origin;
use std::time::Duration;

const PERIOD: Duration = Duration::from_secs(60);
const SOME: usize = 200;

#[must_use]
pub fn jobs(tools: &Tools) -> Vec<Box<dyn Handler>> {
    let (db, world) = (tools.db.clone(), World::of(tools, Origin::inside("job claims.timers")));
    vec![every("claims.timers", PERIOD, move |order| {
        loop {
            let due = db.read_blocking(|conn| store::due(conn, db.now(), 200))?;
            for id in &due {
                if order.should_stop() {
                    return Err(Failure::Later("stopped".into()));
                }
                let (id, world) = (*id, world.clone());
                let tended: Result<(), Error> = db.write_blocking(Lane::Bulk, move |tx, now| acts::tend(tx, now, &world, id));
                tended?;
            }
            if due.len() < SOME {
                return Ok(());
            }
        }
    })]
}
