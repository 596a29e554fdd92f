//! Makes a corpus of all listings at once.

use super::area::{Point, code};
use super::corpus::Corpus;
use super::listing::{Entry, Facts};
use crate::features::calendar::rules::{Causes, DayOverride, Days, Terms, lay};
use crate::values::{ListingId, Night, NightRange};

/// The calendars of all listings, each row with the place of its listing in the order of loading.
#[derive(Debug, Default)]
pub(crate) struct Calendars {
    pub taken: Vec<(u32, Taken)>,
    pub overrides: Vec<(u32, u16, DayOverride)>,
    /// The names behind the numbers of `overrides.1`.
    pub sources: Vec<String>,
}

/// A range that is taken, by whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Taken {
    Block(NightRange),
    Stay(NightRange),
}

impl Calendars {
    /// Brings the rows of each listing together.
    pub(crate) fn sort(&mut self) {
        self.taken.sort_unstable();
        self.overrides.sort_unstable_by_key(|(place, source, day)| (*place, *source, day.range.from));
    }

    /// The number of a source's name.
    pub(crate) fn source(&mut self, name: &str) -> u16 {
        let known = self.sources.iter().position(|source| source == name).unwrap_or_else(|| {
            self.sources.push(name.to_owned());
            self.sources.len() - 1
        });
        u16::try_from(known).unwrap_or(u16::MAX)
    }

    /// The calendar of the listing at `place`; [`Calendars::sort`] came before.
    fn days(&self, place: u32, terms: &Terms) -> Days {
        let mut causes = Causes::default();
        for (_, taken) in stretch(&self.taken, place, |row| row.0) {
            match taken {
                Taken::Block(range) => causes.blocks.push(*range),
                Taken::Stay(range) => causes.stays.push(*range),
            }
        }
        let rows = stretch(&self.overrides, place, |row| row.0);
        let by_source = rows.chunk_by(|a, b| a.1 == b.1).map(|rows| (self.sources[usize::from(rows[0].1)].as_str(), rows.iter().map(|row| row.2).collect()));
        Days::new(terms, &causes, lay(by_source.collect()))
    }
}

/// The rows of one place in rows sorted by place.
fn stretch<T>(rows: &[T], place: u32, of: impl Fn(&T) -> u32) -> &[T] {
    let from = rows.partition_point(|row| of(row) < place);
    let count = rows[from..].partition_point(|row| of(row) == place);
    &rows[from..from + count]
}

/// Makes the corpus of `listings` with sorted `calendars`. Nights before `base` are forgotten.
pub(crate) fn corpus(listings: Vec<Facts>, calendars: &Calendars, base: Night) -> Corpus {
    let mut corpus = Corpus::empty(base, listings.len());
    let mut order: Vec<(u64, ListingId, u32)> = (0..).zip(&listings).map(|(n, facts)| (code(Point { lat: facts.lat, lng: facts.lng }), facts.id, n)).collect();
    order.sort_unstable();
    let mut listings: Vec<Option<Facts>> = listings.into_iter().map(Some).collect();
    for (_, _, place) in order {
        if let Some(facts) = listings[place as usize].take() {
            let days = calendars.days(place, &facts.terms);
            corpus.put(Entry { facts, days });
        }
    }
    corpus.mark_sorted();
    corpus.rank();
    corpus
}
