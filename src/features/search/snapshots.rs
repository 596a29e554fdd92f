//! When the engine is kept on disk: after it was read from the tables, now and then, and at the end.
//!
//! Each copy is made by a thread of its own (`engine/snapshot`), slowly enough that searches and changes do not notice.

use super::engine::Engine;
use super::engine::snapshot::{self, Halt, Header};
use super::load::{Origin, Source};
use super::resume::fees_text;
use crate::platform::db::{Db, DbError};
use crate::platform::events;
use crate::values::{Instant as Moment, ListingId, Night};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// A new one is written after changes to one listing in so many, and not for fewer changes than that.
const CHANGED_SHARE: usize = 100;
const CHANGED_LEAST: usize = 1_000;
/// The same at the end, where fewer changes take no time at the next start either.
const CHANGED_SHARE_AT_END: usize = 1_000;
/// With any change at all a snapshot lives so long. Far shorter than events are kept: the log must reach back to it.
const OLDEST: Duration = Duration::from_secs(4 * 3_600);
/// After a failure, a disk that is full say, nothing is tried for so long.
const PATIENCE: Duration = Duration::from_secs(600);
/// The longest that the end of the server waits for a snapshot.
const LONGEST_AT_END: Duration = Duration::from_secs(5);
/// Rest between two pieces.
const REST: Duration = Duration::from_millis(2);
/// Room that must be left on the disk: so much for each listing, and so much for everybody else.
const BYTES_A_LISTING: u64 = 500;
const BYTES_LEFT: u64 = 512 << 20;

/// What the snapshot on disk is true for.
#[derive(Debug, Clone, Copy)]
struct Written {
    epoch: u64,
    seq: i64,
    at: Instant,
}

/// A copy under way.
struct Writing {
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Result<Written, Halt>>,
}

/// Keeps the snapshot fresh. Belongs to the one who changes the engine.
pub(super) struct Snapshots {
    desk: Arc<Desk>,
    least: usize,
    written: Option<Written>,
    writing: Option<Writing>,
    not_before: Option<Instant>,
}

/// What a writer needs.
struct Desk {
    db: Db,
    /// The fees that are in the prices, to be compared.
    fees: String,
    engine: Arc<Engine>,
    place: PathBuf,
    instance: String,
}

/// What the engine held when a copy began.
#[derive(Debug, Clone, Copy)]
struct Shot {
    epoch: u64,
    seq: i64,
    base: Night,
    listings: usize,
    ordinals: u32,
    room: usize,
}

impl Desk {
    fn look(&self) -> Shot {
        self.engine.look(|state| Shot {
            epoch: state.epoch,
            seq: state.seq,
            base: state.corpus.nights.base(),
            listings: state.corpus.len(),
            ordinals: state.corpus.ordinals(),
            room: state.corpus.room(),
        })
    }

    fn write(&self, shot: Shot, holds: Vec<(Moment, ListingId)>, go_on: impl Fn() -> bool) -> Result<Written, Halt> {
        let begun = Instant::now();
        self.demand_room(shot)?;
        let mark = self.db.read_blocking(|conn| events::mark(conn, shot.seq)).map_err(|error: DbError| anyhow::Error::from(error))?;
        let header = Header::new(&self.instance, &self.fees, mark, shot.base, (shot.ordinals, shot.room), holds.into_iter());
        let end = || {
            let newest = self.db.read_blocking(|conn| events::last_seq(conn).and_then(|seq| events::mark(conn, seq)));
            newest.map_err(|error: DbError| error.into())
        };
        let bytes = snapshot::save(&self.engine, shot.epoch, &header, &self.place, go_on, end)?;
        tracing::info!(
            listings = shot.listings,
            seq = shot.seq,
            mib = bytes >> 20,
            took_ms = begun.elapsed().as_millis(),
            "a snapshot of the search engine was written"
        );
        Ok(Written { epoch: shot.epoch, seq: shot.seq, at: Instant::now() })
    }

    fn demand_room(&self, shot: Shot) -> anyhow::Result<()> {
        let folder = self.place.parent().unwrap_or(Path::new("."));
        let (free, needed) = (fs4::available_space(folder)?, BYTES_LEFT + u64::from(shot.ordinals) * BYTES_A_LISTING);
        // A few megabytes are written on any disk.
        anyhow::ensure!(shot.ordinals < 10_000 || free > needed, "only {} MiB are free on the disk, and {} should be", free >> 20, needed >> 20);
        Ok(())
    }
}

