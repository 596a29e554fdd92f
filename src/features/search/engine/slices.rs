//! A number for each listing in binary digits: one set of listings a digit, so that a comparison with a bound, or the
//! search for the lowest of a selection, is a dozen passes over bits and no look at single listings.

use super::bits::Bitmap;
use super::kernels::{self, Between};
use super::selection::Selection;

/// Numbers by digits, the lowest digit first. Whoever has none counts as 0.
#[derive(Debug)]
pub(crate) struct Slices {
    room: usize,
    digits: Vec<Bitmap>,
}

impl Slices {
    pub(super) fn with_room(room: usize) -> Self {
        Self { room, digits: Vec::new() }
    }

    pub(super) fn put(&mut self, ordinal: u32, number: u32) {
        while number >> self.digits.len() != 0 {
            self.digits.push(Bitmap::with_room(self.room));
        }
        for (n, digit) in self.digits.iter_mut().enumerate() {
            digit.set(ordinal, number >> n & 1 == 1);
        }
    }

    /// Keeps those whose number lies between the two, and of those at one of the two whom `keep` says yes to.
    pub(super) fn retain_between(&self, selection: &mut Selection, low: u32, high: u32, mut keep: impl FnMut(u32) -> bool) {
        let end = 1 << self.digits.len();
        if low >= end || low > high {
            return selection.clear();
        }
        let mut edges = Vec::new();
        selection.for_stretches(|word, bits| {
            edges.clear();
            edges.resize(bits.len(), 0);
            kernels::run(Between { digits: &self.digits, word, bits, edges: &mut edges, low, high: (high < end).then_some(high) });
            for ((word, bits), edge) in (word..).zip(bits).zip(&edges).filter(|(_, edge)| **edge != 0) {
                *bits |= super::selection::filter_word(word, *edge, &mut keep);
            }
        });
    }

    /// Keeps those whose number is `low` to `high`.
    pub(super) fn retain_within(&self, selection: &mut Selection, low: u32, high: u32) {
        self.retain_between(selection, low, high, |_| true);
    }

    /// The lowest number that so many of the selection do not exceed, or the highest of all when they are fewer.
    pub(super) fn lowest(&self, selection: &Selection, wanted: usize) -> u32 {
        self.descend(selection, wanted, false)
    }

    /// The highest number that so many of the selection reach, or the lowest of all when they are fewer.
    pub(super) fn highest(&self, selection: &Selection, wanted: usize) -> u32 {
        self.descend(selection, wanted, true)
    }

    /// Goes down the digits from the highest, following the half in which the one that is wanted must be.
    fn descend(&self, selection: &Selection, mut wanted: usize, set_first: bool) -> u32 {
        let mut left = selection.clone();
        let mut count = left.count();
        wanted = wanted.min(count);
        let mut number = 0;
        for (n, digit) in self.digits.iter().enumerate().rev() {
            let set = left.count_and(digit);
            let first = if set_first { set } else { count - set };
            let follow_set = if first >= wanted { set_first } else { !set_first };
            if first < wanted {
                wanted -= first;
            }
            let followed = if follow_set { set } else { count - set };
            if followed < count {
                if follow_set {
                    left.and(digit)
                } else {
                    left.and_not(digit)
                }
                left.compact();
            }
            count = followed;
            number |= u32::from(follow_set) << n;
        }
        number
    }
}

/// The lowest, usual and highest nightly price of every listing, roughly.
#[derive(Debug)]
pub(crate) struct RoughPrices {
    pub base: Slices,
    pub least: Slices,
    pub most: Slices,
}

impl RoughPrices {
    pub(super) fn with_room(room: usize) -> Self {
        Self { base: Slices::with_room(room), least: Slices::with_room(room), most: Slices::with_room(room) }
    }

    pub(super) fn put(&mut self, ordinal: u32, base: i64, (least, most): (i64, i64)) {
        self.base.put(ordinal, rough(base));
        self.least.put(ordinal, rough(least));
        self.most.put(ordinal, rough(most));
    }
}

/// A number that ascends with the price and tells prices apart that differ by a sixty-fourth or more.
pub(super) fn rough(price: i64) -> u32 {
    let price = u64::try_from(price).unwrap_or(0);
    let doublings = price.checked_ilog2().unwrap_or(0).saturating_sub(6);
    (doublings << 6) + u32::try_from(price >> doublings).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rough_prices_ascend_with_prices() {
        let mut before = 0;
        for price in (0..5_000).chain((13..63).flat_map(|n| [(1_i64 << n) - 1, 1 << n, (1 << n) + 1])).chain([i64::MAX]) {
            assert!(rough(price) >= before, "{price}");
            before = rough(price);
        }
        assert!(rough(-5) == 0 && before < 1 << 12);
        assert!((1..100_000).all(|price| rough(price) < rough(price + price / 64 + 1)));
    }

    proptest::proptest! {
        #[test]
        fn numbers_in_digits_compare_like_numbers(
            numbers in proptest::collection::vec(0_u32..300, 1..4_000),
            step in 1_usize..5, low in 0_u32..330, length in 0_u32..330, wanted in 1_usize..5_000,
        ) {
            let mut slices = Slices::with_room(10);
            (0..).zip(&numbers).for_each(|(n, number)| slices.put(n, 299 - number));
            (0..).zip(&numbers).for_each(|(n, number)| slices.put(n, *number));
            let chosen: Vec<u32> = (0..u32::try_from(numbers.len()).unwrap()).step_by(step).collect();
            let all = Selection::of_sorted(chosen.iter().copied());
            let of = |n: u32| numbers[n as usize];
            let high = low + length;
            let mut kept = all.clone();
            slices.retain_between(&mut kept, low, high, |n| n % 3 == 0);
            let expected: Vec<u32> = chosen.iter().copied().filter(|n| low < of(*n) && of(*n) < high || n % 3 == 0 && (of(*n) == low || of(*n) == high)).collect();
            proptest::prop_assert_eq!(kept.iter().collect::<Vec<_>>(), expected);
            let mut sorted: Vec<u32> = chosen.iter().map(|n| of(*n)).collect();
            sorted.sort_unstable();
            let place = wanted.min(sorted.len()) - 1;
            proptest::prop_assert_eq!(slices.lowest(&all, wanted), sorted[place]);
            proptest::prop_assert_eq!(slices.highest(&all, wanted), sorted[sorted.len() - 1 - place]);
        }
    }
}
