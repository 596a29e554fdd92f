//! Keeps the engine in step with the database.
//!
//! The [`Keeper`] follows the event log: it looks up how each changed listing is now and puts that into the corpus at
//! once. Texts go on to the [`TextKeeper`], a thread of its own, because a durable commit of the index takes tens of
//! milliseconds in which nights and prices must not wait.

use super::engine::text::index::TextIndex;
use super::engine::{Change, Engine};
use super::{load, store};
use crate::features::listings;
use crate::platform::db::{Db, DbError, DbResult};
use crate::platform::events::{Event, Follower, Kind};
use crate::values::{Instant, ListingId, Night, UserId};
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
        self.texts.look_again();
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
                changes.push(load::listing(conn, *id, base, now).or_else(|error| unreadable(*id, error))?);
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

    fn listings_of(&self, host: UserId) -> DbResult<Vec<ListingId>> {
        self.db.read_blocking(|conn| listings::of_host(conn, host))
    }

    /// Frees the nights of holds that have run out.
    fn expire(&mut self) -> DbResult<()> {
        let now = self.db.now();
        let mut due = Vec::new();
        while let Some(Reverse(hold)) = self.holds.peek().copied().filter(|Reverse((at, _))| *at <= now) {
            due.push(hold);
            self.holds.pop();
        }
        if due.is_empty() {
            return Ok(());
        }
        let listings = due.iter().map(|(_, id)| *id).collect();
        if let Err(error) = self.apply(&BTreeSet::new(), &listings, 0) {
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
        let (mut whole, mut calendars, mut everything) = (BTreeSet::new(), BTreeSet::new(), false);
        for event in events {
            match Kind::parse(&event.kind) {
                Some(Kind::ListingChanged) => drop(whole.insert(ListingId(event.subject))),
                Some(Kind::CalendarChanged) => drop(calendars.insert(ListingId(event.subject))),
                // The texts name the host.
                Some(Kind::ProfileChanged) => whole.extend(self.listings_of(UserId(event.subject))?),
                Some(Kind::ListingsReplaced) => everything = true,
                Some(Kind::AccountChanged) | None => {}
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

/// A row that this release cannot read hides one listing, not all changes behind it.
fn unreadable(id: ListingId, error: DbError) -> DbResult<Change> {
    match error {
        DbError::Column { column, reason } => {
            tracing::error!(listing.id = %id, column, reason, "a listing cannot be read and is left out of search");
            Ok(Change::Gone(id))
        }
        other => Err(other),
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
    if pending.is_idle()
        && pending.seq > noted
        && let Err(error) = index.commit(pending.seq)
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
