//! Counts over all matches: what a front end offers for narrowing further.

use super::corpus::Corpus;
use super::kernels;
use super::listing::RoomType;
use super::prices;
use super::rows::{BANDS_AT, BEDROOMS_AT, ROOMS_AT, Row};
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
const MATCH_COST: usize = 12;
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
        let tally = Tally::of(selection, &self.columns.rows, self.property_types.len());
        let counts = &tally.bits.counts;
        let amenities = counts.iter().zip(CATALOGUE).filter(|(count, _)| **count > 0);
        let mut amenities: Vec<(&'static str, usize)> = amenities.map(|(count, amenity)| (amenity.key, *count)).collect();
        most_first(&mut amenities);
        amenities.truncate(MOST_AMENITIES);
        Facets {
            room_types: RoomType::ALL.into_iter().zip(counts[ROOMS_AT..].iter().copied()).filter(|(_, n)| *n > 0).collect(),
            property_types: self.name_property_types(&tally.property_types),
            amenities,
            bedrooms: (0..=AtLeast::LEVELS).zip(counts[BEDROOMS_AT..].iter().copied()).filter(|(_, n)| *n > 0).collect(),
            prices: self.shared_currency(selection, total).map(|currency| Histogram::of(currency, &counts[BANDS_AT..BEDROOMS_AT])),
        }
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
            numbers[usize::from(self.columns.rows[ordinal as usize].property_type())] += 1;
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
}

impl Tally {
    fn of(selection: &Selection, rows: &[Row], property_types: usize) -> Self {
        let mut tally = Self { bits: BitCounts::new(), property_types: vec![0; property_types] };
        let mut batch = [0; BATCH];
        let mut waiting = 0;
        selection.for_each(|ordinal| {
            batch[waiting] = ordinal;
            waiting += 1;
            if waiting == BATCH {
                tally.add(&batch, rows);
                waiting = 0;
            }
        });
        tally.add(&batch[..waiting], rows);
        tally.bits.flush();
        tally
    }

    fn add(&mut self, ordinals: &[u32], rows: &[Row]) {
        // Reading all rows before anything is done with them keeps as many of them as possible on their way from memory.
        let mut types = [0; BATCH];
        for (property_type, ordinal) in types.iter_mut().zip(ordinals) {
            *property_type = rows[*ordinal as usize].property_type();
        }
        for property_type in &types[..ordinals.len()] {
            self.property_types[usize::from(*property_type)] += 1;
        }
        kernels::run(AddRows { ordinals, rows, bits: &mut self.bits });
    }
}

/// Counts the bits of the rows of `ordinals`.
struct AddRows<'a> {
    ordinals: &'a [u32],
    rows: &'a [Row],
    bits: &'a mut BitCounts,
}

impl NullaryFnOnce for AddRows<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (sixteens, rest) = self.ordinals.as_chunks::<16>();
        for ordinals in sixteens {
            self.bits.add_16(|i| self.rows[ordinals[i] as usize].0);
        }
        for ordinal in rest {
            self.bits.add(self.rows[*ordinal as usize].0);
        }
    }
}

/// Matches whose rows are counted at once.
const BATCH: usize = 256;

#[cfg(test)]
mod tests {
    use super::super::bits::Bitmap;
    use super::super::testing::town;
    use super::*;

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
}
