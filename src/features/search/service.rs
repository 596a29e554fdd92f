//! Search as others use it: open it, ask it, keep it fresh, check it.

use super::ask::{self, Ask};
use super::card::{self, Card};
use super::engine::Engine;
use super::engine::dates::Dates;
use super::engine::query::{Answer, Hit, Query, Trouble};
use super::engine::snapshot;
use super::engine::text::index::TextIndex;
use super::follow::{Keeper, TextKeeper};
use super::load::{Origin, Source};
use super::snapshots::Snapshots;
use super::suggest::Suggestion;
use super::{load, resume, store, suggest};
use crate::features::listings::SearchableFields;
use crate::platform::cache::{Cache, Sizes};
use crate::platform::config::Fees;
use crate::platform::cursor::CursorKey;
use crate::platform::db::{Db, DbError};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::events::{Event, Follower, Kind as EventKind};
use crate::platform::tasks::aside;
use crate::values::{Instant, ListingId, Stay};
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use tokio::sync::Semaphore;

const CARD_SIZES: Sizes = Sizes { usual: 600, largest: 32 << 10 };

/// The running search; cheap to clone.
#[derive(Clone)]
pub struct Search {
    db: Db,
    engine: Arc<Engine>,
    cards: Arc<Cache<ListingId, Card>>,
    cursors: CursorKey,
    origin: Origin,
    /// Turns at reading words from the index.
    readers: Arc<Semaphore>,
}

/// A search that was opened, and what keeps it fresh.
pub struct Opened {
    pub search: Search,
    /// Must follow the event log from `seq` on.
    pub followers: Vec<Box<dyn Follower>>,
    pub seq: i64,
}

/// What search may keep beside the engine.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes of rendered cards in memory.
    pub card_bytes: u64,
    /// From how many listings on the engine is kept on disk.
    pub snapshot_from: usize,
}

/// A rendered page.
#[derive(Debug, Clone)]
pub struct Page {
    /// The JSON of a `SearchView`.
    pub json: String,
    pub next_cursor: Option<String>,
}

/// What search holds, for figures and checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holdings {
    /// Listings that can be found.
    pub listings: usize,
    /// Listings whose text is in the index.
    pub texts: u64,
    /// The event number up to which all this is true.
    pub seq: i64,
    /// Bytes of the night bitmaps.
    pub night_bytes: usize,
    /// Where they came from at the start.
    pub origin: Origin,
}

impl Search {
    /// Loads everything from the snapshot or the database, opening or making the text index in the folder `data`.
    /// `instance` tells this database from others; `limits` bound what is kept beside the engine; `fees` are in its prices. Blocks.
    pub fn open(db: &Db, data: &Path, instance: &str, cursors: CursorKey, limits: Limits, fees: &Fees) -> anyhow::Result<Opened> {
        let folder = TextIndex::folder(data);
        let source = Source { db: db.clone(), fees: Arc::new(fees.clone()) };
        // The index is opened (and its files read through) beside the loading of the corpus.
        let (loaded, index) = std::thread::scope(|scope| {
            let index = scope.spawn(|| load::index(db, &folder, instance));
            let loaded = load::begin(&source, data, instance);
            (loaded, index.join().unwrap_or_else(|_panic| Err(anyhow::anyhow!("opening the search index panicked"))))
        });
        let (loaded, (mut index, mut indexed)) = (loaded?, index?);
        let begun = std::time::Instant::now();
        let view = index.view(&loaded.corpus, None)?;
        tracing::debug!(view_ms = begun.elapsed().as_millis(), "the texts are matched to the listings");
        let engine = Arc::new(Engine::new(loaded.corpus, view, loaded.seq));
        if load::catch_up(db, &mut index, &mut indexed)? || engine.look(|state| state.text.documents() != state.corpus.len() as u64) {
            engine.renew_text(|state| index.view(&state.corpus, None))?;
        }
        let (listings, documents) = engine.look(|state| (state.corpus.len() as u64, state.text.documents()));
        if documents != listings {
            tracing::warn!(listings, texts = documents, "the search index does not hold what the database holds; making it anew");
            load::fill(db, &mut index)?;
            engine.renew_text(|state| index.view(&state.corpus, None))?;
        }
        let from = loaded.seq.min(indexed);
        let texts = TextKeeper::start(db.clone(), Arc::clone(&engine), index)?;
        let snapshots = Snapshots::new(source.clone(), Arc::clone(&engine), data, instance, limits.snapshot_from, loaded.origin);
        let keeper = Keeper::new(source, Arc::clone(&engine), loaded.holds, texts, snapshots);
        let cards = Arc::new(Cache::of_bytes(limits.card_bytes, CARD_SIZES, |_: &ListingId, card: &Card| card.bytes()));
        let turns = 2 * std::thread::available_parallelism().map_or(2, usize::from);
        let search = Self { db: db.clone(), engine, cards: Arc::clone(&cards), cursors, origin: loaded.origin, readers: Arc::new(Semaphore::new(turns)) };
        // Cards are forgotten first, so that whoever is found by something new is shown with it.
        Ok(Opened { search, followers: vec![Box::new(Forgetter { cards }), Box::new(keeper)], seq: from })
    }

