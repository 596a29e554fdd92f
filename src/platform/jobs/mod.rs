//! Jobs: work that must happen at least once, stored in the transaction that asks for it.
//!
//! A job is claimed under a lease of a minute that is renewed while it runs; whoever loses the lease (a dead process, a
//! pause) loses the job, and its late answer changes nothing. A job may therefore run twice: its effects must be
//! idempotent, or stand in one transaction with [`Lease::finish`]. A failure is tried again with growing pauses, and in the
//! end kept as a dead letter that can be seen and retried. Features implement [`Handler`] and `app` hands them to
//! [`Jobs`]; `runner.rs` claims and runs, `task.rs` is its life beside the server, `store.rs` has the SQL.

mod backoff;
mod numbers;
mod periodic;
mod runner;
mod store;
mod task;

pub use periodic::every;
pub use runner::{Held, Jobs};
pub use store::{DeadJob, EXPIRED, Holdings, LIST_DEAD, NEXT, cancel, drop_where, enqueue, holdings, list_dead, retry};

use super::db::{Db, DbError, DbResult, Tx};
use super::error::Error;
use crate::values::Instant;
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use uuid::Uuid;

/// Tries before a job is given up, unless its handler says otherwise.
const TRIES: i64 = 12;
/// Jobs of one kind that run at once in this process, unless the handler says otherwise: a dead server that all of them
/// wait for must leave room for the others.
const AT_ONCE: usize = 2;

/// Work that must happen at least once, as it is stored.
#[derive(Debug, Clone)]
pub struct Job {
    /// Stored; never changes its meaning.
    pub kind: &'static str,
    /// Unique within the kind while it waits or runs. Somebody who enqueues while the job already runs is told `false`, although that run may
    /// have looked at the world before the change; leave the key away where that matters.
    pub key: Option<String>,
    /// An object; secrets in it are sealed by the caller.
    pub payload: Value,
    /// Not before.
    pub run_at: Instant,
}

/// What a feature registers in `app`.
pub trait Handler: Send + Sync {
    /// The kind of jobs it runs.
    fn kind(&self) -> &'static str;

    /// Runs one job, on a thread that may block. A panic counts as [`Failure::Later`].
    fn run(&self, order: &Order) -> Result<(), Failure>;

    /// How many may run at once in this process; at least 1.
    fn at_once(&self) -> usize {
        AT_ONCE
    }

    /// How often a job is tried before it is a dead letter.
    fn tries(&self) -> i64 {
        TRIES
    }

    /// For work that comes again and again: one job of this kind is always there, and is due again so long after it
    /// ran. It is tried for ever. See [`every`].
    fn period(&self) -> Option<Duration> {
        None
    }
}

/// A claimed job, as its handler sees it.
#[derive(Debug)]
pub struct Order {
    /// Stays the same through all tries.
    pub id: Uuid,
    pub payload: Value,
    /// 1 for the first try.
    pub attempt: i64,
    /// When this try was claimed.
    pub now: Instant,
    /// When the job was stored.
    pub created_at: Instant,
    /// For transactions that must not be written by a run that is thought dead.
    pub lease: Lease,
    claim: Arc<Claim>,
    stopping: Arc<AtomicBool>,
}

impl Order {
    /// Whether a long run should end early: the server stops, or the job is no longer ours. Answer [`Failure::Later`]
    /// then; while the server stops, that does not count as a try.
    #[must_use]
    pub fn should_stop(&self) -> bool {
        self.stopping.load(Ordering::Relaxed) || self.claim.lost.load(Ordering::Relaxed)
    }
}

/// What a run owns its job by; copy it into the closure of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    job: Uuid,
    /// The fencing token: a job that was taken over has another.
    token: Uuid,
}

impl Lease {
    /// Fails when this run has lost its job, and keeps others from taking it over until the transaction ends. Put it first.
    pub fn fence(&self, tx: &mut Tx<'_>) -> DbResult<()> {
        if store::is_held(tx, *self)? { Ok(()) } else { Err(taken_over()) }
    }

    /// [`Lease::fence`], and ends the job in the same transaction: what else is written there is written exactly once. Not for
    /// periodic jobs.
    pub fn finish(&self, tx: &mut Tx<'_>) -> DbResult<()> {
        if store::finish(tx, *self)? { Ok(()) } else { Err(taken_over()) }
    }
}

fn taken_over() -> DbError {
    DbError::Unusable("another worker has taken this job over".into())
}

/// A job that this process runs now.
#[derive(Debug)]
struct Claim {
    kind: &'static str,
    lease: Lease,
    lost: AtomicBool,
}

/// Why a job did not succeed. The text is stored and logged: no addresses, no tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// Tried again with growing pauses.
    Later(String),
    /// Hopeless: a dead letter at once.
    Never(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refused) => Self::Later(refused.to_string()),
            Error::Broken(error) => Self::Later(format!("{error:#}")),
        }
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Later(format!("{:#}", anyhow::Error::from(error)))
    }
}

/// One sentence for `stopover doctor`. Blocks.
pub fn check(db: &Db) -> Result<String, String> {
    let Holdings { waiting, running, dead, struggling } = db.read_blocking(holdings).map_err(|error: DbError| error.to_string())?;
    if struggling > 0 {
        return Err(format!("{struggling} periodic jobs fail again and again; the log says why ({waiting} wait, {dead} dead)"));
    }
    Ok(format!("{waiting} wait, {running} run, {dead} dead"))
}
