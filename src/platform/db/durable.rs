//! Making SQLite's commits durable beside the writer.
//!
//! The writer commits into the write-ahead log and goes on with whoever comes next; this thread has the log written to the disk, once for
//! all that was committed until then, and only then are their callers answered. So the processor works while the disk does. The promise is
//! that of `synchronous=FULL`: what was acknowledged survives a power cut. What is not yet acknowledged may be read by others for the
//! length of a sync; a power cut then takes it away, together with everything after it, and nobody was told that it stands.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// What is to be told when everything before it is on the disk.
type Told = Box<dyn FnOnce() + Send>;

pub(super) const THREAD: &str = "sqlite-sync";
/// Batches that may wait for the disk; then the writer waits too.
const WAITING: usize = 4;

pub(super) struct Durable {
    /// Taken only when this is dropped.
    queue: Option<SyncSender<Told>>,
    thread: Option<JoinHandle<()>>,
}

impl Durable {
    /// `database`: the path of the database file, beside which the log is.
    pub(super) fn start(database: &Path) -> std::io::Result<Self> {
        let mut log = database.as_os_str().to_owned();
        log.push("-wal");
        let (log, mut file) = (PathBuf::from(log), None);
        Self::with(move || sync(&log, &mut file))
    }

    fn with(sync: impl FnMut() -> std::io::Result<()> + Send + 'static) -> std::io::Result<Self> {
        let (queue, waiting) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name(THREAD.into()).spawn(move || run(sync, &waiting))?;
        Ok(Self { queue: Some(queue), thread: Some(thread) })
    }

    /// Calls `told` when all that was committed until now is on the disk.
    pub(super) fn then(&self, told: impl FnOnce() + Send + 'static) {
        let sent = self.queue.as_ref().map(|queue| queue.send(Box::new(told)));
        if !matches!(sent, Some(Ok(()))) {
            // Without the thread nothing can be promised any more.
            stop("the thread that makes commits durable has died");
        }
    }
}

impl Drop for Durable {
    /// Answers everybody who waits.
    fn drop(&mut self) {
        drop(self.queue.take());
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the thread that makes commits durable had panicked");
        }
    }
}

fn run(mut sync: impl FnMut() -> std::io::Result<()>, waiting: &Receiver<Told>) {
    while let Ok(first) = waiting.recv() {
        // Whoever is taken along was committed before the sync begins.
        let others: Vec<Told> = waiting.try_iter().collect();
        if let Err(error) = sync() {
            stop(&format!("the disk refused to make a commit durable: {error}"));
        }
        first();
        others.into_iter().for_each(|told| told());
    }
}

/// The log stays the same file for as long as anybody has the database open.
fn sync(log: &Path, file: &mut Option<File>) -> std::io::Result<()> {
    let open = match file.take() {
        Some(open) => open,
        None => File::open(log)?,
    };
    let answer = open.sync_data();
    *file = Some(open);
    answer
}

/// After a failed sync the kernel may have dropped the pages, so a later success would prove nothing: stop at once, so that nothing unsaved
/// is acknowledged.
pub(super) fn stop(why: &str) {
    tracing::error!("{why}; stopping so that nothing unsaved is acknowledged");
    std::process::exit(74);
}

#[cfg(test)]
mod tests {
    use super::*;
    use parking_lot::Mutex;
    use std::sync::Arc;

    #[test]
    fn nobody_is_told_before_the_disk_has_it() {
        let ((begins, begun), (disk, asked)) = (sync_channel(0), sync_channel(0));
        let sync = move || {
            begins.send(()).map_err(std::io::Error::other)?;
            asked.recv().map_err(std::io::Error::other)
        };
        let durable = Durable::with(sync).unwrap();
        let told: Arc<Mutex<Vec<u32>>> = Arc::default();
        let tell = |number| {
            let told = Arc::clone(&told);
            durable.then(move || told.lock().push(number));
        };
        tell(1);
        begun.recv().unwrap();
        tell(2);
        assert!(told.lock().is_empty(), "the disk has nothing yet");
        disk.send(()).unwrap();
        begun.recv().unwrap();
        assert_eq!(*told.lock(), [1], "the second was committed after the first sync had begun");
        disk.send(()).unwrap();
        drop(durable);
        assert_eq!(*told.lock(), [1, 2]);
    }

    #[test]
    fn everybody_is_told_in_order_and_before_the_end() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("db-wal"), b"frames").unwrap();
        let durable = Durable::start(&folder.path().join("db")).unwrap();
        let told: Arc<Mutex<Vec<u32>>> = Arc::default();
        for number in 0..100 {
            let told = Arc::clone(&told);
            durable.then(move || told.lock().push(number));
        }
        drop(durable);
        assert_eq!(*told.lock(), (0..100).collect::<Vec<_>>());
    }
}