    /// The page that `ask` asks for at `now`, rendered.
    ///
    /// Refuses what `Ask` cannot mean, and prices across currencies (422 `currency_needed`).
    pub async fn page(&self, ask: &Ask, now: Instant) -> Result<Page> {
        let query = self.query(ask, now)?;
        let (query, answer) = self.find_apart(query).await?;
        let cards = self.cards_of(&answer.hits).await?;
        let next_cursor = answer.next.map(|after| ask::seal(&self.cursors, &query, after));
        Ok(Page { json: card::page(&answer, &cards, query.dates.as_ref().map(Dates::nights), next_cursor.as_deref()), next_cursor })
    }

    /// The listings that `ask` asks for, without their cards: the engine alone, for benches and tests.
    pub fn answer(&self, ask: &Ask, now: Instant) -> Result<Answer> {
        self.find(&self.query(ask, now)?)
    }

    /// The question that `ask` means, as the fields of this site are now.
    fn query(&self, ask: &Ask, now: Instant) -> Result<Query> {
        if ask.custom.is_empty() {
            return ask.query(&self.cursors, &SearchableFields::default(), now);
        }
        let fields = self.engine.look(|state| state.corpus.customs.fields().clone());
        ask.query(&self.cursors, &fields, now)
    }

    /// How many listings have every night of `stay` free, whatever their other rules say: the night bitmaps alone.
    #[must_use]
    pub fn available(&self, stay: Stay) -> usize {
        self.engine.look(|state| state.corpus.nights.count_free(&state.corpus.live, stay))
    }

    /// Questions without new words take microseconds and are answered at once; other words have to be read from the
    /// index, which is done off the async threads and by few at a time.
    async fn find_apart(&self, query: Query) -> Result<(Query, Answer)> {
        if self.engine.look(|state| state.text.remembers(&query.words)) {
            let answer = self.find(&query)?;
            return Ok((query, answer));
        }
        let this = self.clone();
        self.apart(move || this.find(&query).map(|answer| (query, answer))).await
    }

