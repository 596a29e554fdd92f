//! The thread that reads the log and keeps this node's memory in step.

use super::{Event, after};
use crate::platform::db::{Db, DbError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long a commit of another process, or a lost wake-up, can go unnoticed.
const SAFETY_NET: Duration = Duration::from_millis(250);
/// Events handed over at once.
const BATCH: i64 = 1_000;

/// Something in memory that follows the log.
pub trait Follower: Send {
    /// Takes numbered events, oldest first; they may have been seen before. An error is tried again with the same.
    fn follow(&mut self, events: &[Event]) -> Result<(), DbError>;

    /// Called at least every quarter of a second, for what is due by the clock.
    fn tick(&mut self) -> Result<(), DbError> {
        Ok(())
    }
}

/// Whether the thread still keeps up.
#[derive(Clone)]
pub struct Pulse {
    begun: std::time::Instant,
    /// Milliseconds after `begun` of the last round that went well.
    last: Arc<AtomicU64>,
}

/// A round that takes longer than that has gone wrong; loading a million listings anew takes less.
const LONGEST_ROUND: Duration = Duration::from_secs(60);

impl Pulse {
    fn beat(&self) {
        let since = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.last.store(since, Ordering::Relaxed);
    }

    /// How long ago the log was last followed without trouble, when that is too long.
    #[must_use]
    pub fn stalled(&self) -> Option<Duration> {
        let ago = self.begun.elapsed().saturating_sub(Duration::from_millis(self.last.load(Ordering::Relaxed)));
        (ago > LONGEST_ROUND).then_some(ago)
    }
}

/// The running thread; dropping it stops and joins it. Drop it on a plain thread.
pub struct Reader {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
    pulse: Pulse,
}

impl Reader {
    /// Reads everything after `seq` for all followers, in the order in which they are given.
    pub fn start(db: Db, seq: i64, followers: Vec<Box<dyn Follower>>) -> std::io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let pulse = Pulse { begun: std::time::Instant::now(), last: Arc::default() };
        let beating = pulse.clone();
        let thread = std::thread::Builder::new().name("event-reader".into()).spawn(move || run(&db, seq, followers, &stopped, &beating))?;
        Ok(Self { stop, thread: Some(thread), pulse })
    }

    /// For readiness checks.
    #[must_use]
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the event reader had panicked");
        }
    }
}

fn run(db: &Db, mut seq: i64, mut followers: Vec<Box<dyn Follower>>, stop: &AtomicBool, pulse: &Pulse) {
    let mut wake = db.committed();
    let Ok(waiting) = tokio::runtime::Builder::new_current_thread().enable_time().build() else {
        tracing::error!("the event reader cannot wait and stops; restart the server");
        return;
    };
    while !stop.load(Ordering::SeqCst) {
        match step(db, seq, &mut followers) {
            Ok(reached) if reached > seq => {
                seq = reached;
                pulse.beat();
            }
            Ok(_) => {
                pulse.beat();
                // A lapse of the wait is as good as a wake-up; a closed channel means that the database is going away.
                let woken = waiting.block_on(async { tokio::time::timeout(SAFETY_NET, wake.changed()).await });
                if matches!(woken, Ok(Err(_))) {
                    return;
                }
            }
            Err(error) => {
                tracing::warn!(%error, cause = ?std::error::Error::source(&error), "the event log could not be followed; trying again");
                std::thread::sleep(SAFETY_NET);
            }
        }
    }
}

/// Hands over what is new; answers the number reached.
fn step(db: &Db, seq: i64, followers: &mut [Box<dyn Follower>]) -> Result<i64, DbError> {
    let events = db.read_blocking(|conn| after(conn, seq, BATCH))?;
    for follower in followers {
        if !events.is_empty() {
            follower.follow(&events)?;
        }
        follower.tick()?;
    }
    Ok(events.last().map_or(seq, |event| event.seq))
}
