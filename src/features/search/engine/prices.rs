//! Price bands: who costs how much a night, roughly, as bits.
//!
//! The bands are those of the histogram facet. A price filter takes the bands wholly inside its bounds as they are and
//! looks only at the listings of the two bands on its edges.

use super::bits::Bitmap;
use crate::values::Currency;

/// Upper bounds of the bands in whole units of the currency, exclusive; the last band has none.
pub(crate) const BOUNDS: [i64; 9] = [25, 50, 75, 100, 150, 200, 300, 500, 1_000];

#[derive(Debug)]
pub(crate) struct PriceBands([Bitmap; BOUNDS.len() + 1]);

/// Minor units of one whole unit.
pub(crate) fn whole(currency: Currency) -> i64 {
    10_i64.pow(currency.exponent())
}

/// The band of a nightly price.
pub(crate) fn band(price: i64, currency: Currency) -> usize {
    BOUNDS.partition_point(|bound| bound * whole(currency) <= price)
}

/// What a band holds: from `.0` up to, not including, `.1`, in minor units.
pub(crate) fn edges(band: usize, currency: Currency) -> (i64, Option<i64>) {
    let bound = |n: usize| BOUNDS.get(n).map(|b| b * whole(currency));
    (band.checked_sub(1).and_then(bound).unwrap_or(0), bound(band))
}

impl PriceBands {
    /// Nobody yet, with room for so many listings.
    pub(crate) fn with_room(room: usize) -> Self {
        Self(std::array::from_fn(|_| Bitmap::with_room(room)))
    }

    pub(crate) fn put(&mut self, ordinal: u32, price: i64, currency: Currency) {
        let mine = band(price, currency);
        for (n, bitmap) in self.0.iter_mut().enumerate() {
            bitmap.set(ordinal, n == mine);
        }
    }

    /// The sets of all bands, and back again.
    pub(super) fn sets(&self) -> &[Bitmap] {
        &self.0
    }

    pub(super) fn from_sets(sets: Vec<Bitmap>) -> Option<Self> {
        sets.try_into().ok().map(Self)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Bitmap> {
        self.0.iter()
    }

    /// The bands wholly within `min..=max`, and those that only partly are.
    pub(crate) fn within(&self, min: i64, max: i64, currency: Currency) -> (Vec<&Bitmap>, Vec<&Bitmap>) {
        let (mut inside, mut partly) = (Vec::new(), Vec::new());
        for (n, bitmap) in self.0.iter().enumerate() {
            let (from, to) = edges(n, currency);
            let below = to.is_some_and(|to| to <= min);
            if below || from > max {
                continue;
            }
            let ends_within = to.map_or(max == i64::MAX, |to| to - 1 <= max);
            if min <= from && ends_within { inside.push(bitmap) } else { partly.push(bitmap) }
        }
        (inside, partly)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_lies_in_the_band_whose_edges_hold_it() {
        let (eur, jpy) = (Currency::parse("EUR").unwrap(), Currency::parse("JPY").unwrap());
        for (price, currency, expected) in
            [(0, eur, 0), (2_499, eur, 0), (2_500, eur, 1), (99_999, eur, 8), (100_000, eur, 9), (9_999_999, eur, 9), (25, jpy, 1), (999, jpy, 8)]
        {
            assert_eq!(band(price, currency), expected, "{price}");
            let (from, to) = edges(expected, currency);
            assert!(from <= price && to.is_none_or(|to| price < to));
        }
    }
}
