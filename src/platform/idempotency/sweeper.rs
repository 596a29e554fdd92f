//! Drops stored answers when their time is over.

use super::{KEPT_SECONDS, store};
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::tasks::{Stopping, Task};
use std::time::Duration;

const EVERY: Duration = Duration::from_secs(3_600);

/// Looks once an hour, and works in small pieces in the lane behind all guests.
#[must_use]
pub fn sweeper(db: Db) -> Task {
    Task::new("idempotency sweeper", move |stopping| sweep(db, stopping))
}

async fn sweep(db: Db, mut stopping: Stopping) {
    while !stopping.is_requested() {
        match db.write_in(Lane::Bulk, |tx, now| store::sweep(tx, now.plus_seconds(-KEPT_SECONDS))).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                let error: DbError = error;
                tracing::warn!(%error, "old answers could not be dropped; trying again in an hour");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.requested() => {}
        }
    }
}
