//! The search engine: every published listing in memory, as sets of bits and columns.
//!
//! A question narrows a [`selection::Selection`] (`filter.rs`; `flexible.rs` where it has many possible stays, `afford.rs` for
//! prices), is put in order (`order.rs`) and counted (`facets.rs`).
//! The engine is a cache of the database: `build.rs` makes it whole, `follow.rs` beside this folder keeps it fresh
//! from the event log, `snapshot/` keeps it on disk from one start to the next. It never decides a booking; the database does.

mod afford;
pub(crate) mod area;
pub(crate) mod bits;
pub(crate) mod build;
mod bundles;
mod classes;
mod columns;
pub(crate) mod corpus;
mod curve;
pub(crate) mod customs;
pub(crate) mod dates;
pub(crate) mod facets;
mod filter;
mod flexible;
mod kernels;
pub(crate) mod lengths;
pub(crate) mod listing;
pub(crate) mod names;
pub(crate) mod nights;
mod order;
mod possible;
pub(crate) mod prices;
pub(crate) mod pricing;
pub(crate) mod query;
mod rows;
pub(crate) mod selection;
mod sets;
mod slices;
pub(crate) mod snapshot;
mod tally;
#[cfg(test)]
mod testing;
pub(crate) mod text;

use self::area::{Area, distance_km};
use self::corpus::Corpus;
use self::listing::Entry;
use self::query::{Answer, Hit, Query, Trouble};
use self::text::TextView;
use crate::features::calendar::rules::Days;
use crate::values::ListingId;
use parking_lot::RwLock;

/// A change to one listing, as the log's reader found it in the database.
#[derive(Debug)]
pub(crate) enum Change {
    /// New or edited.
    Put(Box<Entry>),
    /// What is free, and at which price.
    Calendar(ListingId, Days),
    /// No longer to be found.
    Gone(ListingId),
}

/// The searchable state, shared by all requests. Readers see a change whole or not at all. The lock is fair: a
/// change waits for the questions under way, and later questions for the change. No reader asks for the lock twice.
pub(crate) struct Engine {
    state: RwLock<State>,
}

pub(crate) struct State {
    pub corpus: Corpus,
    pub text: TextView,
    /// The event number up to which the corpus is true.
    pub seq: i64,
    /// Rises whenever all ordinals change.
    pub epoch: u64,
}

impl Engine {
    pub(crate) fn new(corpus: Corpus, text: TextView, seq: i64) -> Self {
        Self { state: RwLock::new(State { corpus, text, seq, epoch: 0 }) }
    }

    /// Answers a question.
    pub(crate) fn search(&self, query: &Query) -> Result<Answer, Trouble> {
        let state = self.state.read();
        let corpus = &state.corpus;
        let matches = corpus.matches(&state.text, query)?;
        let total = matches.selection.count();
        let page = corpus.page(query, &matches, total);
        let costs = corpus.costs(query);
        let hit = |ordinal: u32| {
            let (price, best_dates) = costs.of_hit(ordinal);
            let distance_km = match query.area {
                Some(Area::Circle { centre, .. }) => Some(distance_km(centre, corpus.columns.points[ordinal as usize])),
                _ => None,
            };
            Hit { id: corpus.columns.ids[ordinal as usize], price, best_dates, distance_km }
        };
        Ok(Answer {
            total,
            hits: page.ordinals.into_iter().map(hit).collect(),
            next: page.next,
            facets: query.facets.then(|| corpus.facets(&matches.selection, total)),
        })
    }

    /// Looks at the state, for suggestions, figures and checks.
    pub(crate) fn look<T>(&self, f: impl FnOnce(&State) -> T) -> T {
        f(&self.state.read())
    }

    /// Applies changes that make the corpus true for `seq`; the disorder that has gathered is answered.
    pub(crate) fn apply(&self, changes: Vec<Change>, seq: i64) -> usize {
        let mut state = self.state.write();
        changes.into_iter().for_each(|change| state.corpus.apply(change));
        state.seq = state.seq.max(seq);
        state.corpus.disorder()
    }

    /// Replaces the view of the text by one made by `renew` from the current one.
    ///
    /// The view is made under the read lock and swapped under the write lock. A listing that arrives in between is not
    /// in the view; but whoever puts it into the corpus has its text committed afterwards, which makes another view.
    pub(crate) fn renew_text(&self, renew: impl Fn(&State) -> tantivy::Result<TextView>) -> tantivy::Result<()> {
        loop {
            let (epoch, view) = self.look(|state| renew(state).map(|view| (state.epoch, view)))?;
            let mut state = self.state.write();
            if state.epoch == epoch {
                let old = std::mem::replace(&mut state.text, view);
                drop(state);
                drop(old);
                return Ok(());
            }
        }
    }

    /// Replaces the corpus and its view of the text, made from the same ordinals.
    pub(crate) fn replace(&self, corpus: Corpus, seq: i64, view: impl Fn(&Corpus) -> tantivy::Result<TextView>) -> tantivy::Result<()> {
        let text = view(&corpus)?;
        let mut state = self.state.write();
        let epoch = state.epoch + 1;
        let old = std::mem::replace(&mut *state, State { corpus, text, seq, epoch });
        drop(state);
        drop(old);
        Ok(())
    }
}
