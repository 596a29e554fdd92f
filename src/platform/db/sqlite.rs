//! SQLite: a pool of read-only connections and ONE writer that commits many callers' work at once.
//!
//! Group commit: the writer takes what waits, runs each closure in a savepoint of one shared transaction, and the one commit
//! (`synchronous=FULL`) makes all of them durable. The promise is that of a transaction each: an acknowledged write survives `kill -9` and
//! a power cut, and nobody reads what is not on the disk.

use super::checkpoint::{self, Checkpoints};
use super::conn::{Conn, Tx};
use super::error::{DbError, DbResult};
use super::lanes::{Lanes, Turned};
use super::work::{Job, Ran, Reading};
use super::{Bells, Lane};
use crate::platform::private;
use crate::values::{Clock, Instant};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, TransactionBehavior, ffi};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

/// Jobs that share one transaction at most.
const BATCH: usize = 512;
/// SQLite before 3.51.3 can corrupt a WAL database when two connections checkpoint and write at once.
const OLDEST_LIBRARY: i32 = 3_051_003;
const READERS: u32 = 8;
const WRITER: &str = "sqlite-writer";

pub(super) struct Sqlite {
    readers: r2d2::Pool<Readers>,
    lanes: Arc<Lanes<Queued>>,
    writer: Option<JoinHandle<()>>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, clock: Arc<dyn Clock>, bells: Bells) -> DbResult<Self> {
        if rusqlite::version_number() < OLDEST_LIBRARY {
            return Err(DbError::Unusable(format!("SQLite {} has known corruption bugs; 3.51.3 or newer is needed", rusqlite::version())));
        }
        if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
            private::folder(folder).map_err(|e| DbError::Unusable(format!("cannot make the folder {}: {e}", folder.display())))?;
        }
        // The files beside it (-wal, -shm) get the rights of the database.
        private::file(path).map_err(|e| DbError::Unusable(format!("cannot open the database {}: {e}", path.display())))?;
        let connection = open_writer(path).map_err(|e| DbError::Unusable(format!("cannot open the database {}: {e}", path.display())))?;
        let readers = r2d2::Pool::builder()
            .max_size(READERS)
            .min_idle(Some(1))
            .connection_timeout(std::time::Duration::from_secs(5))
            .build(Readers { path: path.to_owned() })?;
        let checkpoints = Checkpoints::start(path).map_err(|e| DbError::Unusable(format!("cannot open the database {} again: {e}", path.display())))?;
        let lanes = Arc::new(Lanes::new());
        let queue = Arc::clone(&lanes);
        let writer = std::thread::Builder::new()
            .name(WRITER.into())
            .spawn(move || Writer { checkpoints, connection, clock, bells }.run(&queue))
            .map_err(|e| DbError::Unusable(format!("cannot start the writer thread: {e}")))?;
        Ok(Self { readers, lanes, writer: Some(writer) })
    }

    pub(super) fn read(&self, f: &mut Reading<'_>) -> DbResult<()> {
        f(&mut Conn::sqlite(&*self.readers.get()?));
        Ok(())
    }

    pub(super) fn snapshot(&self, f: &mut Reading<'_>) -> DbResult<()> {
        let connection = self.readers.get()?;
        let transaction = connection.unchecked_transaction()?;
        f(&mut Conn::sqlite(&transaction));
        Ok(())
    }

    pub(super) fn submit(&self, lane: Lane, job: Job) -> DbResult<()> {
        self.lanes.push(lane, Queued { job, refused: false, broke: None }).map_err(|turned| match turned {
            Turned::Full => DbError::Overloaded,
            Turned::Closed => DbError::Closed,
        })
    }
}

impl Drop for Sqlite {
    /// Finishes what waits, then closes: nobody who was promised an answer goes without.
    fn drop(&mut self) {
        self.lanes.close();
        if let Some(writer) = self.writer.take()
            // The last handle may have been inside a closure that the writer has finished with just now: it cannot wait for itself.
            && std::thread::current().name() != Some(WRITER)
            && writer.join().is_err()
        {
            tracing::error!("the SQLite writer thread had panicked");
        }
    }
}

struct Readers {
    path: PathBuf,
}

impl r2d2::ManageConnection for Readers {
    type Connection = Connection;
    type Error = rusqlite::Error;

    fn connect(&self) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.execute_batch("PRAGMA busy_timeout=5000; PRAGMA query_only=ON; PRAGMA mmap_size=268435456;")?;
        plan_once(&connection)?;
        Ok(connection)
    }

    fn is_valid(&self, _: &mut Connection) -> rusqlite::Result<()> {
        Ok(())
    }

    /// A connection left inside a transaction is thrown away.
    fn has_broken(&self, connection: &mut Connection) -> bool {
        !connection.is_autocommit()
    }
}

