//! Counts over all matches: what a front end offers for narrowing further.

use super::bits::{Bitmap, Selection};
use super::corpus::Corpus;
use super::listing::RoomType;
use super::prices;
use super::sets::AtLeast;
use crate::features::listings::amenities::CATALOGUE;
use crate::values::Currency;
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

impl Corpus {
    pub(super) fn facets(&self, selection: &Selection, total: usize) -> Facets {
        if total == 0 {
            return Facets::default();
        }
        Facets {
            room_types: RoomType::ALL.into_iter().map(|room| (room, selection.count_and(&self.room_types[room as usize]))).filter(|(_, n)| *n > 0).collect(),
            property_types: self.count_property_types(selection, total),
            amenities: self.count_amenities(selection),
            bedrooms: self.count_bedrooms(selection),
            prices: self.histogram(selection, total),
        }
    }

    /// A listing has one property type, so counting ends when everybody is accounted for.
    fn count_property_types(&self, selection: &Selection, total: usize) -> Vec<(String, usize)> {
        let mut left = total;
        let mut counts = Vec::new();
        for number in common_first(&self.property_counts) {
            let count = selection.count_and(&self.property_types[number]);
            if count > 0 {
                counts.push((self.property_names.word(as_u32(number)).to_owned(), count));
            }
            left -= count;
            if left == 0 {
                break;
            }
        }
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
        let shared = self.currency_list.iter().zip(&self.currencies).find(|(_, map)| self.currency_list.len() == 1 || selection.count_and(map) == total);
        let currency = *shared?.0;
        let count = |(n, map): (usize, &Bitmap)| {
            let (from, to) = prices::edges(n, currency);
            (from, to, selection.count_and(map))
        };
        Some(Histogram { currency, bands: self.bands.iter().enumerate().map(count).collect() })
    }
}

fn as_u32(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

fn common_first(counts: &[u32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..counts.len()).collect();
    order.sort_unstable_by_key(|n| Reverse(counts[*n]));
    order
}

fn most_first<T: Ord>(counts: &mut [(T, usize)]) {
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
}
