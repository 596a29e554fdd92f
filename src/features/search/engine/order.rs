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

/// Walking the ranking pays when at least one listing in so many matches …
const WALK_SHARE: usize = 16;
/// … and is given up after this share of all listings.
const WALK_LIMIT: usize = 32;

impl Corpus {
    /// The page of `matches` (of which there are `total`) that `query` asks for.
    pub(super) fn page(&self, query: &Query, matches: &Matches, total: usize) -> Page {
        let keys = Keys::new(self, query, matches);
        let fresh = || Best { room: query.limit + 1, after: query.after, heap: BinaryHeap::with_capacity(query.limit + 2) };
        let by_quality = query.sort == Sort::Relevance && (query.after.is_none() || matches.words.is_empty() && self.unranked.is_empty());
        if by_quality && total.saturating_mul(WALK_SHARE) > self.ranking.len() {
            let mut best = fresh();
            if self.walk_ranking(&keys, &mut best) {
                return best.page();
            }
        }
        let mut best = fresh();
        for ordinal in matches.selection.iter() {
            if best.wants(keys.least(ordinal)) {
                best.offer(keys.of(ordinal), self.columns.ids[ordinal as usize], ordinal);
            }
        }
        best.page()
    }

    /// Goes through all listings, best quality first, until no later one can make the page; answers whether that point
    /// was reached in reasonable time.
    ///
    /// Listings that have a word in a zone where few have it may count more than others of their quality: they are
    /// offered first, so that all others can be bounded tightly.
    fn walk_ranking(&self, keys: &Keys<'_>, best: &mut Best) -> bool {
        let (matches, id) = (keys.matches, |ordinal: u32| self.columns.ids[ordinal as usize]);
        let zones = || matches.words.iter().flat_map(|word| [&word.title, &word.place]).filter_map(|hits| hits.few());
        let mut apart: Vec<u32> = zones().flatten().copied().chain(self.unranked.iter()).filter(|n| matches.selection.contains(*n)).collect();
        apart.sort_unstable();
        apart.dedup();
        for ordinal in &apart {
            best.offer(keys.of(*ordinal), id(*ordinal), *ordinal);
        }
        let most: i64 = matches.words.iter().map(|word| word.usual_most()).sum::<i64>().max(1);
        let quality = |ordinal: u32| i64::from(self.columns.quality[ordinal as usize]);
        let begin = best.after.map_or(0, |after| self.ranking.partition_point(|n| After { key: -quality(*n), id: id(*n) } <= after));
        // Whoever changed since the ranking was made stands in the wrong place in it, and was offered above.
        let ranked = self.ranking[begin..].iter().copied().filter(|n| !self.unranked.contains(*n));
        for (walked, ordinal) in ranked.enumerate() {
            if !best.wants(-quality(ordinal).saturating_mul(most)) {
                return true;
            }
            if walked * WALK_LIMIT > self.ranking.len() + 100_000 {
                return false;
            }
            if matches.selection.contains(ordinal) && apart.binary_search(&ordinal).is_err() {
                best.offer(keys.of(ordinal), id(ordinal), ordinal);
            }
        }
        true
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

impl<'a> Keys<'a> {
    fn new(corpus: &'a Corpus, query: &'a Query, matches: &'a Matches) -> Self {
        let words = i64::try_from(matches.words.len()).unwrap_or(i64::MAX);
        Self { corpus, query, matches, centre: centre(query), most_weight: words.saturating_mul(MOST_WEIGHT).max(1) }
    }

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

#[cfg(test)]
mod tests {
    use super::super::selection::Selection;
    use super::super::testing::{everything, town};
    use super::super::text::hits::{Gathering, WordHits};
    use super::*;
    use std::sync::Arc;

    /// Words that every listing has, most of them in the title or in the place, or nearly none.
    fn words(total: u32) -> Vec<Vec<Arc<WordHits>>> {
        let every = |step: usize, from: u32| {
            let mut found = Gathering::new(total);
            (from..total).step_by(step).for_each(|n| found.push(n));
            found.hits()
        };
        let word = |title, place| Arc::new(WordHits { anywhere: every(1, 0), title, place });
        vec![
            vec![],
            vec![word(every(3, 1), every(2, 0))],
            vec![word(every(500, 7), every(900, 3))],
            vec![word(every(2, 0), every(700, 1)), word(every(400, 9), every(3, 2))],
        ]
    }

    #[test]
    fn pages_are_the_sorted_list_cut_up_whichever_way_they_are_found() {
        for seed in [3, 4] {
            let mut corpus = town(seed, 2_000);
            for n in (0..2_000).step_by(97) {
                corpus.unranked.insert(n);
                corpus.columns.quality[n as usize] = 4_000_000 + n * 400;
            }
            for words in words(corpus.ordinals()) {
                for sort in [Sort::Relevance, Sort::Cheapest, Sort::Dearest, Sort::Rating, Sort::Newest] {
                    let mut query = Query { sort, limit: 37, ..everything() };
                    let matches = Matches { selection: Selection::everything(&corpus.live), words: words.clone() };
                    let keys = Keys::new(&corpus, &query, &matches);
                    let mut sorted: Vec<(i64, ListingId, u32)> = (0..2_000).map(|n| (keys.of(n), corpus.columns.ids[n as usize], n)).collect();
                    sorted.sort_unstable();
                    assert!(sorted.iter().all(|(key, _, n)| keys.least(*n) <= *key));
                    let mut found = Vec::new();
                    loop {
                        let page = corpus.page(&query, &matches, 2_000);
                        found.extend(page.ordinals);
                        query.after = page.next;
                        if query.after.is_none() {
                            break;
                        }
                    }
                    assert_eq!(found, sorted.iter().map(|(_, _, n)| *n).collect::<Vec<_>>(), "{sort:?}, {} words", words.len());
                }
            }
        }
    }
}
