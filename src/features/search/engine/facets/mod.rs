//! Counts over all matches: what a front end offers for narrowing further.

#[cfg(test)]
mod tests;

use super::bits::Bitmap;
use super::bundles::Bundle;
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

/// How many amenities are counted out.
const MOST_AMENITIES: usize = 40;
/// Up to so many bedrooms are counted by their bitmaps.
const USUAL_BEDROOMS: usize = 6;

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
const WORD_COST: usize = 16;
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
        let mut top = Top::default();
        top.add(self.rows.order().enumerate().map(|(place, amenity)| (amenity, tally.having(place))));
        // None of the others has more matches than there are with any of them.
        if tally.having(PLACES) < top.least() {
            return top.0;
        }
        let possible: Vec<usize> = self.rows.rest().filter(|amenity| self.may_reach(&top, *amenity)).collect();
        if possible.is_empty() {
            return top.0;
        }
        let mut numbers = vec![0; possible.len()];
        selection.for_each(|ordinal| {
            if self.rows.rows()[ordinal as usize].has_rest() {
                for (number, amenity) in numbers.iter_mut().zip(&possible) {
                    *number += usize::from(self.amenities[*amenity].contains(ordinal));
                }
            }
        });
        top.add(possible.into_iter().zip(numbers));
        top.0
    }

    /// Whether so many listings have an amenity at all that it may be among the most frequent.
    fn may_reach(&self, top: &Top, amenity: usize) -> bool {
        self.amenity_counts.get(amenity).is_some_and(|have| *have as usize >= top.least())
    }

    /// Counts by going through the bitmaps: for many matches, close together.
    fn facets_by_set(&self, selection: &Selection, total: usize) -> Facets {
        let rooms = count_kinds(selection, &self.room_types, total);
        Facets {
            room_types: RoomType::ALL.into_iter().zip(rooms).filter(|(_, n)| *n > 0).collect(),
            property_types: self.count_property_types(selection),
            amenities: self.count_amenities(selection),
            bedrooms: self.count_bedrooms(selection),
            prices: self.histogram(selection, total),
        }
    }

    /// The common types by their bitmaps, the others listing by listing: those are few.
    fn count_property_types(&self, selection: &Selection) -> Vec<(String, usize)> {
        let mut numbers = vec![0; self.property_types.len()];
        let common: Vec<&Bitmap> = self.common_types.iter().map(|common| &self.property_types[usize::from(*common)]).collect();
        for (common, count) in self.common_types.iter().zip(selection.count_each(&common)) {
            numbers[usize::from(*common)] = count;
        }
        let column = &self.columns.property_types;
        selection.each_value(&self.rare_types, column, |property_type| numbers[usize::from(property_type)] += 1);
        self.name_property_types(&numbers)
    }

    fn name_property_types(&self, numbers: &[usize]) -> Vec<(String, usize)> {
        let named = (0..).zip(numbers).filter(|(_, count)| **count > 0).map(|(n, count)| (self.property_names.word(n).to_owned(), *count));
        let mut counts: Vec<(String, usize)> = named.collect();
        most_first(&mut counts);
        counts
    }

    /// Commonest first: once 40 are counted, an amenity that fewer listings have at all cannot be among the first 40, nor one of a
    /// bundle that fewer matches are in.
    fn count_amenities(&self, selection: &Selection) -> Vec<(&'static str, usize)> {
        let mut top = Top::default();
        let count = |top: &mut Top, amenities: &mut dyn Iterator<Item = usize>| {
            let possible: Vec<usize> = amenities.filter(|amenity| self.may_reach(top, *amenity)).collect();
            let sets: Vec<&Bitmap> = possible.iter().map(|amenity| &self.amenities[*amenity]).collect();
            top.add(possible.into_iter().zip(selection.count_each(&sets)));
        };
        let (commonest, others) = self.bundles.alone.split_at(self.bundles.alone.len().min(MOST_AMENITIES));
        count(&mut top, &mut commonest.iter().copied());
        count(&mut top, &mut others.iter().copied());
        let possible = |bundle: &&Bundle| bundle.amenities.iter().any(|amenity| self.may_reach(&top, *amenity));
        let bundles: Vec<&Bundle> = self.bundles.bundles.iter().filter(possible).collect();
        let counts = selection.count_each(&bundles.iter().map(|bundle| &bundle.set).collect::<Vec<_>>());
        for (bundle, most) in bundles.iter().zip(counts) {
            if most >= top.least() {
                count(&mut top, &mut bundle.amenities.iter().copied());
            }
        }
        top.0
    }

    /// The usual numbers by their bitmaps, more bedrooms listing by listing: those are few.
    fn count_bedrooms(&self, selection: &Selection) -> Vec<(u8, usize)> {
        let (usual, many) = self.bedrooms.levels().split_at(self.bedrooms.levels().len().min(USUAL_BEDROOMS));
        let levels: Vec<&Bitmap> = std::iter::once(&self.bedrooms_known).chain(usual).collect();
        let mut counts = selection.count_each(&levels);
        counts.resize(AtLeast::LEVELS as usize + 1, 0);
        if let Some(many) = many.first() {
            selection.each_value(many, &self.columns.bedrooms, |bedrooms| {
                counts.iter_mut().take(usize::from(bedrooms) + 1).skip(USUAL_BEDROOMS + 1).for_each(|at_least| *at_least += 1);
            });
        }
        counts.push(0);
        (0..).zip(counts.windows(2)).map(|(n, pair)| (n, pair[0].saturating_sub(pair[1]))).filter(|(_, n)| *n > 0).collect()
    }

    fn histogram(&self, selection: &Selection, total: usize) -> Option<Histogram> {
        let counts = || count_kinds(selection, self.bands.sets(), total);
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

/// How many there are of each kind, where everybody is of exactly one: the last kind has whoever is left.
fn count_kinds(selection: &Selection, kinds: &[Bitmap], total: usize) -> Vec<usize> {
    let mut counts = selection.count_each(&kinds[..kinds.len().saturating_sub(1)].iter().collect::<Vec<_>>());
    counts.push(total.saturating_sub(counts.iter().sum()));
    counts
}

/// The most frequent amenities so far, most first.
#[derive(Default)]
struct Top(Vec<(&'static str, usize)>);

impl Top {
    /// How many matches an amenity needs to be among them.
    fn least(&self) -> usize {
        self.0.get(MOST_AMENITIES - 1).map_or(1, |(_, count)| *count)
    }

    /// Places in the catalogue and counts.
    fn add(&mut self, counts: impl Iterator<Item = (usize, usize)>) {
        self.0.extend(counts.filter(|(_, count)| *count > 0).map(|(amenity, count)| (CATALOGUE[amenity].key, count)));
        most_first(&mut self.0);
        self.0.truncate(MOST_AMENITIES);
    }
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