/// Opens the writing connection. Two processes that make the same new file meet while it is switched to WAL, which SQLite
/// refuses without waiting; so this waits for it, as long as for any other lock.
fn open_writer(path: &Path) -> rusqlite::Result<Connection> {
    let mut tries = 200;
    loop {
        match try_writer(path) {
            Err(error) if tries > 0 && error.sqlite_error_code() == Some(rusqlite::ErrorCode::DatabaseBusy) => {
                tries -= 1;
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            opened => return opened,
        }
    }
}

/// `temp_store`: what a savepoint may have to undo is kept in memory; in a file it was a third of what a booking cost. `recursive_triggers`:
/// without it the guards would not see a row that INSERT OR REPLACE throws out. `journal_size_limit`: a log that grew while somebody read for
/// long gives its space back. The log of a process that ended is copied at once: if the disk had refused to make it durable, only the
/// kernel's copy is whole, and nothing may be acknowledged behind a gap.
fn try_writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA busy_timeout=10000; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;
         PRAGMA temp_store=MEMORY; PRAGMA cache_size=-32768; PRAGMA wal_autocheckpoint=40000; PRAGMA journal_size_limit=67108864;",
    )?;
    checkpoint::copy_what_was_left(&connection);
    plan_once(&connection)?;
    Ok(connection)
}

/// A statement keeps its plan. By itself SQLite plans a statement anew for each value of `LIMIT $1`, which was two fifths of what a quote cost.
fn plan_once(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(512);
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map(drop)
}

/// A job among others in one transaction: run in a savepoint, answered after the commit.
struct Queued {
    job: Job,
    /// Whether its closure said no, which is its answer whatever becomes of the others.
    refused: bool,
    /// Why it does not stand.
    broke: Option<DbError>,
}

impl Queued {
    /// Runs the closure; answers whether its writes are to stay.
    fn run(&mut self, tx: &mut Tx<'_>, now: Instant) -> bool {
        let ran = self.job.run(tx, now);
        let keep = matches!(ran, Ran::Keep);
        self.refused = matches!(ran, Ran::Refused);
        self.broke = if let Ran::Broke(error) = ran { Some(error) } else { None };
        keep
    }

    /// Tells the caller: its own answer after a good commit or when it refused, the error otherwise.
    fn answer(self, failed: Option<DbError>) {
        let instead = if self.refused { None } else { self.broke.or(failed) };
        self.job.answer(instead);
    }
}

/// Closed from the top: everybody is answered before the database goes.
struct Writer {
    checkpoints: Checkpoints,
    connection: Connection,
    clock: Arc<dyn Clock>,
    bells: Bells,
}

impl Writer {
    fn run(mut self, lanes: &Lanes<Queued>) {
        while let Some(mut batch) = lanes.take(BATCH) {
            match self.commit_together(&mut batch) {
                Ok(rings) => self.tell(rings, batch),
                // Another process keeps the write lock: trying each job alone would wait as long for every one of them.
                Err(DbError::Retry(_)) => batch.into_iter().for_each(|job| job.answer(Some(DbError::Overloaded))),
                Err(error) if batch.len() == 1 => batch.into_iter().for_each(|job| job.answer(Some(reword(&error)))),
                Err(error) => {
                    tracing::warn!(jobs = batch.len(), %error, "a shared transaction was lost; running its jobs one by one");
                    batch.into_iter().for_each(|job| self.commit_alone(job));
                }
            }
            self.checkpoints.committed(&self.connection);
        }
    }

    fn commit_alone(&mut self, job: Queued) {
        let mut alone = vec![job];
        match self.commit_together(&mut alone) {
            Ok(rings) => self.tell(rings, alone),
            Err(error) => {
                if let Some(job) = alone.pop() {
                    job.answer(Some(error));
                }
            }
        }
    }

    fn tell(&self, rings: Rings, jobs: Vec<Queued>) {
        rings.ring(&self.bells);
        jobs.into_iter().for_each(|job| job.answer(None));
    }

    /// Runs all jobs in one transaction, and commits it. An error means that nothing of any of them is written.
    fn commit_together(&mut self, jobs: &mut [Queued]) -> DbResult<Rings> {
        let now = self.clock.now();
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let (mut events, mut enqueued) = (false, false);
        for job in jobs {
            transaction.prepare_cached("SAVEPOINT job")?.raw_execute()?;
            let mut tx = Tx::sqlite(&transaction);
            let keep = job.run(&mut tx, now);
            let (wrote_events, wrote_jobs) = (tx.wrote_events, tx.wrote_jobs);
            // A full disk or an interrupt may have ended the whole transaction under the job.
            if transaction.is_autocommit() {
                return Err(DbError::Engine("the shared transaction was ended early".into()));
            }
            if keep {
                events |= wrote_events;
                enqueued |= wrote_jobs;
            } else {
                transaction.prepare_cached("ROLLBACK TO job")?.raw_execute()?;
            }
            transaction.prepare_cached("RELEASE job")?.raw_execute()?;
        }
        if let Err(error) = transaction.commit() {
            stop_after_failed_sync(&error);
            return Err(error.into());
        }
        Ok(Rings { events, jobs: enqueued })
    }
}

