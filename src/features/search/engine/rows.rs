//! What facets count of a listing, in one row of 128 bits: four rows to a cache line, and 16 MB for a million listings, which the
//! caches of one processor hold. Rows are counted 32 at a time (`tally.rs`).
//!
//! The lowest 106 bits are amenities. The catalogue has more than that, so the commonest have a place and one more bit says that a
//! listing has some of the others; those are too rare to be among the most frequent, and where they could be, their sets are asked
//! (`facets.rs`). Above stand the number of the property type, and room type, price band and bedrooms as one number.
//!
//! Rows are made of the sets and columns of the corpus, and are not part of its snapshot.

use super::corpus::Corpus;
use super::listing::RoomType;
use super::prices::BOUNDS;
use super::sets::AtLeast;
use crate::features::listings::amenities::{AmenitySet, CATALOGUE};

/// How many amenities have a place in the rows.
pub(super) const PLACES: usize = 106;
const REST_AT: usize = PLACES - 64;
const TYPE_AT: usize = REST_AT + 1;
const MARK_AT: usize = TYPE_AT + 10;

/// The number of every property type that has no number of its own in the rows.
pub(super) const MANY_TYPES: usize = (1 << (MARK_AT - TYPE_AT)) - 1;
/// Numbers for room type, price band and bedrooms together: the 11 bits from `MARK_AT` on.
pub(super) const MARKS: usize = 1 << (64 - MARK_AT);

const BANDS: usize = BOUNDS.len() + 1;
const BEDROOMS: usize = AtLeast::LEVELS as usize + 2;
const _: () = assert!(RoomType::ALL.len() * BANDS * BEDROOMS <= MARKS, "a row has 11 bits for its mark; widen it");
const _: () = assert!(CATALOGUE.len() < u8::MAX as usize, "a place is a byte, and the last byte is none");

/// No place.
const REST: u8 = u8::MAX;

/// Aligned, so that no row lies across two cache lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(16))]
pub(super) struct Row(pub [u64; 2]);

/// Room type, price band, and bedrooms (`None` where nobody knows) of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    pub room_type: usize,
    pub price_band: usize,
    pub bedrooms: Option<u8>,
}

impl Mark {
    /// More bedrooms than are told apart count as that many.
    fn number(self) -> usize {
        let bedrooms = self.bedrooms.map_or(BEDROOMS - 1, |n| usize::from(n.min(AtLeast::LEVELS)));
        (self.room_type * BANDS + self.price_band) * BEDROOMS + bedrooms
    }

    pub(super) fn of_number(number: usize) -> Self {
        let bedrooms = u8::try_from(number % BEDROOMS).ok().filter(|n| *n <= AtLeast::LEVELS);
        Self { room_type: number / BEDROOMS / BANDS, price_band: number / BEDROOMS % BANDS, bedrooms }
    }
}

impl Row {
    /// The property type, or [`MANY_TYPES`].
    #[inline(always)]
    pub(super) fn property_type(self) -> usize {
        (self.0[1] >> TYPE_AT) as usize & MANY_TYPES
    }

    /// The number of the [`Mark`].
    #[inline(always)]
    pub(super) fn mark(self) -> usize {
        (self.0[1] >> MARK_AT) as usize
    }

    /// Whether the listing has amenities without a place.
    #[inline(always)]
    pub(super) fn has_rest(self) -> bool {
        self.0[1] >> REST_AT & 1 == 1
    }

    fn set_type_and_mark(&mut self, property_type: u16, mark: Mark) {
        let own = (1 << TYPE_AT) - 1;
        self.0[1] = self.0[1] & own | (usize::from(property_type).min(MANY_TYPES) as u64) << TYPE_AT | (mark.number() as u64) << MARK_AT;
    }

    fn set(&mut self, place: u8) {
        match place {
            REST => self.0[1] |= 1 << REST_AT,
            place => self.0[usize::from(place / 64)] |= 1 << (place % 64),
        }
    }
}

/// The rows of all ordinals.
#[derive(Debug)]
pub(crate) struct FacetRows {
    rows: Vec<Row>,
    /// The place of each amenity of the catalogue, or `REST`.
    places: Vec<u8>,
    /// The amenity of each place.
    order: Vec<u8>,
}

