//! Keeps the engine in step with the database.
//!
//! The [`Keeper`] follows the event log: it looks up how each changed listing is now and puts that into the corpus at
//! once. Texts go on to the [`TextKeeper`], a thread of its own, because a durable commit of the index takes tens of
//! milliseconds in which nights and prices must not wait.

use super::engine::Engine;
use super::engine::text::index::TextIndex;
use super::load;
use super::load::{OLDEST_BASE, Source};
use super::news::News;
use super::snapshots::Snapshots;
use crate::platform::db::{Db, DbError, DbResult};
use crate::platform::events::{self, Event, Follower};
use crate::values::{Instant, ListingId, Night};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the first changed text waits for company.
const TICK: Duration = Duration::from_millis(15);
/// A corpus in which this share of the ordinals is out of order is built anew.
const DISORDER_SHARE: usize = 20;
const DISORDER_LEAST: usize = 5_000;

/// Follows the log for the corpus.
pub(super) struct Keeper {
    source: Source,
    engine: Arc<Engine>,
    base: Night,
    /// When holds run out; nights are free from then on, whoever removes the rows.
    holds: BinaryHeap<Reverse<(Instant, ListingId)>>,
    texts: TextKeeper,
    snapshots: Snapshots,
}

impl Keeper {
    pub(super) fn new(source: Source, engine: Arc<Engine>, holds: Vec<(Instant, ListingId)>, texts: TextKeeper, snapshots: Snapshots) -> Self {
        let base = engine.look(|state| state.corpus.nights.base());
        Self { source, engine, base, holds: holds.into_iter().map(Reverse).collect(), texts, snapshots }
    }

    fn rebuild(&mut self) -> DbResult<()> {
        let loaded = load::corpus(&self.source)?;
        self.base = loaded.corpus.nights.base();
        self.holds = loaded.holds.into_iter().map(Reverse).collect();
        let seq = loaded.seq;
        let listings = loaded.corpus.len();
        let text = |engine: &Engine, corpus: super::engine::corpus::Corpus| {
            let (searcher, fields) = engine.look(|state| state.text.parts());
            engine.replace(corpus, seq, |corpus| super::engine::text::TextView::new(searcher.clone(), fields, corpus.ordinals(), None, |id| corpus.ordinal(id)))
        };
        text(&self.engine, loaded.corpus).map_err(|e| DbError::Engine(e.into()))?;
        // Texts committed while the new corpus was put in place are in nobody's view yet.
        self.texts.look_again();
        tracing::info!(listings, seq, "the search engine was loaded anew");
        Ok(())
    }

    /// Applies how the listings are now.
    fn apply(&mut self, news: &News, seq: i64) -> DbResult<usize> {
        let (now, base, engine) = (self.source.db.now(), self.base, Arc::clone(&self.engine));
        let terms = |id| engine.look(|state| state.corpus.terms(id));
        let (changes, holds) = self.source.db.snapshot(|conn| load::changes(conn, news, terms, base, now, &self.source.fees))?;
        self.holds.extend(holds.into_iter().map(Reverse));
        Ok(self.engine.apply(changes, seq))
    }

    /// Frees the nights of holds that have run out.
    fn expire(&mut self) -> DbResult<()> {
        let now = self.source.db.now();
        let mut due = Vec::new();
        while let Some(Reverse(hold)) = self.holds.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            due.push(hold);
            self.holds.pop();
        }
        if due.is_empty() {
            return Ok(());
        }
        let news = News { calendars: due.iter().map(|(_, id)| *id).collect(), ..News::default() };
        if let Err(error) = self.apply(&news, 0) {
            // They are still due the next time.
            self.holds.extend(due.into_iter().map(Reverse));
            return Err(error);
        }
        Ok(())
    }
}

impl Follower for Keeper {
    fn follow(&mut self, events: &[Event]) -> DbResult<()> {
        let seq = events.last().map_or(0, |event| event.seq);
        let news = News::of(events);
        if news.everything {
            self.rebuild()?;
            self.texts.refill();
            return Ok(());
        }
        let disorder = self.apply(&news, seq)?;
        self.texts.changed(news.whole, seq);
        let ordinals = self.engine.look(|state| state.corpus.ordinals()) as usize;
        if disorder > DISORDER_LEAST && disorder * DISORDER_SHARE > ordinals {
            self.rebuild()?;
        }
        Ok(())
    }