/// Whom a commit wakes.
#[derive(Clone, Copy)]
struct Rings {
    events: bool,
    jobs: bool,
}

impl Rings {
    fn ring(self, bells: &Bells) {
        if self.events {
            bells.events.send_modify(|count| *count += 1);
        }
        if self.jobs {
            bells.jobs.send_modify(|count| *count += 1);
        }
    }
}

/// After a failed sync the kernel may have dropped the pages, so a later success would prove nothing: stop at once, so that nothing unsaved
/// is acknowledged.
pub(super) fn stop_after_failed_sync(error: &rusqlite::Error) {
    let Some(code) = error.sqlite_error() else { return };
    if matches!(code.extended_code, ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_DIR_FSYNC) {
        tracing::error!(%error, "the disk refused to make a commit durable; stopping so that nothing unsaved is acknowledged");
        std::process::exit(74);
    }
}

/// The same error once more, for an answer that has to be owned by one caller.
fn reword(error: &DbError) -> DbError {
    match error {
        DbError::Full => DbError::Full,
        DbError::Unique => DbError::Unique,
        DbError::Constraint(text) => DbError::Constraint(text.clone()),
        other => DbError::Engine(other.to_string().into()),
    }
}

#[cfg(test)]
mod tests {
    use crate::platform::db::{Db, DbError, DbResult};
    use crate::values::SystemClock;
    use std::sync::Arc;
    use std::time::{Duration, Instant};

    #[tokio::test]
    async fn the_last_handle_may_go_with_a_write() {
        let folder = tempfile::tempdir().unwrap();
        let db = opened(folder.path().join("stopover.db")).await;
        let inside = db.clone();
        let write = async move {
            let slow = move |_: &mut crate::platform::db::Tx<'_>, _| -> DbResult<()> {
                std::thread::sleep(Duration::from_millis(200));
                let _held = &inside;
                Ok::<(), DbError>(())
            };
            db.write(slow).await
        };
        assert!(tokio::time::timeout(Duration::from_millis(50), write).await.is_err(), "the caller has gone away");
        // The last connection to be closed takes the log away.
        let (log, begun) = (folder.path().join("stopover.db-wal"), Instant::now());
        while log.exists() {
            assert!(begun.elapsed() < Duration::from_secs(10), "the database was not closed");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Waits as long as the writer does for a lock.
    #[tokio::test]
    async fn whoever_meets_another_process_at_work_is_asked_to_come_again() {
        let folder = tempfile::tempdir().unwrap();
        let db = opened(folder.path().join("stopover.db")).await;
        let other = rusqlite::Connection::open(folder.path().join("stopover.db")).unwrap();
        other.execute_batch("BEGIN IMMEDIATE").unwrap();
        let write = |tx: &mut crate::platform::db::Tx<'_>, _| tx.execute("UPDATE instance SET value = value", &[]);
        let refused = db.write(write).await;
        assert!(matches!(refused, Err(DbError::Overloaded)), "{refused:?}");
        other.execute_batch("ROLLBACK").unwrap();
        db.write(write).await.unwrap();
    }

    #[tokio::test]
    async fn the_log_of_a_process_that_died_is_copied_before_anything_is_added() {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (name, log) = ("stopover.db", "stopover.db-wal");
        let db = opened(first.path().join(name)).await;
        let write = |tx: &mut crate::platform::db::Tx<'_>, _| tx.execute("INSERT INTO instance (name, value) VALUES ('left', 'behind')", &[]);
        db.write(write).await.unwrap();
        // What `kill -9` leaves.
        for file in [name, log] {
            std::fs::copy(first.path().join(file), second.path().join(file)).unwrap();
        }
        let held = |folder: &std::path::Path, file: &str| std::fs::read(folder.join(file)).unwrap().windows(10).any(|bytes| bytes == b"leftbehind");
        assert!(held(second.path(), log) && !held(second.path(), name), "it is in the log only");
        let _again = opened(second.path().join(name)).await;
        assert!(held(second.path(), name), "it is in the database file");
    }

    async fn opened(path: std::path::PathBuf) -> Db {
        let open = move || Db::open(&crate::platform::db::DatabaseUrl::Sqlite(path), Arc::new(SystemClock));
        tokio::task::spawn_blocking(open).await.unwrap().unwrap()
    }
}
