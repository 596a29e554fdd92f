//! Puts matches in order and cuts out a page.
//!
//! Every order is a number per listing that ascends along the answer, with the id behind it, so a page ends at a
//! place that means the same tomorrow: a cursor is that number and that id, never a count of rows.

use super::area::{Area, Point, distance_km};
use super::corpus::Corpus;
use super::filter::Matches;
use super::query::{After, Query, Sort};
use super::text::hits::MOST_WEIGHT;
use crate::values::ListingId;
use std::collections::BinaryHeap;

/// The page's listings in order, and where the next page begins after.
pub(super) struct Page {
    pub ordinals: Vec<u32>,
    pub next: Option<After>,
}

/// The best so far: as many as the page needs and one more, which tells whether there is a next page.
struct Best {
    room: usize,
    after: Option<After>,
    heap: BinaryHeap<(i64, ListingId, u32)>,
}

impl Best {
    /// Whether a listing with a key of at least `key` can still make the page.
    fn wants(&self, key: i64) -> bool {
        self.heap.len() < self.room || self.heap.peek().is_some_and(|worst| key <= worst.0)
    }

    fn offer(&mut self, key: i64, id: ListingId, ordinal: u32) {
        if !self.wants(key) || self.after.is_some_and(|after| After { key, id } <= after) {
            return;
        }
        self.heap.push((key, id, ordinal));
        if self.heap.len() > self.room {
            self.heap.pop();
        }
    }

    fn page(self) -> Page {
        let limit = self.room - 1;
        let mut sorted = self.heap.into_sorted_vec();
        let more = sorted.len() > limit;
        sorted.truncate(limit);
        let next = sorted.last().filter(|_| more).map(|(key, id, _)| After { key: *key, id: *id });
        Page { ordinals: sorted.into_iter().map(|(_, _, ordinal)| ordinal).collect(), next }
    }
}

impl Corpus {
    /// The page of `matches` (of which there are `total`) that `query` asks for.
    pub(super) fn page(&self, query: &Query, matches: &Matches, total: usize) -> Page {
        let mut best = Best { room: query.limit + 1, after: query.after, heap: BinaryHeap::with_capacity(query.limit + 2) };
        if query.sort == Sort::Relevance && matches.words.is_empty() && self.ranking_pays(total, query) {
            self.walk_ranking(matches, &mut best);
        } else {
            let most_weight = i64::try_from(matches.words.len()).map_or(i64::MAX, |words| (words * MOST_WEIGHT).max(1));
            let key = Keys { corpus: self, query, matches, centre: centre(query), most_weight };
            for ordinal in matches.selection.iter() {
                if best.wants(key.least(ordinal)) {
                    best.offer(key.of(ordinal), self.columns.ids[ordinal as usize], ordinal);
                }
            }
        }
        best.page()
    }

    /// Whether walking all listings best first finds a page sooner than looking at every match.
    fn ranking_pays(&self, total: usize, query: &Query) -> bool {
        let fits = query.after.is_none() || self.unranked.is_empty();
        fits && total.saturating_mul(total) > self.ranking.len().saturating_mul(query.limit)
    }

    fn walk_ranking(&self, matches: &Matches, best: &mut Best) {
        let key = |ordinal: u32| -i64::from(self.columns.quality[ordinal as usize]);
        let id = |ordinal: u32| self.columns.ids[ordinal as usize];
        for ordinal in self.unranked.iter().filter(|n| matches.selection.contains(*n)) {
            best.offer(key(ordinal), id(ordinal), ordinal);
        }
        let begin = best.after.map_or(0, |after| self.ranking.partition_point(|n| After { key: key(*n), id: id(*n) } <= after));
        // Those out of rank are skipped first: their key of today says nothing about those behind them.
        for ordinal in self.ranking[begin..].iter().copied().filter(|n| !self.unranked.contains(*n)) {
            if !best.wants(key(ordinal)) {
                break;
            }
            if matches.selection.contains(ordinal) {
                best.offer(key(ordinal), id(ordinal), ordinal);
            }
        }
    }
}

fn centre(query: &Query) -> Option<Point> {
    match query.area {
        Some(Area::Circle { centre, .. }) => Some(centre),
        _ => None,
    }
}

/// The sort keys of one question.
struct Keys<'a> {
    corpus: &'a Corpus,
    query: &'a Query,
    matches: &'a Matches,
    centre: Option<Point>,
    /// The most that all words together can count.
    most_weight: i64,
}

impl Keys<'_> {
    /// A number that the key is not below, cheap to get.
    fn least(&self, ordinal: u32) -> i64 {
        let place = ordinal as usize;
        match (self.query.sort, self.query.stay) {
            (Sort::Cheapest, Some(stay)) => self.corpus.columns.price_bounds[place].0.saturating_mul(stay.nights().into()),
            (Sort::Dearest, Some(stay)) => -self.corpus.columns.price_bounds[place].1.saturating_mul(stay.nights().into()),
            (Sort::Relevance, _) => -i64::from(self.corpus.columns.quality[place]).saturating_mul(self.most_weight),
            _ => self.of(ordinal),
        }
    }

    fn of(&self, ordinal: u32) -> i64 {
        let columns = &self.corpus.columns;
        let place = ordinal as usize;
        match self.query.sort {
            Sort::Relevance => -self.relevance(ordinal),
            Sort::Cheapest => self.price(ordinal),
            Sort::Dearest => -self.price(ordinal),
            Sort::Rating => -(i64::from(columns.rating[place]) << 32 | i64::from(columns.reviews[place])),
            Sort::Nearest => self.centre.map_or(0, |centre| millimetres(distance_km(centre, columns.points[place]))),
            Sort::Newest => columns.created[place].0.saturating_neg(),
        }
    }

    /// Quality, times how much the words count where they stand.
    fn relevance(&self, ordinal: u32) -> i64 {
        let quality = i64::from(self.corpus.columns.quality[ordinal as usize]);
        if self.matches.words.is_empty() {
            return quality;
        }
        let weight: u64 = self.matches.words.iter().map(|word| word.weight(ordinal)).sum();
        quality.saturating_mul(i64::try_from(weight).unwrap_or(i64::MAX))
    }

    fn price(&self, ordinal: u32) -> i64 {
        match self.query.stay {
            Some(stay) => self.corpus.stay_price(ordinal, stay).total,
            None => self.corpus.columns.prices[ordinal as usize],
        }
    }
}

/// Distances are compared in whole millimetres, so that a cursor can hold them exactly.
#[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a distance on the map; the cast saturates")]
fn millimetres(km: f64) -> i64 {
    (km * 1_000_000.0).round() as i64
}