    fn tick(&mut self) -> DbResult<()> {
        if self.base.days_until(load::base_night(self.source.db.now())) > OLDEST_BASE {
            self.rebuild()?;
        }
        self.expire()?;
        self.snapshots.consider(self.holds.iter().map(|Reverse(hold)| *hold));
        Ok(())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        // What a panic has left half changed must not outlive the process.
        if std::thread::panicking() {
            return;
        }
        self.snapshots.close(self.holds.iter().map(|Reverse(hold)| *hold));
    }
}

/// Work for the texts.
enum Task {
    /// These listings may have other texts; all events up to the number have been told.
    Changed(BTreeSet<ListingId>, i64),
    /// The ordinals changed.
    LookAgain,
    /// All texts changed.
    Refill,
}

/// The thread that owns the text index; dropping it commits what waits and ends the thread.
pub(super) struct TextKeeper {
    tasks: Option<Sender<Task>>,
    thread: Option<JoinHandle<()>>,
}

impl TextKeeper {
    pub(super) fn start(db: Db, engine: Arc<Engine>, index: TextIndex) -> std::io::Result<Self> {
        let (tasks, queue) = channel();
        let thread = std::thread::Builder::new().name("search-texts".into()).spawn(move || keep_texts(&db, &engine, index, &queue))?;
        Ok(Self { tasks: Some(tasks), thread: Some(thread) })
    }

    fn changed(&self, ids: BTreeSet<ListingId>, seq: i64) {
        self.send(Task::Changed(ids, seq));
    }

    fn look_again(&self) {
        self.send(Task::LookAgain);
    }

    fn refill(&self) {
        self.send(Task::Refill);
    }

    fn send(&self, task: Task) {
        if self.tasks.as_ref().is_some_and(|tasks| tasks.send(task).is_err()) {
            tracing::error!("the text index is no longer kept; restart the server");
        }
    }
}

impl Drop for TextKeeper {
    fn drop(&mut self) {
        self.tasks = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the keeper of the text index had panicked");
        }
    }
}

/// How long a failed round waits for the next try.
const PATIENCE: Duration = Duration::from_secs(2);
/// Events that passed without a text are noted in the index after so many, and at the end.
const UNNOTED: i64 = 10_000;

/// What the keeper of the texts has not done yet.
#[derive(Default)]
struct Pending {
    ids: BTreeSet<ListingId>,
    refill: bool,
    look_again: bool,
    /// The event number that will be true once all this is done.
    seq: i64,
}

impl Pending {
    fn add(&mut self, task: Task) {
        match task {
            Task::Changed(more, reached) => {
                self.ids.extend(more);
                self.seq = self.seq.max(reached);
            }
            Task::LookAgain => self.look_again = true,
            Task::Refill => self.refill = true,
        }
    }

    fn is_idle(&self) -> bool {
        self.ids.is_empty() && !self.refill && !self.look_again
    }
}

fn keep_texts(db: &Db, engine: &Engine, mut index: TextIndex, queue: &Receiver<Task>) {
    let (mut pending, mut noted) = (Pending::default(), 0);
    loop {
        // What could not be indexed is tried again after a while, whether or not anything new comes.
        let first = if pending.is_idle() { queue.recv().map_err(|_closed| RecvTimeoutError::Disconnected) } else { queue.recv_timeout(PATIENCE) };
        match first {
            Ok(task) => pending.add(task),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
        if pending.is_idle() && pending.seq - noted < UNNOTED {
            continue;
        }
        std::thread::sleep(TICK);
        queue.try_iter().for_each(|task| pending.add(task));
        match index_texts(db, engine, &mut index, &pending) {
            Ok(seq) => {
                noted = noted.max(seq);
                pending = Pending { seq: pending.seq, ..Pending::default() };
            }
            Err(error) => {
                tracing::error!(%error, "texts could not be indexed; trying again");
                index.give_up();
            }
        }
    }
    let mut note = || anyhow::Ok(index.commit(db.read_blocking(|conn| events::mark(conn, pending.seq))?)?);
    if pending.is_idle()
        && pending.seq > noted
        && let Err(error) = note()
    {
        tracing::warn!(%error, "the text index could not note how far it is; the next start will catch up");
    }
}

/// Does what is pending; answers the event number that the index is now true for.
fn index_texts(db: &Db, engine: &Engine, index: &mut TextIndex, pending: &Pending) -> anyhow::Result<i64> {
    let seq = if pending.refill {
        load::fill(db, index)?
    } else {
        load::put_texts(db, index, &pending.ids, pending.seq)?;
        pending.seq
    };
    if !pending.is_idle() {
        engine.renew_text(|state| index.view(&state.corpus, Some(&state.text)))?;
    }
    Ok(seq)
}
