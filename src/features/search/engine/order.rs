//! Puts matches in order and cuts out a page.
//!
//! Every order is a number per listing that ascends along the answer, with the id behind it, so a page ends at a
//! place that means the same tomorrow: a cursor is that number and that id, never a count of rows.

use super::area::{Area, Point, distance_km};
use super::corpus::Corpus;
use super::filter::Matches;
use super::possible::Costs;
use super::query::{After, Query, Sort};
use super::selection::Selection;
use super::slices::{Slices, rough};
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

    fn is_full(&self) -> bool {
        self.heap.len() == self.room
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
const WALK_SHARE: usize = 160;
/// … or in so many where words count, which may put those far down the ranking first …
const WALK_SHARE_WORDS: usize = 16;
/// … and is given up after this share of all listings.
const WALK_LIMIT: usize = 32;

/// Walking the prices pays with more matches than this.
const WALK_PRICES: usize = 1_000;

impl Corpus {
    /// The page of `matches` (of which there are `total`) that `query` asks for.
    pub(super) fn page(&self, query: &Query, matches: &Matches, total: usize) -> Page {
        let keys = Keys::new(self, query, matches);
        let fresh = || Best { room: query.limit + 1, after: query.after, heap: BinaryHeap::with_capacity(query.limit + 2) };
        let by_quality = query.sort == Sort::Relevance && (query.after.is_none() || matches.words.is_empty() && self.unranked.is_empty());
        let share = if matches.words.is_empty() { WALK_SHARE } else { WALK_SHARE_WORDS };
        if by_quality && total.saturating_mul(share) > self.ranking.len() {
            let mut best = fresh();
            if self.walk_ranking(&keys, &mut best) {
                return best.page();
            }
        }
        let mut best = fresh();
        if matches!(query.sort, Sort::Cheapest | Sort::Dearest) && total > WALK_PRICES {
            self.walk_prices(&keys, &mut best);
        } else {
            keys.offer_all(&matches.selection, &mut best);
        }
        best.page()
    }

    /// Offers matches from the end of the prices where the page begins, until no other can make it. The digits of
    /// rough prices tell who that can be, and the exact price of the stay decides.
    fn walk_prices(&self, keys: &Keys<'_>, best: &mut Best) {
        let walk = PriceWalk::of(keys);
        let mut open = keys.matches.selection.clone();
        if let Some(after) = best.after {
            walk.skip(after.key, &mut open);
        }
        let (mut wanted, mut offered, total) = (best.room, None, open.count());
        if total == 0 {
            return;
        }
        loop {
            let edge = if best.is_full() { walk.edge_of(best) } else { walk.edge(&open, wanted) };
            let last = best.is_full() || wanted >= total;
            let mut chosen = open.clone();
            walk.keep(&mut chosen, offered, edge);
            chosen.compact();
            keys.offer_all(&chosen, best);
            if last {
                return;
            }
            wanted = wanted.saturating_mul(4);
            offered = Some(edge);
        }
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

/// Rough prices in the order of a question: the bound that decides who may come next, and the one that decides who
/// must have come before.
struct PriceWalk<'a> {
    near: &'a Slices,
    far: &'a Slices,
    nights: i64,
    dearest: bool,
}

impl<'a> PriceWalk<'a> {
    fn of(keys: &Keys<'a>) -> Self {
        let prices = &keys.corpus.rough_prices;
        let dearest = keys.query.sort == Sort::Dearest;
        let (near, far) = match (keys.costs.dated(), dearest) {
            (false, _) => (&prices.base, &prices.base),
            (true, false) => (&prices.least, &prices.most),
            (true, true) => (&prices.most, &prices.least),
        };
        Self { near, far, nights: keys.costs.nights(), dearest }
    }

    /// Drops those that surely come before a page that begins after `key`.
    fn skip(&self, key: i64, open: &mut Selection) {
        if self.dearest {
            self.far.retain_within(open, 0, rough(key.saturating_neg().div_euclid(self.nights)));
        } else {
            self.far.retain_within(open, rough(key.div_euclid(self.nights)), u32::MAX);
        }
    }

    /// How far to go for so many of those that are left.
    fn edge(&self, open: &Selection, wanted: usize) -> u32 {
        if self.dearest { self.near.highest(open, wanted) } else { self.near.lowest(open, wanted) }
    }

    /// How far those go that can still be better than the worst of a full page.
    fn edge_of(&self, best: &Best) -> u32 {
        let worst = best.heap.peek().map_or(0, |worst| worst.0);
        let price = if self.dearest { worst.saturating_neg() } else { worst };
        rough(price.div_euclid(self.nights))
    }

    /// Keeps those up to `edge` and behind `offered`.
    fn keep(&self, chosen: &mut Selection, offered: Option<u32>, edge: u32) {
        match (self.dearest, offered) {
            (true, Some(0)) => chosen.clear(),
            (true, Some(offered)) => self.near.retain_within(chosen, edge, offered - 1),
            (true, None) => self.near.retain_within(chosen, edge, u32::MAX),
            (false, _) => self.near.retain_within(chosen, offered.map_or(0, |offered| offered + 1), edge),
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
    costs: Costs<'a>,
    centre: Option<Point>,
    /// The most that all words together can count.
    most_weight: i64,
}

impl<'a> Keys<'a> {
    fn new(corpus: &'a Corpus, query: &'a Query, matches: &'a Matches) -> Self {
        let words = i64::try_from(matches.words.len()).unwrap_or(i64::MAX);
        Self { corpus, query, matches, costs: corpus.costs(query), centre: centre(query), most_weight: words.saturating_mul(MOST_WEIGHT).max(1) }
    }

    fn offer_all(&self, selection: &Selection, best: &mut Best) {
        selection.for_each(|ordinal| {
            if best.wants(self.least(ordinal)) {
                best.offer(self.of(ordinal), self.corpus.columns.ids[ordinal as usize], ordinal);
            }
        });
    }

    /// A number that the key is not below, cheap to get.
    fn least(&self, ordinal: u32) -> i64 {
        let place = ordinal as usize;
        match (self.query.sort, self.costs.dated()) {
            (Sort::Cheapest, true) => self.corpus.columns.price_bounds[place].0.saturating_mul(self.costs.nights()),
            (Sort::Dearest, true) => -self.corpus.columns.price_bounds[place].1.saturating_mul(self.costs.nights()),
            (Sort::Relevance, _) => -i64::from(self.corpus.columns.quality[place]).saturating_mul(self.most_weight),
            // The most reviews there could be.
            (Sort::Rating, _) => -(i64::from(self.corpus.columns.rating[place]) << 32 | i64::from(u32::MAX)),
            _ => self.of(ordinal),
        }
    }

    fn of(&self, ordinal: u32) -> i64 {
        let columns = &self.corpus.columns;
        let place = ordinal as usize;
        match self.query.sort {
            Sort::Relevance => -self.relevance(ordinal),
            Sort::Cheapest => self.costs.shown(ordinal),
            Sort::Dearest => -self.costs.shown(ordinal),
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
}

/// Distances are compared in whole millimetres, so that a cursor can hold them exactly.
#[expect(clippy::float_arithmetic, clippy::cast_possible_truncation, reason = "a distance on the map; the cast saturates")]
fn millimetres(km: f64) -> i64 {
    (km * 1_000_000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::super::dates::Dates;
    use super::super::selection::Selection;
    use super::super::testing::{everything, town, vary_prices};
    use super::super::text::hits::{Gathering, WordHits};
    use super::*;
    use crate::values::{Night, Stay};
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

    /// All pages of `query`, held against the sorted list of everything that matches.
    fn expect_sorted_pages(corpus: &Corpus, query: &Query, matches: &Matches, what: &str) {
        let mut query = query.clone();
        let keys = Keys::new(corpus, &query, matches);
        let mut sorted: Vec<(i64, ListingId, u32)> = matches.selection.iter().map(|n| (keys.of(n), corpus.columns.ids[n as usize], n)).collect();
        sorted.sort_unstable();
        assert!(sorted.iter().all(|(key, _, n)| keys.least(*n) <= *key), "{what}");
        let mut found = Vec::new();
        loop {
            let page = corpus.page(&query, matches, sorted.len());
            found.extend(page.ordinals);
            query.after = page.next;
            if query.after.is_none() {
                break;
            }
        }
        assert_eq!(found, sorted.iter().map(|(_, _, n)| *n).collect::<Vec<_>>(), "{what}");
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
                    let matches = Matches { selection: Selection::everything(&corpus.live), words: words.clone() };
                    expect_sorted_pages(&corpus, &Query { sort, limit: 37, ..everything() }, &matches, &format!("{sort:?}, {} words", words.len()));
                }
            }
        }
    }

    #[test]
    fn stays_are_sorted_by_what_they_cost_though_nights_have_prices_of_their_own() {
        for (seed, share) in [(5, 1), (6, 2), (7, 40)] {
            let mut corpus = town(seed, 2_500);
            vary_prices(&mut corpus, share);
            let stay = Stay::new(Night(20_003), Night(20_006)).unwrap();
            for (sort, stay) in [(Sort::Cheapest, Some(stay)), (Sort::Dearest, Some(stay)), (Sort::Cheapest, None), (Sort::Dearest, None)] {
                let dates = stay.map(Dates::Fixed);
                let mut selection = Selection::everything(&corpus.live);
                selection.retain(|n| n % 11 != 0);
                let matches = Matches { selection, words: vec![] };
                expect_sorted_pages(&corpus, &Query { sort, dates, limit: 100, ..everything() }, &matches, &format!("{sort:?}, one in {share}"));
            }
        }
    }
}
