//! Counts over all matches: what a front end offers for narrowing further.

use super::corpus::Corpus;
use super::kernels;
use super::listing::RoomType;
use super::prices::{self, BOUNDS};
use super::rows::{MANY_TYPES, MARKS, Mark, PLACES, Row};
use super::selection::Selection;
use super::sets::AtLeast;
use super::tally::BitCounts;
use crate::features::listings::amenities::CATALOGUE;
use crate::values::Currency;
use pulp::NullaryFnOnce;
use std::cmp::Reverse;

/// How many amenities are counted out.
const MOST_AMENITIES: usize = 40;

/// Every list leaves out what nobody has.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facets {
    pub room_types: Vec<(RoomType, usize)>,
    /// Slug and count, most first.
    pub property_types: Vec<(String, usize)>,
    /// Catalogue key and count, the 40 most frequent, most first.
    pub amenities: Vec<(&'static str, usize)>,
    /// Number of bedrooms and count; the last number stands for itself and more.
    pub bedrooms: Vec<(u8, usize)>,
    /// Bands of the base price, when all matches share a currency.
    pub prices: Option<Histogram>,
}

/// How many matches lie in each price band.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    pub currency: Currency,
    /// From (included), to (excluded; none for the last), count; minor units of a night.
    pub bands: Vec<(i64, Option<i64>, usize)>,
}

/// What looking at one match costs, and what looking at one word (and at the start of one stretch) of all bitmaps
/// costs, in nanoseconds with a million listings: both wait for memory.
const MATCH_COST: usize = 5;
const WORD_COST: usize = 80;
const STRETCH_COST: usize = 900;

impl Corpus {
    pub(super) fn facets(&self, selection: &Selection, total: usize) -> Facets {
        if total == 0 {
            return Facets::default();
        }
        if total * MATCH_COST < selection.words() * WORD_COST + selection.stretches() * STRETCH_COST {
            self.facets_by_match(selection, total)
        } else {
            self.facets_by_set(selection, total)
        }
    }

    /// Counts by going through the matches: for few of them, spread wide.
    fn facets_by_match(&self, selection: &Selection, total: usize) -> Facets {
        let tally = Tally::of(selection, self);
        let (mut rooms, mut bands, mut bedrooms) = ([0; RoomType::ALL.len()], [0; BOUNDS.len() + 1], [0; AtLeast::LEVELS as usize + 1]);
        for (number, count) in tally.marks.iter().enumerate().filter(|(_, count)| **count > 0) {
            let mark = Mark::of_number(number);
            rooms[mark.room_type] += count;
            bands[mark.price_band] += count;
            if let Some(n) = mark.bedrooms {
                bedrooms[usize::from(n)] += count;
            }
        }
        Facets {
            room_types: RoomType::ALL.into_iter().zip(rooms).filter(|(_, n)| *n > 0).collect(),
            property_types: self.name_property_types(&tally.property_types),
            amenities: self.name_amenities(&tally, selection),
            bedrooms: (0..).zip(bedrooms).filter(|(_, n)| *n > 0).collect(),
            prices: self.shared_currency(selection, total).map(|currency| Histogram::of(currency, &bands)),
        }
    }

