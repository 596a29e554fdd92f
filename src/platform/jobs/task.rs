//! The life of the runner beside the server: wakes, hands jobs to threads, renews leases, returns what is unfinished.

use super::runner::{Inner, WORKERS};
use crate::platform::db::{DbError, DbResult};
use crate::platform::tasks::Stopping;
use crate::platform::tasks::aside;
use crate::values::Instant;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long jobs of other nodes and due times can go unnoticed.
const POLL: Duration = Duration::from_secs(1);
/// A third of a lease: two renewals may fail.
const RENEW: Duration = Duration::from_secs(20);
const MEASURE: Duration = Duration::from_secs(15);
/// How long running jobs may take to end when the server stops; shorter than what all tasks together are given.
const PATIENCE: Duration = Duration::from_secs(3);
/// A larger difference between the two clocks is a jump.
const JUMP_SECONDS: i64 = 300;

pub(super) async fn run(inner: Arc<Inner>, mut stopping: Stopping) {
    let mut running = JoinSet::new();
    inner.stopping.store(false, Ordering::Relaxed);
    tokio::select! {
        () = work(&inner, &mut stopping, &mut running) => {}
        () = keep_leases(&inner) => {}
        () = keep_numbers(&inner) => {}
    }
    inner.stopping.store(true, Ordering::Relaxed);
    let all = async { while running.join_next().await.is_some() {} };
    if tokio::time::timeout(PATIENCE, all).await.is_err() {
        told("jobs could not be returned to the queue", off_thread(&inner, Inner::release_all).await);
    }
}

/// Claims and starts jobs until the server stops.
async fn work(inner: &Arc<Inner>, stopping: &mut Stopping, running: &mut JoinSet<()>) {
    let mut bell = inner.db.enqueued();
    let mut clock = Clocks::new(inner.db.now());
    let mut prepared = false;
    while !stopping.is_requested() {
        while running.try_join_next().is_some() {}
        if clock.jumped(inner.db.now()) || !prepared {
            prepared = told("the jobs could not be prepared", off_thread(inner, Inner::prepare).await).is_some();
        }
        let free = if inner.held.load(Ordering::SeqCst) > 0 { 0 } else { WORKERS.saturating_sub(running.len()) };
        let claimed = off_thread(inner, move |inner| inner.claim(free)).await;
        for job in told("no jobs could be claimed", claimed).unwrap_or_default() {
            let inner = Arc::clone(inner);
            running.spawn_blocking(move || inner.run(job));
        }
        tokio::select! {
            () = stopping.requested() => {}
            Some(_) = running.join_next() => {}
            Ok(()) = bell.changed(), if running.len() < WORKERS => {}
            () = tokio::time::sleep(POLL) => {}
        }
    }
}

async fn keep_leases(inner: &Arc<Inner>) {
    loop {
        tokio::time::sleep(RENEW).await;
        told("the leases of running jobs could not be renewed", off_thread(inner, Inner::renew).await);
    }
}

async fn keep_numbers(inner: &Arc<Inner>) {
    loop {
        told("the jobs could not be counted", off_thread(inner, Inner::measure).await);
        tokio::time::sleep(MEASURE).await;
    }
}

async fn off_thread<T: Send + 'static>(inner: &Arc<Inner>, call: impl FnOnce(&Inner) -> DbResult<T> + Send + 'static) -> DbResult<T> {
    let inner = Arc::clone(inner);
    aside(move || call(&inner)).await.unwrap_or_else(|failed| Err(DbError::Panicked(failed.to_string())))
}

/// The answer, or a line in the log.
fn told<T>(what: &str, answer: DbResult<T>) -> Option<T> {
    answer.inspect_err(|error| tracing::warn!(%error, cause = ?std::error::Error::source(error), "{what}; trying again")).ok()
}

/// The clock on the wall beside one that only runs on.
struct Clocks {
    wall: Instant,
    steady: std::time::Instant,
}

impl Clocks {
    fn new(wall: Instant) -> Self {
        Self { wall, steady: std::time::Instant::now() }
    }

    /// Whether the clock on the wall has jumped since the last call.
    fn jumped(&mut self, wall: Instant) -> bool {
        let before = std::mem::replace(self, Self::new(wall));
        let passed = i64::try_from((self.steady - before.steady).as_micros()).unwrap_or(i64::MAX);
        let seconds = wall.0.saturating_sub(before.wall.0).saturating_sub(passed) / Instant::SECOND;
        let jumped = seconds.abs() > JUMP_SECONDS;
        if jumped {
            tracing::warn!(seconds, "the clock of this machine jumped");
        }
        jumped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_of_the_clock_are_noticed_and_its_running_is_not() {
        let noon = Instant(1_000_000 * Instant::SECOND);
        let mut clocks = Clocks::new(noon);
        assert!(!clocks.jumped(noon.plus_seconds(200)));
        assert!(clocks.jumped(noon.plus_seconds(86_400)));
        assert!(!clocks.jumped(noon.plus_seconds(86_400)));
        assert!(clocks.jumped(noon.plus_seconds(-86_400)));
    }
}