impl FacetRows {
    /// No rows yet, with room for so many; amenities have their places in the order of the catalogue.
    pub(super) fn with_room(room: usize) -> Self {
        let mut rows = Self { rows: Vec::with_capacity(room), places: Vec::new(), order: Vec::new() };
        rows.seat((0..).take(CATALOGUE.len()).collect());
        rows
    }

    /// Gives the first of these amenities the places.
    fn seat(&mut self, mut commonest_first: Vec<u8>) {
        commonest_first.truncate(PLACES);
        self.places = vec![REST; CATALOGUE.len()];
        for (place, amenity) in (0..).zip(&commonest_first) {
            self.places[usize::from(*amenity)] = place;
        }
        self.order = commonest_first;
    }

    pub(super) fn push(&mut self) {
        self.rows.push(Row::default());
    }

    pub(super) fn put(&mut self, ordinal: u32, amenities: AmenitySet, property_type: u16, mark: Mark) {
        let mut row = Row::default();
        for amenity in amenities.iter() {
            row.set(self.places[usize::from(amenity)]);
        }
        row.set_type_and_mark(property_type, mark);
        self.rows[ordinal as usize] = row;
    }

    pub(super) fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The amenities that have a place, by their place.
    pub(super) fn order(&self) -> impl Iterator<Item = usize> + '_ {
        self.order.iter().map(|amenity| usize::from(*amenity))
    }

    /// The amenities without a place.
    pub(super) fn rest(&self) -> impl Iterator<Item = usize> + '_ {
        self.places.iter().enumerate().filter(|(_, place)| **place == REST).map(|(amenity, _)| amenity)
    }

    /// Makes all rows anew from the sets and columns of a corpus, the commonest amenities in the places.
    pub(super) fn of(corpus: &Corpus) -> Self {
        let mut made = Self { rows: Vec::with_capacity(corpus.room.max(corpus.columns.ids.len())), places: Vec::new(), order: Vec::new() };
        made.seat(corpus.amenities_commonest_first());
        made.rows.resize(corpus.columns.ids.len(), Row::default());
        for (amenity, set) in corpus.amenities.iter().enumerate() {
            for ordinal in set.iter() {
                if let Some(row) = made.rows.get_mut(ordinal as usize) {
                    row.set(made.places[amenity]);
                }
            }
        }
        let columns = &corpus.columns;
        for (ordinal, row) in (0..).zip(&mut made.rows) {
            let place = ordinal as usize;
            let mark = Mark {
                room_type: corpus.room_types.iter().position(|set| set.contains(ordinal)).unwrap_or(0),
                price_band: corpus.bands.iter().position(|set| set.contains(ordinal)).unwrap_or(0),
                bedrooms: columns.bedrooms_known(place),
            };
            row.set_type_and_mark(columns.property_types[place], mark);
        }
        made
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::town;
    use super::*;

    #[test]
    fn marks_are_read_as_they_were_written() {
        for room_type in 0..RoomType::ALL.len() {
            for price_band in 0..BANDS {
                for bedrooms in (0..=AtLeast::LEVELS).map(Some).chain([None]) {
                    let mark = Mark { room_type, price_band, bedrooms };
                    let mut row = Row([u64::MAX; 2]);
                    row.set_type_and_mark(700, mark);
                    assert_eq!((Mark::of_number(row.mark()), row.property_type(), row.has_rest(), row.0[0]), (mark, 700, true, u64::MAX));
                }
            }
        }
        let mut row = Row::default();
        row.set_type_and_mark(u16::MAX, Mark { room_type: 0, price_band: 0, bedrooms: Some(200) });
        assert_eq!((row.property_type(), Mark::of_number(row.mark()).bedrooms), (MANY_TYPES, Some(AtLeast::LEVELS)));
    }

    #[test]
    fn rows_made_anew_are_those_that_were_put_one_by_one() {
        let corpus = town(7, 500);
        let made = FacetRows::of(&corpus);
        // `town` has ranked its corpus, so the places are those by frequency already.
        assert_eq!(made.order, corpus.rows.order);
        assert_eq!(made.rows, corpus.rows.rows);
        assert_eq!(made.order().count() + made.rest().count(), CATALOGUE.len());
    }
}
