//! Makes a corpus of all listings at once.

use super::area::Point;
use super::corpus::Corpus;
use super::curve::code;
use super::customs::Customs;
use super::listing::{Entry, Facts};
use crate::features::calendar::rules::{Causes, DayOverride, Days, Held, Terms, lay};
use crate::features::listings::SearchableFields;
use crate::values::{ListingId, Night, NightRange};
use std::ops::Range;

/// The calendars of all listings, row by row.
#[derive(Debug, Default)]
pub(crate) struct Calendars {
    pub taken: Vec<(ListingId, Taken)>,
    pub overrides: Vec<(ListingId, u16, DayOverride)>,
    /// The names behind the numbers of `overrides.1`.
    pub sources: Vec<String>,
}

/// A range that is taken, by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken {
    Block(NightRange),
    Stay(Held),
}

impl Calendars {
    /// Brings the rows of each listing together.
    pub(crate) fn sort(&mut self) {
        self.taken.sort_unstable();
        self.overrides.sort_unstable_by_key(|(id, source, day)| (*id, *source, day.range.from));
    }

    /// The number of a source's name.
    pub(crate) fn source(&mut self, name: &str) -> u16 {
        let known = self.sources.iter().position(|source| source == name).unwrap_or_else(|| {
            self.sources.push(name.to_owned());
            self.sources.len() - 1
        });
        u16::try_from(known).unwrap_or(u16::MAX)
    }

    /// The calendar of a listing from its own rows.
    fn days(&self, rows: &Rows, terms: &Terms) -> Days {
        let mut causes = Causes::default();
        for (_, taken) in &self.taken[rows.taken.clone()] {
            match taken {
                Taken::Block(range) => causes.blocks.push(*range),
                Taken::Stay(held) => causes.stays.push(*held),
            }
        }
        let rows = &self.overrides[rows.overrides.clone()];
        let by_source = rows.chunk_by(|a, b| a.1 == b.1).map(|rows| (self.sources[usize::from(rows[0].1)].as_str(), rows.iter().map(|row| row.2).collect()));
        Days::new(terms, &causes, lay(by_source.collect()))
    }

    /// The rows of each listing of a list sorted by id.
    fn rows(&self, listings: &[Facts]) -> Vec<Rows> {
        let (mut taken, mut overrides) = (0, 0);
        listings
            .iter()
            .map(|facts| Rows {
                taken: stretch(&self.taken, &mut taken, facts.id, |row| row.0),
                overrides: stretch(&self.overrides, &mut overrides, facts.id, |row| row.0),
            })
            .collect()
    }
}

/// Where the rows of one listing are.
struct Rows {
    taken: Range<usize>,
    overrides: Range<usize>,
}

/// The stretch of rows of `id`, going on from where the listing before it ended.
fn stretch<T>(rows: &[T], at: &mut usize, id: ListingId, of: impl Fn(&T) -> ListingId) -> Range<usize> {
    while rows.get(*at).is_some_and(|row| of(row) < id) {
        *at += 1;
    }
    let from = *at;
    while rows.get(*at).is_some_and(|row| of(row) == id) {
        *at += 1;
    }
    from..*at
}

/// Makes the corpus of `listings` with sorted `calendars`. Nights before `base` are forgotten; `fields` are those that homes are filtered by.
pub(crate) fn corpus(mut listings: Vec<Facts>, calendars: &Calendars, base: Night, fields: SearchableFields) -> Corpus {
    let mut corpus = Corpus::empty(base, listings.len());
    corpus.customs = Customs::new(fields, corpus.room());
    listings.sort_unstable_by_key(|facts| facts.id);
    let rows = calendars.rows(&listings);
    let mut order: Vec<(u64, ListingId, u32)> = (0..).zip(&listings).map(|(n, facts)| (code(Point { lat: facts.lat, lng: facts.lng }), facts.id, n)).collect();
    order.sort_unstable();
    let mut listings: Vec<Option<Facts>> = listings.into_iter().map(Some).collect();
    for (_, _, place) in order {
        if let Some(facts) = listings[place as usize].take() {
            let days = calendars.days(&rows[place as usize], &facts.terms);
            corpus.put(Entry { facts, days });
        }
    }
    corpus.mark_sorted();
    corpus.rank();
    corpus
}
