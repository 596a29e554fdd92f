//! One database, two engines: SQLite (the default) and PostgreSQL.
//!
//! Features see [`Db::read`] and [`Db::write`], which run a closure off the async threads and hand it a [`Conn`]
//! or a [`Tx`]. SQL is written once, with `$1`, `$2` …, and runs on both. Start with `value.rs` for what can be
//! bound and read, then `sqlite.rs` (one writer, group commit) and `postgres.rs` (pool, retry, event numbers).

mod balance;
mod checkpoint;
mod conn;
mod error;
mod guards;
mod lanes;
mod postgres;
mod schema;
mod several;
mod sqlite;
mod url;
mod value;
mod work;

pub use conn::{Conn, Tx};
pub use error::{DbError, DbResult};
pub use schema::{SCHEMA, SCHEMA_VERSION};
pub use several::{SEVERAL, places, several};
pub use url::{DatabaseUrl, Engine};
pub use value::{Column, Json, Params, Row, Value};

use self::work::Job;
use crate::platform::tasks;
use crate::values::{Clock, Instant};
use std::sync::Arc;
use tokio::sync::watch;

/// How hurried a write is: guests wait for `Urgent` ones; imports and sweeps go `Bulk`, one small piece at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    Urgent,
    Bulk,
}

/// A handle to the open database; cheap to clone.
#[derive(Clone)]
pub struct Db {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Backend,
    clock: Arc<dyn Clock>,
    bells: Bells,
}

/// What a commit of this process wakes.
#[derive(Clone)]
struct Bells {
    /// Readers of the event log.
    events: watch::Sender<u64>,
    /// The runner of the jobs.
    jobs: watch::Sender<u64>,
}

enum Backend {
    Sqlite(sqlite::Sqlite),
    Postgres(postgres::Postgres),
}

impl Db {
    /// Opens the database, creates the schema where it is missing and checks its version.
    ///
    /// Blocks; call it off the async threads. Errors: unreachable or unreadable database, a schema made by a newer
    /// release, an SQLite library with known corruption bugs.
    pub fn open(url: &DatabaseUrl, clock: Arc<dyn Clock>) -> DbResult<Self> {
        let bells = Bells { events: watch::Sender::new(0), jobs: watch::Sender::new(0) };
        let engine = match url {
            DatabaseUrl::Sqlite(path) => Backend::Sqlite(sqlite::Sqlite::open(path, Arc::clone(&clock), bells.clone())?),
            DatabaseUrl::Postgres(url) => Backend::Postgres(postgres::Postgres::open(url, Arc::clone(&clock), bells.clone())?),
        };
        let db = Self { inner: Arc::new(Inner { engine, clock, bells }) };
        schema::ensure(&db)?;
        Ok(db)
    }

    /// Runs `f` with a connection that must not write. Each statement sees its own snapshot; for a view that is
    /// one cut through several statements use [`Db::snapshot`].
    pub async fn read<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        aside(move || db.read_blocking(f)).await
    }

    /// [`Db::read`] for threads that may block.
    pub fn read_blocking<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn<'_>) -> Result<T, E>,
        E: From<DbError>,
    {
        work::read(f, |f| match &self.inner.engine {
            Backend::Sqlite(sqlite) => sqlite.read(f),
            Backend::Postgres(postgres) => postgres.read(f),
        })
    }

    /// [`Db::snapshot`] for reading very much at once: no statement is cut off for taking long. Not for requests. Blocks.
    pub fn bulk<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn<'_>) -> Result<T, E>,
        E: From<DbError>,
    {
        self.snapshot(|conn| {
            conn.take_all_time()?;
            f(conn)
        })
    }

    /// Runs `f` in one read transaction: all its statements see the same committed state. Blocks.
    pub fn snapshot<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn<'_>) -> Result<T, E>,
        E: From<DbError>,
    {
        work::read(f, |f| match &self.inner.engine {
            Backend::Sqlite(sqlite) => sqlite.snapshot(f),
            Backend::Postgres(postgres) => postgres.snapshot(f),
        })
    }

    /// [`Db::snapshot`] for async callers: runs off their threads.
    pub async fn read_cut<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn<'_>) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        aside(move || db.snapshot(f)).await
    }

    /// Runs `f` in a write transaction that is durable when this answers `Ok`; an `Err` of `f` undoes its writes.
    ///
    /// `f` may run more than once (PostgreSQL serialisation retries, a lost SQLite batch), so whatever touches
    /// memory belongs after the answer. `now` is read each time it runs.
    pub async fn write<T, E, F>(&self, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>, Instant) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.write_in(Lane::Urgent, f).await
    }

    /// [`Db::write`] in the lane of your choice.
    pub async fn write_in<T, E, F>(&self, lane: Lane, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>, Instant) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (job, answer) = Job::new(f);
        self.submit(lane, job)?;
        answer.wait().await
    }

    /// [`Db::write`] for threads that may block.
    pub fn write_blocking<T, E, F>(&self, lane: Lane, f: F) -> Result<T, E>
    where
        F: Fn(&mut Tx<'_>, Instant) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (mut job, answer) = Job::new(f);
        match &self.inner.engine {
            Backend::Sqlite(sqlite) => sqlite.submit(lane, job)?,
            Backend::Postgres(_) => {
                let instead = self.write_here(&mut job);
                job.answer(instead);
            }
        }
        answer.wait_blocking()
    }

    /// Sets a job going. A function of its own, and not a part of the generic one, lest there be a task for each closure.
    fn submit(&self, lane: Lane, mut job: Job) -> DbResult<()> {
        match &self.inner.engine {
            Backend::Sqlite(sqlite) => sqlite.submit(lane, job),
            Backend::Postgres(_) => {
                let db = self.clone();
                drop(tokio::task::spawn_blocking(move || {
                    let instead = db.write_here(&mut job);
                    // Whoever is told may count on this handle being gone.
                    drop(db);
                    job.answer(instead);
                }));
                Ok(())
            }
        }
    }

    /// Runs a write on this thread, which may block, where the engine has no writer of its own. An error is the answer in place of
    /// the closure's.
    fn write_here(&self, job: &mut Job) -> Option<DbError> {
        match &self.inner.engine {
            Backend::Sqlite(_) => Some(DbError::Closed),
            Backend::Postgres(postgres) => postgres.write(job).err(),
        }
    }

    /// Wakes whenever a commit of this process appended events (or, on PostgreSQL, any node numbered some).
    #[must_use]
    pub fn committed(&self) -> watch::Receiver<u64> {
        self.inner.bells.events.subscribe()
    }

    /// Wakes whenever a commit of this process stored jobs.
    #[must_use]
    pub fn enqueued(&self) -> watch::Receiver<u64> {
        self.inner.bells.jobs.subscribe()
    }

    /// What time it is, by the clock the database was opened with.
    #[must_use]
    pub fn now(&self) -> Instant {
        self.inner.clock.now()
    }

    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.inner.engine {
            Backend::Sqlite(_) => Engine::Sqlite,
            Backend::Postgres(_) => Engine::Postgres,
        }
    }
}

/// Runs `f` off the async threads.
async fn aside<T: Send + 'static, E: From<DbError> + Send + 'static>(f: impl FnOnce() -> Result<T, E> + Send + 'static) -> Result<T, E> {
    match tasks::aside(f).await {
        Ok(answer) => answer,
        Err(failed) => Err(DbError::Panicked(failed.to_string()).into()),
    }
}