    /// The most frequent amenities: those with a place in the rows, and of the others those that so many listings have at all.
    fn name_amenities(&self, tally: &Tally, selection: &Selection) -> Vec<(&'static str, usize)> {
        let seated = self.rows.order().enumerate().map(|(place, amenity)| (CATALOGUE[amenity].key, tally.having(place)));
        let mut counts: Vec<(&'static str, usize)> = seated.filter(|(_, count)| *count > 0).collect();
        most_first(&mut counts);
        counts.truncate(MOST_AMENITIES);
        let least = counts.get(MOST_AMENITIES - 1).map_or(1, |(_, count)| *count);
        let possible: Vec<usize> = self.rows.rest().filter(|amenity| self.amenity_counts.get(*amenity).is_some_and(|have| *have as usize >= least)).collect();
        if possible.is_empty() {
            return counts;
        }
        let mut numbers = vec![0; possible.len()];
        selection.for_each(|ordinal| {
            if self.rows.rows()[ordinal as usize].has_rest() {
                for (number, amenity) in numbers.iter_mut().zip(&possible) {
                    *number += usize::from(self.amenities[*amenity].contains(ordinal));
                }
            }
        });
        counts.extend(possible.iter().zip(numbers).filter(|(_, count)| *count > 0).map(|(amenity, count)| (CATALOGUE[*amenity].key, count)));
        most_first(&mut counts);
        counts.truncate(MOST_AMENITIES);
        counts
    }

    /// Counts by going through the bitmaps: for many matches, close together.
    fn facets_by_set(&self, selection: &Selection, total: usize) -> Facets {
        Facets {
            room_types: RoomType::ALL.into_iter().map(|room| (room, selection.count_and(&self.room_types[room as usize]))).filter(|(_, n)| *n > 0).collect(),
            property_types: self.count_property_types(selection),
            amenities: self.count_amenities(selection),
            bedrooms: self.count_bedrooms(selection),
            prices: self.histogram(selection, total),
        }
    }

    /// The common types by their bitmaps, the others listing by listing: those are few.
    fn count_property_types(&self, selection: &Selection) -> Vec<(String, usize)> {
        let mut numbers = vec![0; self.property_types.len()];
        for common in &self.common_types {
            numbers[usize::from(*common)] = selection.count_and(&self.property_types[usize::from(*common)]);
        }
        for ordinal in selection.iter_and(&self.rare_types) {
            numbers[usize::from(self.columns.property_types[ordinal as usize])] += 1;
        }
        self.name_property_types(&numbers)
    }

    fn name_property_types(&self, numbers: &[usize]) -> Vec<(String, usize)> {
        let named = (0..).zip(numbers).filter(|(_, count)| **count > 0).map(|(n, count)| (self.property_names.word(n).to_owned(), *count));
        let mut counts: Vec<(String, usize)> = named.collect();
        most_first(&mut counts);
        counts
    }

    /// Commonest first: once 40 are counted, an amenity that fewer listings have at all cannot be among the first 40.
    fn count_amenities(&self, selection: &Selection) -> Vec<(&'static str, usize)> {
        let mut counts: Vec<(&'static str, usize)> = Vec::new();
        let mut threshold = 0;
        for number in common_first(&self.amenity_counts) {
            if counts.len() >= MOST_AMENITIES && (self.amenity_counts[number] as usize) < threshold {
                break;
            }
            let count = selection.count_and(&self.amenities[number]);
            if count > 0 {
                counts.push((CATALOGUE[number].key, count));
            }
            if counts.len() >= MOST_AMENITIES {
                most_first(&mut counts);
                counts.truncate(MOST_AMENITIES);
                threshold = counts[MOST_AMENITIES - 1].1;
            }
        }
        most_first(&mut counts);
        counts
    }

    fn count_bedrooms(&self, selection: &Selection) -> Vec<(u8, usize)> {
        let at_least =
            |n: u8| if n == 0 { selection.count_and(&self.bedrooms_known) } else { self.bedrooms.level(n).map_or(0, |map| selection.count_and(map)) };
        let mut counts = Vec::new();
        let mut here = at_least(0);
        for n in 0..=AtLeast::LEVELS {
            let above = if n == AtLeast::LEVELS || here == 0 { 0 } else { at_least(n + 1) };
            if here > above {
                counts.push((n, here - above));
            }
            here = above;
        }
        counts
    }

    fn histogram(&self, selection: &Selection, total: usize) -> Option<Histogram> {
        let counts = || self.bands.iter().map(|map| selection.count_and(map)).collect::<Vec<_>>();
        self.shared_currency(selection, total).map(|currency| Histogram::of(currency, &counts()))
    }

    /// The currency of all matches, if it is one.
    fn shared_currency(&self, selection: &Selection, total: usize) -> Option<Currency> {
        let only = self.currency_list.len() == 1;
        self.currency_list.iter().zip(&self.currencies).find(|(_, map)| only || selection.count_and(map) == total).map(|(currency, _)| *currency)
    }
}

impl Histogram {
    fn of(currency: Currency, counts: &[usize]) -> Self {
        let band = |(n, count): (usize, &usize)| {
            let (from, to) = prices::edges(n, currency);
            (from, to, *count)
        };
        Self { currency, bands: counts.iter().enumerate().map(band).collect() }
    }
}

fn common_first(counts: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_unstable_by_key(|n| Reverse(counts[*n]));
    order
}

fn most_first<T: Ord>(counts: &mut [(T, usize)]) {
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
}

/// Counts of the rows of all matches.
struct Tally {
    bits: BitCounts,
    property_types: Vec<usize>,
    /// By the number of the mark.
    marks: Vec<usize>,
}

impl Tally {
    fn of(selection: &Selection, corpus: &Corpus) -> Self {
        let types = corpus.property_types.len();
        let mut tally = Self { bits: BitCounts::new(), property_types: vec![0; types.max(MANY_TYPES + 1)], marks: vec![0; MARKS] };
        let mut batch = [0; BATCH];
        let mut waiting = 0;
        selection.for_each(|ordinal| {
            batch[waiting] = ordinal;
            waiting += 1;
            if waiting == BATCH {
                tally.add(&batch, corpus.rows.rows());
                waiting = 0;
            }
        });
        tally.add(&batch[..waiting], corpus.rows.rows());
        tally.bits.flush();
        if types > MANY_TYPES {
            tally.tell_types_apart(selection, corpus);
        }
        tally.property_types.truncate(types);
        tally
    }

    fn add(&mut self, ordinals: &[u32], rows: &[Row]) {
        // Reading all rows before anything is done with them keeps as many of them as possible on their way from memory.
        let mut read = [Row::default(); BATCH];
        for (row, ordinal) in read.iter_mut().zip(ordinals) {
            *row = rows[*ordinal as usize];
        }
        let read = &read[..ordinals.len()];
        for row in read {
            self.property_types[row.property_type()] += 1;
            self.marks[row.mark()] += 1;
        }
        kernels::run(AddRows { rows: read, bits: &mut self.bits });
    }

    /// Property types that share a number in the rows are counted from their column.
    fn tell_types_apart(&mut self, selection: &Selection, corpus: &Corpus) {
        self.property_types[MANY_TYPES] = 0;
        selection.for_each(|ordinal| {
            let property_type = usize::from(corpus.columns.property_types[ordinal as usize]);
            if property_type >= MANY_TYPES {
                self.property_types[property_type] += 1;
            }
        });
    }

    /// How many have the amenity at a place: two rows were counted side by side.
    fn having(&self, place: usize) -> usize {
        self.bits.counts[place] + self.bits.counts[128 + place]
    }
}

/// Counts the bits of rows, two side by side.
struct AddRows<'a> {
    rows: &'a [Row],
    bits: &'a mut BitCounts,
}

impl NullaryFnOnce for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (many, rest) = self.rows.as_chunks::<32>();
        for rows in many {
            self.bits.add_16(|i| side_by_side(rows[2 * i], rows[2 * i + 1]));
        }
        for pair in rest.chunks(2) {
            self.bits.add(side_by_side(pair[0], pair.get(1).copied().unwrap_or_default()));
        }
    }
}

