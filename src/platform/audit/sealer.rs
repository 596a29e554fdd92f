//! The task of the trail: seals what was committed (`platform/chain`), and deletes what is old.

use super::truncate::{KEPT_DAYS, truncate};
use super::verify::Trail;
use crate::platform::chain::{self, Sealer};
use crate::platform::db::{Db, DbError, DbResult, Lane};
use crate::platform::keys::Keys;
use crate::platform::tasks::{Stopping, Task};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often old entries are looked for, and how soon again after a failure.
const TRUNCATE_EVERY: Duration = Duration::from_secs(86_400);
const TRUNCATE_AGAIN: Duration = Duration::from_secs(3_600);

/// Seals what was committed, within a second, and deletes entries older than [`KEPT_DAYS`] once a day.
#[must_use]
pub fn sealer(db: Db, keys: Arc<Keys>) -> Task {
    Task::new("audit sealer", move |stopping| run(db, keys, stopping))
}

async fn run(db: Db, keys: Arc<Keys>, mut stopping: Stopping) {
    let (mut sealer, mut truncate_at) = (Sealer::<Trail>::new(db.clone(), Arc::clone(&keys)), Instant::now());
    loop {
        // Once more after the request to stop: what was written last should not wait for the next start.
        let last = stopping.is_requested();
        sealer.round().await;
        if last {
            return;
        }
        if Instant::now() >= truncate_at {
            truncate_at = Instant::now() + truncate_all(&db, &keys, &stopping).await;
        }
        Sealer::<Trail>::rest(&mut stopping).await;
    }
}

/// Seals everything that is committed now; answers how many entries that were. For commands that end before a sealer would
/// come by. Blocks.
pub fn seal_all(db: &Db, keys: &Arc<Keys>) -> DbResult<u64> {
    chain::seal_all::<Trail>(db, keys)
}

/// Deletes what is old enough, piece by piece; answers when to look again.
async fn truncate_all(db: &Db, keys: &Arc<Keys>, stopping: &Stopping) -> Duration {
    while !stopping.is_requested() {
        let keys = Arc::clone(keys);
        match db.write_in(Lane::Bulk, move |tx, now| truncate(tx, &keys, now, KEPT_DAYS)).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                let error: DbError = error;
                tracing::warn!(%error, "old audit entries could not be deleted; trying again in an hour");
                return TRUNCATE_AGAIN;
            }
        }
    }
    TRUNCATE_EVERY
}
