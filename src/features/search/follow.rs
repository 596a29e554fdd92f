//! Keeps the engine in step with the database.
//!
//! The [`Keeper`] follows the event log: it looks up how each changed listing is now and puts that into the corpus at
//! once. Texts go on to the [`TextKeeper`], a thread of its own, because a durable commit of the index takes tens of
//! milliseconds in which nights and prices must not wait.

use super::engine::text::index::TextIndex;
use super::engine::{Change, Engine};
use super::{load, store};
use crate::platform::db::{Db, DbError, DbResult};
use crate::platform::events::{Event, Follower, Kind};
use crate::values::{Instant, ListingId, Night};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// How long the first changed text waits for company.
const TICK: Duration = Duration::from_millis(15);
/// A corpus in which this share of the ordinals is out of order is built anew.
const DISORDER_SHARE: usize = 20;
const DISORDER_LEAST: usize = 5_000;
/// A corpus is built anew when its first night is this many days old: its nights reach only so far ahead.
const OLDEST_BASE: i32 = 25;

/// Follows the log for the corpus.
pub(super) struct Keeper {
    db: Db,
    engine: Arc<Engine>,
    base: Night,
    /// When holds run out; nights are free from then on, whoever removes the rows.
    holds: BinaryHeap<Reverse<(Instant, ListingId)>>,
    texts: TextKeeper,
}

impl Keeper {
    pub(super) fn new(db: Db, engine: Arc<Engine>, holds: Vec<(Instant, ListingId)>, texts: TextKeeper) -> Self {
        let base = engine.look(|state| state.corpus.nights.base());
        Self { db, engine, base, holds: holds.into_iter().map(Reverse).collect(), texts }
    }

    fn rebuild(&mut self) -> DbResult<()> {
        let loaded = load::corpus(&self.db)?;
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
        self.texts.changed(BTreeSet::new(), 0);
        tracing::info!(listings, seq, "the search engine was loaded anew");
        Ok(())
    }

    /// Applies how the listings are now.
    fn apply(&mut self, whole: &BTreeSet<ListingId>, calendars: &BTreeSet<ListingId>, seq: i64) -> DbResult<usize> {
        let now = self.db.now();
        let base = self.base;
        let engine = Arc::clone(&self.engine);
        let (changes, holds) = self.db.snapshot(|conn| {
            let mut changes = Vec::new();
            for id in whole {
                changes.push(load::listing(conn, *id, base, now)?);
            }
            for id in calendars.difference(whole) {
                let terms = engine.look(|state| state.corpus.ordinal(*id).map(|n| state.corpus.columns.terms[n as usize]));
                if let Some(terms) = terms {
                    changes.push(Change::Calendar(*id, load::days(conn, *id, &terms, base, now)?));
                }
            }
            let touched = whole.union(calendars).copied().collect::<Vec<_>>();
            Ok::<_, DbError>((changes, store::expiring_of(conn, &touched, now)?))
        })?;
        self.holds.extend(holds.into_iter().map(Reverse));
        Ok(self.engine.apply(changes, seq))
    }

    /// Frees the nights of holds that have run out.
    fn expire(&mut self) -> DbResult<()> {
        let now = self.db.now();
        let mut due = BTreeSet::new();
        while let Some(Reverse((_, id))) = self.holds.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            due.insert(id);
            self.holds.pop();
        }
        if !due.is_empty() {
            self.apply(&BTreeSet::new(), &due, 0)?;
        }
        Ok(())
    }
}

impl Follower for Keeper {
    fn follow(&mut self, events: &[Event]) -> DbResult<()> {
        let seq = events.last().map_or(0, |event| event.seq);
        let (mut whole, mut calendars, mut everything) = (BTreeSet::new(), BTreeSet::new(), false);
        for event in events {
            match Kind::parse(&event.kind) {
                Some(Kind::ListingChanged) => drop(whole.insert(ListingId(event.subject))),
                Some(Kind::CalendarChanged) => drop(calendars.insert(ListingId(event.subject))),
                Some(Kind::ListingsReplaced) => everything = true,
                None => {}
            }
        }
        if everything {
            self.rebuild()?;
            self.texts.refill();
            return Ok(());
        }
        let disorder = self.apply(&whole, &calendars, seq)?;
        self.texts.changed(whole, seq);
        let ordinals = self.engine.look(|state| state.corpus.ordinals()) as usize;
        if disorder > DISORDER_LEAST && disorder * DISORDER_SHARE > ordinals {
            self.rebuild()?;
        }
        Ok(())
    }

    fn tick(&mut self) -> DbResult<()> {
        if self.base.days_until(load::base_night(self.db.now())) > OLDEST_BASE {
            self.rebuild()?;
        }
        self.expire()
    }
}

/// Work for the texts.
enum Task {
    Changed(BTreeSet<ListingId>, i64),
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

fn keep_texts(db: &Db, engine: &Engine, mut index: TextIndex, queue: &Receiver<Task>) {
    // What could not be indexed goes on with the next round: a later commit would otherwise pass over it.
    let (mut ids, mut refill) = (BTreeSet::new(), false);
    while let Ok(first) = queue.recv() {
        std::thread::sleep(TICK);
        let mut seq = 0;
        for task in std::iter::once(first).chain(queue.try_iter()) {
            match task {
                Task::Changed(more, reached) => {
                    ids.extend(more);
                    seq = seq.max(reached);
                }
                Task::Refill => refill = true,
            }
        }
        let mut result = if refill { load::fill(db, &mut index).map(|_seq| ()) } else { load::put_texts(db, &mut index, &ids, seq) };
        result = result.and_then(|()| Ok(engine.renew_text(|state| index.view(&state.corpus, Some(&state.text)))?));
        match result {
            Ok(()) => (ids, refill) = (BTreeSet::new(), false),
            Err(error) => tracing::error!(%error, "texts could not be indexed; they will be with the next change, or at the next start"),
        }
    }
}