impl Snapshots {
    /// `least`: from how many listings on there is a snapshot. `origin`: where the engine came from just now.
    pub(super) fn new(Source { db, fees }: Source, engine: Arc<Engine>, data: &Path, instance: &str, least: usize, origin: Origin) -> Self {
        let desk = Desk { db, fees: fees_text(&fees), engine, place: snapshot::place(data), instance: instance.to_owned() };
        let shot = desk.look();
        // How old the file is does not matter: the log reaches back to it now.
        let written = match origin {
            Origin::Snapshot { seq, .. } => Some(Written { epoch: shot.epoch, seq, at: Instant::now() }),
            Origin::Tables => None,
        };
        if shot.listings < least
            && let Err(error) = snapshot::remove(&desk.place)
        {
            tracing::warn!(%error, "a snapshot of the search engine that is no longer kept could not be removed");
        }
        Self { desk: Arc::new(desk), least, written, writing: None, not_before: None }
    }

    /// Begins a copy when one is due. `holds` are those that have not run out.
    pub(super) fn consider(&mut self, holds: impl Iterator<Item = (Moment, ListingId)>) {
        if self.writing.as_ref().is_some_and(|writing| !writing.thread.is_finished()) {
            return;
        }
        self.settle();
        let shot = self.desk.look();
        if self.not_before.is_some_and(|then| Instant::now() < then) || !self.is_due(&shot, CHANGED_SHARE, CHANGED_LEAST) {
            return;
        }
        let (stop, desk, holds) = (Arc::new(AtomicBool::new(false)), Arc::clone(&self.desk), holds.collect());
        let stopped = Arc::clone(&stop);
        let go_on = move || {
            std::thread::sleep(REST);
            !stopped.load(Ordering::Relaxed)
        };
        match std::thread::Builder::new().name("search-snapshot".into()).spawn(move || desk.write(shot, holds, go_on)) {
            Ok(thread) => self.writing = Some(Writing { stop, thread }),
            Err(error) => self.failed(&error),
        }
    }

    /// Writes the last one, when there is something new and as long as there is time.
    pub(super) fn close(&mut self, holds: impl Iterator<Item = (Moment, ListingId)>) {
        if let Some(writing) = &self.writing {
            writing.stop.store(true, Ordering::Relaxed);
        }
        self.settle();
        let shot = self.desk.look();
        if !self.is_due(&shot, CHANGED_SHARE_AT_END, 1) {
            return;
        }
        let latest = Instant::now() + LONGEST_AT_END;
        match self.desk.write(shot, holds.collect(), || Instant::now() < latest) {
            Ok(written) => self.written = Some(written),
            Err(halt) => tracing::warn!(reason = %halt, "no snapshot of the search engine was written; the next start has more to read"),
        }
    }

    fn is_due(&self, shot: &Shot, share: usize, least: usize) -> bool {
        if shot.listings < self.least {
            return false;
        }
        let Some(written) = self.written.filter(|written| written.epoch == shot.epoch) else { return true };
        let changes = usize::try_from(shot.seq - written.seq).unwrap_or(0);
        changes >= (shot.listings / share).max(least) || changes > 0 && written.at.elapsed() > OLDEST
    }

    /// Takes note of how the last copy went, waiting for it.
    fn settle(&mut self) {
        match self.writing.take().map(|writing| writing.thread.join()) {
            Some(Ok(Ok(written))) => self.written = Some(written),
            // The next one is due at once, or the server ends.
            Some(Ok(Err(Halt::Replaced | Halt::Stopped))) | None => {}
            Some(Ok(Err(Halt::Broken(error)))) => self.failed(&format!("{error:#}")),
            Some(Err(_panic)) => self.failed(&"its writer panicked"),
        }
    }

    fn failed(&mut self, reason: &dyn std::fmt::Display) {
        tracing::warn!(%reason, "no snapshot of the search engine could be written; trying again in {} minutes", PATIENCE.as_secs() / 60);
        self.not_before = Some(Instant::now() + PATIENCE);
    }
}
