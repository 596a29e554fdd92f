//! What facets count of a listing, in one row of 256 bits: half a cache line, and counted 16 rows at a time (`tally.rs`).
//!
//! Bits 0 to 191 are the amenities by their place in the catalogue. The last word holds the number of the property
//! type, and one bit among many for each of room type, price band and number of bedrooms.

use super::prices::BOUNDS;
use super::sets::AtLeast;
use crate::features::listings::amenities::{AmenitySet, CATALOGUE};

/// Where the last word begins; its lowest bits are the property type as a number.
const LAST: usize = 192;
pub(super) const ROOMS_AT: usize = LAST + 16;
pub(super) const BANDS_AT: usize = ROOMS_AT + 4;
pub(super) const BEDROOMS_AT: usize = BANDS_AT + BOUNDS.len() + 1;
const END: usize = BEDROOMS_AT + AtLeast::LEVELS as usize + 1;

const _: () = assert!(CATALOGUE.len() <= LAST && END <= 256, "a row has 256 bits; widen it");

/// Aligned, so that no row lies across two cache lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[repr(align(32))]
pub(crate) struct Row(pub(super) [u64; 4]);

impl Row {
    /// `bedrooms` is `None` where nobody knows.
    pub(super) fn of(amenities: AmenitySet, property_type: u16, room_type: usize, price_band: usize, bedrooms: Option<u8>) -> Self {
        let mut words = amenities.words();
        words[3] = property_type.into();
        let marks = [Some(ROOMS_AT + room_type), Some(BANDS_AT + price_band), bedrooms.map(|n| BEDROOMS_AT + usize::from(n.min(AtLeast::LEVELS)))];
        for mark in marks.into_iter().flatten() {
            words[3] |= 1 << (mark - LAST);
        }
        Self(words)
    }

    #[expect(clippy::cast_possible_truncation, reason = "the lowest 16 bits are the number")]
    pub(super) fn property_type(self) -> u16 {
        self.0[3] as u16
    }
}