    async fn apart<T: Send + 'static>(&self, work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
        let _turn = self.readers.acquire().await.map_err(|closed| Error::Broken(closed.into()))?;
        aside(work).await.map_err(|failed| Error::Broken(failed.into()))?
    }

    fn find(&self, query: &Query) -> Result<Answer> {
        self.engine.search(query).map_err(|trouble| match trouble {
            Trouble::CurrencyNeeded { ref currencies } => {
                let codes: Vec<String> = currencies.iter().map(ToString::to_string).collect();
                Error::of_parameter(Kind::Unacceptable, "currency_needed", "currency", trouble.to_string()).with_data("currencies", codes.into())
            }
            Trouble::Text(cause) => Error::Broken(cause.into()),
        })
    }

    /// The cards of the hits, in their order; a listing that was taken down in this very moment is left out.
    async fn cards_of(&self, hits: &[Hit]) -> Result<Vec<(Hit, Card)>> {
        let mut known: Vec<Option<Card>> = hits.iter().map(|hit| self.cards.get(&hit.id)).collect();
        if known.iter().any(Option::is_none) {
            let missing: Vec<ListingId> = hits.iter().zip(&known).filter(|(_, card)| card.is_none()).map(|(hit, _)| hit.id).collect();
            let begun = self.cards.begin();
            let rows = self.db.read(move |conn| store::cards(conn, &missing).map_err(Error::from)).await?;
            let fresh: HashMap<ListingId, Card> = rows.iter().map(|row| (row.id, Card::of(row))).collect();
            for (hit, card) in hits.iter().zip(&mut known).filter(|(_, card)| card.is_none()) {
                *card = fresh.get(&hit.id).cloned();
            }
            fresh.into_iter().for_each(|(id, card)| self.cards.keep(begun, id, card));
        }
        Ok(hits.iter().cloned().zip(known).filter_map(|(hit, card)| Some((hit, card?))).collect())
    }

    /// Completions for what somebody has typed so far: cities, neighbourhoods, titles.
    pub async fn suggest(&self, typed: &str, limit: usize) -> Result<Vec<Suggestion>> {
        let (engine, typed) = (Arc::clone(&self.engine), typed.to_owned());
        let look = move || engine.look(|state| suggest::find(state, &typed, limit)).map_err(|e| Error::Broken(e.into()));
        let (mut found, titles) = self.apart(look).await?;
        let rows = self.db.read(move |conn| store::cards(conn, &titles).map(|rows| (titles, rows)).map_err(Error::from)).await?;
        found.extend(suggest::titles(&rows.0, rows.1));
        found.truncate(limit);
        Ok(found)
    }

    /// What search holds now.
    #[must_use]
    pub fn holdings(&self) -> Holdings {
        self.engine.look(|state| Holdings {
            listings: state.corpus.len(),
            texts: state.text.documents(),
            seq: state.seq,
            night_bytes: state.corpus.nights.bytes(),
            origin: self.origin,
        })
    }
}

/// Compares the text index in `data` with the database, for `doctor`; answers a sentence about either outcome.
pub fn check(db: &Db, data: &Path, instance: &str) -> Result<String, String> {
    let listings = db.read_blocking(store::count).map_err(|e: DbError| e.to_string())?;
    load::examine(db, &TextIndex::folder(data), instance, listings)
}

/// Looks whether the next start can use the snapshot in `data`, for `doctor`; reads it to its end.
pub fn check_snapshot(db: &Db, data: &Path, instance: &str, fees: &Fees) -> Result<String, String> {
    resume::examine(&Source { db: db.clone(), fees: Arc::new(fees.clone()) }, &snapshot::place(data), instance)
}

/// Makes the text index in `data` anew from the database and drops the snapshot; answers how many listings it holds. Blocks.
pub fn reindex(db: &Db, data: &Path, instance: &str) -> anyhow::Result<u64> {
    load::reindex(db, data, instance)
}

/// Drops cards of listings that changed.
struct Forgetter {
    cards: Arc<Cache<ListingId, Card>>,
}

impl Follower for Forgetter {
    fn follow(&mut self, events: &[Event]) -> Result<(), DbError> {
        for event in events {
            match EventKind::parse(&event.kind) {
                Some(EventKind::ListingChanged) => self.cards.forget(&ListingId(event.subject)),
                Some(EventKind::ListingsReplaced) => self.cards.forget_all(),
                _ => {}
            }
        }
        Ok(())
    }
}
