//! Copying SQLite's write-ahead log into the database file, beside the writer.
//!
//! By itself the writer would stop for it every few thousand pages, for a tenth of a second and more, with everybody waiting. Here a thread
//! of its own does the long part; the writer, between two commits, only copies what came meanwhile, so that the log can begin anew.

use super::sqlite::stop_after_failed_sync;
use parking_lot::{Condvar, Mutex};
use rusqlite::{Connection, OpenFlags};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// Pages of the log that are worth the trouble: 16 MB.
const WORTH_IT: i64 = 4_000;
/// So few are left to the writer.
const FEW: i64 = 500;
/// Rounds in which the thread tries to catch up with a writer who goes on writing.
const ROUNDS: u32 = 4;
/// How long the thread rests after it has looked.
const REST: Duration = Duration::from_millis(50);

pub(super) struct Checkpoints {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Shared {
    bell: Mutex<Bell>,
    rung: Condvar,
    /// What remains is for the writer.
    rest_is_little: AtomicBool,
}

#[derive(Default)]
struct Bell {
    written: bool,
    closed: bool,
}

impl Checkpoints {
    pub(super) fn start(path: &Path) -> rusqlite::Result<Self> {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.execute_batch("PRAGMA busy_timeout=5000; PRAGMA synchronous=FULL;")?;
        let shared = Arc::<Shared>::default();
        let seen = Arc::clone(&shared);
        // Without the thread the log is copied all the same: the writer does it, later (`wal_autocheckpoint`).
        let thread = std::thread::Builder::new().name("sqlite-checkpoint".into()).spawn(move || run(&connection, &seen));
        let thread = thread.inspect_err(|error| tracing::warn!(%error, "no thread for checkpoints; the writer does them")).ok();
        Ok(Self { shared, thread })
    }

    /// For the writer, after a commit and its answers.
    pub(super) fn committed(&self, writer: &Connection) {
        if self.shared.rest_is_little.swap(false, Ordering::Relaxed) {
            copy(writer, "PASSIVE");
        }
        let mut bell = self.shared.bell.lock();
        if !std::mem::replace(&mut bell.written, true) {
            self.shared.rung.notify_one();
        }
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.shared.bell.lock().closed = true;
        self.shared.rung.notify_one();
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread for checkpoints had panicked");
        }
    }
}

impl Shared {
    /// Waits until something was written; `false` when this is over.
    fn wait(&self) -> bool {
        let mut bell = self.bell.lock();
        while !bell.written && !bell.closed {
            self.rung.wait(&mut bell);
        }
        if !bell.closed {
            self.rung.wait_for(&mut bell, REST);
        }
        bell.written = false;
        !bell.closed
    }
}

fn run(connection: &Connection, shared: &Shared) {
    while shared.wait() {
        // Only looks.
        if copy(connection, "NOOP") < WORTH_IT {
            continue;
        }
        let caught_up = (0..ROUNDS).any(|_| copy(connection, "PASSIVE") <= FEW);
        if !caught_up {
            tracing::debug!("the writer is faster than the checkpoints");
        }
        shared.rest_is_little.store(true, Ordering::Relaxed);
    }
}

/// Copies the log of a process that ended, so that the next commit begins the log anew. Nobody is waited for: a process that has the
/// database open takes care of its own.
pub(super) fn copy_what_was_left(connection: &Connection) {
    copy(connection, "PASSIVE");
}

/// Copies what no reader needs where it was; answers how many pages of the log were not in the database file at the end.
fn copy(connection: &Connection, mode: &str) -> i64 {
    let counts = connection
        .prepare_cached(&format!("PRAGMA wal_checkpoint({mode})"))
        .and_then(|mut statement| statement.query_row([], |row| Ok((row.get::<_, i64>(1)?, row.get::<_, i64>(2)?))));
    match counts {
        Ok((log, copied)) => log - copied,
        Err(error) => {
            stop_after_failed_sync(&error);
            tracing::warn!(%error, "the write-ahead log was not copied into the database; it is tried again");
            0
        }
    }
}