#[inline(always)]
fn side_by_side(a: Row, b: Row) -> [u64; 4] {
    [a.0[0], a.0[1], b.0[0], b.0[1]]
}

const _: () = assert!(PLACES <= 128, "the counts of the second row begin at 128");

/// Matches whose rows are counted at once.
const BATCH: usize = 256;

#[cfg(test)]
mod tests {
    use super::super::bits::Bitmap;
    use super::super::build::{self, Calendars};
    use super::super::testing::{facts, town};
    use super::*;
    use crate::values::Night;

    #[test]
    fn both_ways_of_counting_agree() {
        for (seed, share) in [(1, 1), (2, 3), (3, 50), (4, 400)] {
            let corpus = town(seed, 3_000);
            let mut chosen = Bitmap::default();
            (0..3_000).filter(|n| n * 7 % share == 0).for_each(|n| chosen.insert(n));
            let selection = Selection::everything(&chosen);
            let total = selection.count();
            assert!(total > 0);
            assert_eq!(corpus.facets_by_match(&selection, total), corpus.facets_by_set(&selection, total));
        }
    }

    #[test]
    fn many_property_types_are_told_apart() {
        let mut facts = facts(5, 3_000);
        for (n, facts) in facts.iter_mut().enumerate() {
            facts.property_type = format!("type_{}", n % 1_300).into();
        }
        let corpus = build::corpus(facts, &Calendars::default(), Night(20_000), crate::features::listings::SearchableFields::default());
        let selection = Selection::everything(&corpus.live);
        let counted = corpus.facets_by_match(&selection, 3_000);
        assert_eq!((counted.property_types.len(), counted.property_types[0].1, counted.property_types[1_299].1), (1_300, 3, 2));
        assert_eq!(counted, corpus.facets_by_set(&selection, 3_000));
    }
}
