//! Numbers documents a moment after they were issued: in the transactions of the business a series without gaps would make all wait
//! for each other.

use super::{service, store};
use crate::platform::db::{Db, DbError, DbResult};
use crate::platform::tasks::{Stopping, Task};
use std::time::Duration;

const EVERY: Duration = Duration::from_millis(250);
/// Numbered in one transaction.
const PIECE: i64 = 200;

/// Numbers what was committed, within a second. One node does it at a time.
#[must_use]
pub fn numbering(db: Db) -> Task {
    Task::new("document numbers", move |stopping| run(db, stopping))
}

async fn run(db: Db, mut stopping: Stopping) {
    let mut failing = false;
    loop {
        let last = stopping.is_requested();
        match number_all(&db).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, "documents could not be numbered; trying again");
                }
                failing = true;
            }
        }
        if last {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.requested() => {}
        }
    }
}

async fn number_all(db: &Db) -> DbResult<()> {
    while db.read::<_, DbError, _>(store::any_waiting).await? {
        if db.write::<_, DbError, _>(|tx, _| service::number_waiting(tx, PIECE)).await? == 0 {
            break;
        }
    }
    Ok(())
}
