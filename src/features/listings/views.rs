//! How often the pages of listings are read: counted in memory, written down now and then by a task of every node. A listing and a
//! number is all that is counted; who read it is not looked at.

use super::service::figures;
use crate::platform::db::{Db, DbError, Lane};
use crate::platform::tasks::{Stopping, Task};
use crate::values::ListingId;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Readers of different listings rarely wait for each other.
const SHARDS: usize = 16;
/// Most listings of a shard between two writings, some two megabytes of all; the views of further ones are not counted.
const MOST_LISTINGS: usize = 4_096;
const PAUSE: Duration = Duration::from_secs(10);
/// Listings written in one transaction: the writer is not kept from others for long.
const BATCH: usize = 200;

/// The views since they were last written down; cheap to clone, all clones are the same.
#[derive(Clone, Default)]
pub struct Views(Arc<[Mutex<HashMap<ListingId, i64>>; SHARDS]>);

impl Views {
    /// Counts one.
    pub(super) fn count(&self, listing: ListingId) {
        self.add(listing, 1);
    }

    fn add(&self, listing: ListingId, views: i64) {
        let mut shard = self.shard(listing);
        if let Some(known) = shard.get_mut(&listing) {
            *known = known.saturating_add(views);
        } else if shard.len() < MOST_LISTINGS {
            shard.insert(listing, views);
        }
    }

    /// The end of an id is random.
    fn shard(&self, listing: ListingId) -> MutexGuard<'_, HashMap<ListingId, i64>> {
        locked(&self.0[usize::from(listing.0.as_bytes()[15]) % SHARDS])
    }

    /// Takes all there are, in the order of their ids: two nodes that write the same ones wait for each other, and not in a circle.
    fn take(&self) -> Vec<(ListingId, i64)> {
        let mut all: Vec<_> = self.0.iter().flat_map(|shard| std::mem::take(&mut *locked(shard))).collect();
        all.sort_unstable();
        all
    }

    /// Writes down what was counted, under the day that it is at each listing. What cannot be written is kept for the next time, unless
    /// it may have been written.
    pub async fn write_down(&self, db: &Db) -> Result<(), DbError> {
        let all = self.take();
        let mut outcome = Ok(());
        for batch in all.chunks(BATCH) {
            if outcome.is_ok() {
                let counted = batch.to_vec();
                outcome = db.write_in(Lane::Bulk, move |tx, now| figures::note_views(tx, now, &counted)).await;
                if matches!(outcome, Ok(()) | Err(DbError::Unknown)) {
                    continue;
                }
            }
            batch.iter().for_each(|(listing, views)| self.add(*listing, *views));
        }
        outcome
    }

    /// Writes them down every few seconds, and at the end.
    #[must_use]
    pub fn task(&self, db: Db) -> Task {
        let views = self.clone();
        Task::new("views", move |mut stopping: Stopping| async move {
            let mut last = false;
            while !last {
                last = tokio::time::timeout(PAUSE, stopping.requested()).await.is_ok();
                if let Err(error) = views.write_down(&db).await {
                    tracing::warn!(%error, "the views of listings cannot be written down now");
                }
            }
        })
    }
}

/// A thread that broke has left a number at worst.
fn locked<T>(shard: &Mutex<T>) -> MutexGuard<'_, T> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_counted_by_listing_and_taken_once() {
        let views = Views::default();
        let (a, b) = (ListingId::new(), ListingId::new());
        for listing in [a, b, a] {
            views.clone().count(listing);
        }
        let mut expected = vec![(a, 2), (b, 1)];
        expected.sort_unstable();
        assert_eq!((views.take(), views.take()), (expected, vec![]));
    }

    #[test]
    fn memory_is_bounded() {
        let views = Views::default();
        for _ in 0..SHARDS * MOST_LISTINGS * 2 {
            views.count(ListingId::new());
        }
        let known = ListingId::new();
        let taken = views.take();
        assert!(taken.len() <= SHARDS * MOST_LISTINGS, "{}", taken.len());
        views.count(known);
        assert_eq!(views.take(), [(known, 1)]);
    }

    #[test]
    fn many_threads_lose_none() {
        let (views, listing) = (Views::default(), ListingId::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| (0..1_000).for_each(|_| views.count(listing)));
            }
        });
        assert_eq!(views.take(), [(listing, 4_000)]);
    }
}
