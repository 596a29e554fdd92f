//! Keeps the log from growing for ever.

use super::prune;
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::tasks::{Stopping, Task};
use std::time::Duration;

/// How long events are kept: far longer than any reader is behind; a search index older than that is made anew.
const KEPT_SECONDS: i64 = 7 * 86_400;
const EVERY: Duration = Duration::from_secs(3_600);

/// Drops old events once an hour, a small piece at a time in the lane behind all guests.
#[must_use]
pub fn sweeper(db: Db) -> Task {
    Task::new("event sweeper", move |stopping| sweep(db, stopping))
}

async fn sweep(db: Db, mut stopping: Stopping) {
    while !stopping.is_requested() {
        match db.write_in(Lane::Bulk, |tx, now| prune(tx, now.plus_seconds(-KEPT_SECONDS))).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                let error: DbError = error;
                tracing::warn!(%error, "old events could not be dropped; trying again in an hour");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.requested() => {}
        }
    }
}
