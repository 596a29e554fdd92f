//! Claims jobs, runs them, writes down how it went. Everything here blocks; `task.rs` calls it off the async threads.

use super::numbers::Numbers;
use super::store::{self, Claimed};
use super::{Claim, Failure, Handler, Lease, Order, backoff, task};
use crate::platform::db::{Db, DbError, DbResult, Lane};
use crate::platform::tasks::Task;
use crate::values::Instant;
use parking_lot::Mutex;
use prometheus::Registry;
use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Jobs that run at once in this process. Most of them wait for something; the threads are cheap.
pub(super) const WORKERS: usize = 8;
/// How long a claim stands without being renewed.
const LEASE_SECONDS: i64 = 60;
/// A lease that reaches further was given by a clock that ran ahead.
const LONGEST_LEASE_SECONDS: i64 = 2 * LEASE_SECONDS;
/// How often the end of a job is written down before its lease is left to run out.
const SETTLE_TRIES: u32 = 6;

/// The runner of all jobs of this process; cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) db: Db,
    pub(super) handlers: BTreeMap<&'static str, Box<dyn Handler>>,
    /// What this process runs now, by lease.
    claims: Mutex<HashMap<Lease, Arc<Claim>>>,
    pub(super) stopping: Arc<AtomicBool>,
    /// How many hold the task back.
    pub(super) held: AtomicUsize,
    pub(super) numbers: OnceLock<Numbers>,
}

/// A claimed job with what it needs to run.
pub(super) struct Ready {
    claim: Arc<Claim>,
    order: Order,
}

impl Jobs {
    /// A runner for the kinds of `handlers`; jobs of other kinds are left to other nodes and releases. Panics when two handlers
    /// name the same kind.
    #[must_use]
    pub fn new(db: Db, handlers: Vec<Box<dyn Handler>>) -> Self {
        let mut by_kind = BTreeMap::new();
        for handler in handlers {
            let kind = handler.kind();
            assert!(by_kind.insert(kind, handler).is_none(), "two handlers for jobs of the kind {kind}");
        }
        let inner = Inner { db, handlers: by_kind, claims: Mutex::default(), stopping: Arc::default(), held: AtomicUsize::new(0), numbers: OnceLock::new() };
        Self { inner: Arc::new(inner) }
    }

    /// Registers the numbers of this runner.
    pub fn register(&self, registry: &Registry) -> prometheus::Result<()> {
        let numbers = Numbers::register(registry)?;
        // A second call has failed above already.
        self.inner.numbers.get_or_init(|| numbers);
        Ok(())
    }

    /// Runs jobs until the server stops; start it once.
    #[must_use]
    pub fn task(&self) -> Task {
        let inner = Arc::clone(&self.inner);
        Task::new("jobs", move |stopping| task::run(inner, stopping))
    }

    /// Runs everything that is due by the clock now, one after the other, until nothing is; answers how many tries that were.
    /// For tests and tools. Blocks.
    ///
    /// Panics when the database cannot be read or written.
    #[must_use]
    pub fn run_due(&self) -> usize {
        self.try_run_due().expect("the database of the jobs must answer")
    }

    /// The same where the database may fail.
    pub fn try_run_due(&self) -> DbResult<usize> {
        self.inner.stopping.store(false, Ordering::Relaxed);
        self.inner.prepare()?;
        let mut tries = 0;
        loop {
            let ready = self.inner.claim(1)?;
            if ready.is_empty() {
                return Ok(tries);
            }
            tries += ready.len();
            ready.into_iter().for_each(|job| self.inner.run(job));
        }
    }

    /// When the first of the jobs that wait is due, if by `until`; those that come again and again are not asked.
    pub fn next_due(&self, until: Instant) -> DbResult<Option<Instant>> {
        let kinds: Vec<&'static str> = self.inner.handlers.values().filter(|h| h.period().is_none()).map(|h| h.kind()).collect();
        self.inner.db.read_blocking(move |conn| {
            let mut first = None;
            for kind in kinds {
                let due = store::due_since(conn, kind, until)?;
                first = [first, due].into_iter().flatten().min();
            }
            DbResult::Ok(first)
        })
    }

    /// Keeps the task from claiming jobs until this is dropped, so that they are run by one hand and in order; what runs already is finished.
    #[must_use]
    pub fn hold(&self) -> Held {
        self.inner.held.fetch_add(1, Ordering::SeqCst);
        Held(Arc::clone(&self.inner))
    }
}

/// The task claims nothing while somebody has one.
pub struct Held(Arc<Inner>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.held.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Inner {
    /// At the start: mends what a wrong clock has stored, and sees to the periodic jobs.
    pub(super) fn prepare(&self) -> DbResult<()> {
        let periodic: Vec<(&'static str, Duration)> = self.handlers.values().filter_map(|h| Some((h.kind(), h.period()?))).collect();
        let mended = self.db.write_blocking::<usize, DbError, _>(Lane::Urgent, move |tx, now| {
            let mended = store::mend(tx, now)?;
            for (kind, period) in &periodic {
                store::ensure_periodic(tx, kind, now, after(now, *period))?;
            }
            Ok(mended)
        })?;
        if mended > 0 {
            tracing::warn!(jobs = mended, "jobs stored under a clock that ran ahead were moved to their time");
        }
        Ok(())
    }

    /// Claims up to `free` jobs, of each kind as many as its handler takes; first those that are due for longest.
    pub(super) fn claim(&self, free: usize) -> DbResult<Vec<Ready>> {
        if free == 0 {
            return Ok(Vec::new());
        }
        self.take_back()?;
        let room = self.room();
        let now = self.db.now();
        let mut due = self.db.read_blocking(|conn| {
            let mut due = Vec::new();
            for (kind, room) in room {
                if let Some(since) = store::due_since(conn, kind, now)? {
                    due.push((since, kind, room));
                }
            }
            DbResult::Ok(due)
        })?;
        if due.is_empty() {
            return Ok(Vec::new());
        }
        due.sort_unstable();
        let claimed = self.db.write_blocking(Lane::Urgent, move |tx, now| {
            let (mut claimed, mut free) = (Vec::new(), free);
            for (_, kind, room) in &due {
                let limit = i64::try_from((*room).min(free)).unwrap_or(i64::MAX);
                if limit > 0 {
                    let jobs = store::claim(tx, kind, now, now.plus_seconds(LEASE_SECONDS), limit)?;
                    free -= jobs.len();
                    claimed.extend(jobs.into_iter().map(|job| (*kind, now, job)));
                }
            }
            DbResult::Ok(claimed)
        })?;
        Ok(claimed.into_iter().map(|(kind, now, job)| self.ready(kind, now, job)).collect())
    }

    /// The kinds that may have more running, and how many more.
    fn room(&self) -> Vec<(&'static str, usize)> {
        let claims = self.claims.lock();
        let running = |kind| claims.values().filter(|claim| claim.kind == kind).count();
        self.handlers.values().map(|h| (h.kind(), h.at_once().max(1).saturating_sub(running(h.kind())))).filter(|(_, room)| *room > 0).collect()
    }

    fn ready(&self, kind: &'static str, now: Instant, job: Claimed) -> Ready {
        let claim = Arc::new(Claim { kind, lease: job.lease, lost: AtomicBool::new(false) });
        self.claims.lock().insert(job.lease, Arc::clone(&claim));
        let order = Order {
            id: job.lease.job,
            payload: job.payload,
            attempt: job.attempt,
            now,
            created_at: job.created_at,
            lease: job.lease,
            claim: Arc::clone(&claim),
            stopping: Arc::clone(&self.stopping),
        };
        Ready { claim, order }
    }

    /// Returns jobs to the queue whose worker seems to be gone. Ours are not: if the clock jumped, their leases look as if.
    fn take_back(&self) -> DbResult<()> {
        let now = self.db.now();
        let mut expired = self.db.read_blocking(|conn| store::expired(conn, now, now.plus_seconds(LONGEST_LEASE_SECONDS)))?;
        expired.retain(|job| !self.claims.lock().contains_key(&job.lease));
        // In the order in which others lock them too.
        expired.sort_unstable_by_key(|job| job.lease.job);
        if expired.is_empty() {
            return Ok(());
        }
        let tries: Vec<bool> = expired.iter().map(|job| self.is_last_try(&job.kind, job.attempts)).collect();
        let jobs = self.db.write_blocking(Lane::Urgent, move |tx, now| {
            let mut jobs = 0;
            for (job, last) in expired.iter().zip(&tries) {
                // Its worker may have renewed it since it was read, and the clock may have been put right.
                if !store::is_expired(tx, job.lease, now, now.plus_seconds(LONGEST_LEASE_SECONDS))? {
                    continue;
                }
                jobs += 1;
                // The attempt counts: a job that kills its process must come to an end too.
                let why = "its worker vanished";
                if *last {
                    store::bury(tx, job.lease, why)?
                } else {
                    store::later(tx, job.lease, now, why)?
                };
            }
            DbResult::Ok(jobs)
        })?;
        if jobs > 0 {
            tracing::warn!(jobs, "jobs whose worker vanished are run again");
        }
        Ok(())
    }

    fn is_last_try(&self, kind: &str, attempts: i64) -> bool {
        match self.handlers.get(kind) {
            Some(handler) => handler.period().is_none() && attempts >= handler.tries(),
            None => attempts >= super::TRIES,
        }
    }

    /// Runs one job and writes down how it went.
    pub(super) fn run(&self, job: Ready) {
        let Ready { claim, order } = job;
        let Some(handler) = self.handlers.get(claim.kind) else { return };
        let begun = std::time::Instant::now();
        let answer = catch_unwind(AssertUnwindSafe(|| handler.run(&order)));
        let answer = answer.unwrap_or_else(|_logged| Err(Failure::Later("the handler panicked; see the log".into())));
        let end = self.end(handler.as_ref(), &order, answer);
        self.count(&claim, &end, begun.elapsed());
        self.settle(&claim, end);
        self.claims.lock().remove(&claim.lease);
    }

    fn end(&self, handler: &dyn Handler, order: &Order, answer: Result<(), Failure>) -> End {
        match (answer, handler.period()) {
            (Ok(()), None) => End::Done,
            (Ok(()), Some(period)) => End::Again(period),
            (Err(Failure::Later(_)), _) if self.stopping.load(Ordering::Relaxed) => End::Released,
            (Err(Failure::Later(why) | Failure::Never(why)), Some(period)) => End::Later(backoff::rest(order.attempt, Some(period)), why),
            (Err(Failure::Later(why)), None) if !self.is_last_try(handler.kind(), order.attempt) => End::Later(backoff::rest(order.attempt, None), why),
            (Err(Failure::Later(why) | Failure::Never(why)), None) => End::Dead(why),
        }
    }

    fn count(&self, claim: &Claim, end: &End, took: Duration) {
        let (id, kind, took_ms) = (claim.lease.job, claim.kind, u64::try_from(took.as_millis()).unwrap_or(u64::MAX));
        match end {
            End::Done | End::Again(_) => tracing::debug!(job.id = %id, kind, took_ms, "job done"),
            End::Later(pause, why) => tracing::warn!(job.id = %id, kind, took_ms, again_in_s = pause.as_secs(), error = why, "a job failed and is tried again"),
            End::Dead(why) => tracing::error!(job.id = %id, kind, took_ms, error = why, "a job was given up"),
            End::Released => tracing::info!(job.id = %id, kind, took_ms, "a job stopped early and goes back to the queue"),
        }
        let Some(numbers) = self.numbers.get() else { return };
        match end {
            End::Done | End::Again(_) => numbers.done.with_label_values(&[kind]).inc(),
            End::Later(..) => numbers.failed.with_label_values(&[kind]).inc(),
            End::Dead(_) => {
                numbers.failed.with_label_values(&[kind]).inc();
                numbers.dead.with_label_values(&[kind]).inc();
            }
            End::Released => {}
        }
    }

    /// Writes the end of a run where its lease still stands. When the database does not answer, the lease runs out in the
    /// end and the job is run again.
    fn settle(&self, claim: &Claim, end: End) {
        let (lease, end) = (claim.lease, Arc::new(end));
        for attempt in 0..SETTLE_TRIES {
            let end = Arc::clone(&end);
            let written = self.db.write_blocking(Lane::Urgent, move |tx, now| match end.as_ref() {
                End::Done => store::finish(tx, lease),
                End::Again(period) => store::again(tx, lease, now, after(now, *period)),
                End::Later(pause, why) => store::later(tx, lease, after(now, *pause), why),
                End::Dead(why) => store::bury(tx, lease, why),
                End::Released => store::release(tx, lease),
            });
            match written {
                Ok(true) => return,
                Ok(false) => {
                    // The handler may have ended it in its own transaction, or somebody has taken it over.
                    tracing::debug!(job.id = %lease.job, "a job had been settled already");
                    return;
                }
                Err(error) => {
                    tracing::warn!(job.id = %lease.job, %error, "the end of a job could not be written");
                    std::thread::sleep(Duration::from_millis(100 << attempt));
                }
            }
        }
    }

    /// What this process runs, in the order in which others lock these rows too.
    fn claimed(&self) -> Vec<Arc<Claim>> {
        let mut claims: Vec<Arc<Claim>> = self.claims.lock().values().cloned().collect();
        claims.sort_unstable_by_key(|claim| claim.lease.job);
        claims
    }

    /// Renews all leases of this process, and marks those that are lost.
    pub(super) fn renew(&self) -> DbResult<()> {
        let claims = self.claimed();
        if claims.is_empty() {
            return Ok(());
        }
        let held = claims.clone();
        let renewed: Vec<bool> = self.db.write_blocking(Lane::Urgent, move |tx, now| {
            held.iter().map(|claim| store::renew(tx, claim.lease, now.plus_seconds(LEASE_SECONDS))).collect::<DbResult<_>>()
        })?;
        for (claim, _) in claims.iter().zip(renewed).filter(|(_, renewed)| !renewed) {
            claim.lost.store(true, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns what still runs to the queue, so that another node need not wait for the leases to run out.
    pub(super) fn release_all(&self) -> DbResult<()> {
        let claims = self.claimed();
        if claims.is_empty() {
            return Ok(());
        }
        tracing::warn!(jobs = claims.len(), "jobs did not end in time; they go back to the queue and are run again");
        self.db.write_blocking(Lane::Urgent, move |tx, _| {
            for claim in &claims {
                store::release(tx, claim.lease)?;
            }
            DbResult::Ok(())
        })
    }

    /// Brings the gauges up to date.
    pub(super) fn measure(&self) -> DbResult<()> {
        let Some(numbers) = self.numbers.get() else { return Ok(()) };
        let now = self.db.now();
        self.db.read_blocking(|conn| {
            for kind in self.handlers.keys() {
                numbers.due.with_label_values(&[*kind]).set(store::due_count(conn, kind, now)?);
            }
            numbers.dead_letters.set(store::dead_count(conn)?);
            DbResult::Ok(())
        })
    }
}

/// How a run ended.
#[derive(Debug)]
enum End {
    Done,
    /// A periodic job waits for its next turn.
    Again(Duration),
    Later(Duration, String),
    Dead(String),
    /// The server stops; this try does not count.
    Released,
}

fn after(now: Instant, pause: Duration) -> Instant {
    Instant(now.0.saturating_add(i64::try_from(pause.as_micros()).unwrap_or(i64::MAX)))
}
