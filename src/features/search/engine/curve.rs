//! The Z-order curve: one number for a place on the map, so that each square that halving the map leads to is one stretch of
//! numbers.
#![expect(clippy::float_arithmetic, reason = "coordinates are measured, not counted; money is elsewhere")]

use super::area::Point;
use std::ops::{Deref, Range};

/// One post for so many numbers.
const APART: usize = 64;

/// The places of ordinals on the curve, ascending.
///
/// Looking for a number among a million halves the way twenty times, and nearly each half is memory that nobody has read
/// for a while. Every 64th number is kept once more: those are few enough to stay near, and leave 512 bytes to look at.
#[derive(Debug, Default)]
pub(crate) struct Curve {
    codes: Vec<u64>,
    /// `codes[0]`, `codes[64]`, `codes[128]`, …
    posts: Vec<u64>,
}

impl Curve {
    /// `codes` ascend.
    pub(crate) fn new(codes: Vec<u64>) -> Self {
        debug_assert!(codes.is_sorted());
        let posts = codes.iter().step_by(APART).copied().collect();
        Self { codes, posts }
    }

    /// The first in `within` whose number is `code` or more; its end where there is none.
    pub(super) fn rank(&self, code: u64, within: Range<usize>) -> usize {
        let Range { start, end } = within;
        let (first, last) = (start / APART + 1, end.div_ceil(APART));
        if last <= first {
            return start + self.codes[start..end].partition_point(|c| *c < code);
        }
        let post = first + self.posts[first..last].partition_point(|c| *c < code);
        let (from, to) = (start.max((post - 1) * APART), end.min(post * APART));
        from + self.codes[from..to].partition_point(|c| *c < code)
    }
}

impl Deref for Curve {
    type Target = [u64];

    fn deref(&self) -> &[u64] {
        &self.codes
    }
}

/// The place of a point on the Z-order curve.
pub(crate) fn code(p: Point) -> u64 {
    spread(scale(p.lng, 180.0)) | spread(scale(p.lat, 90.0)) << 1
}

/// A coordinate as an integer that grows with it.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float cast saturates at both ends, which is what is wanted")]
pub(super) fn scale(degrees: f64, half: f64) -> u32 {
    ((degrees + half) / (2.0 * half) * 4_294_967_296.0) as u32
}

/// Puts a zero between any two bits.
fn spread(x: u32) -> u64 {
    let mut x = u64::from(x);
    x = (x | x << 16) & 0x0000_ffff_0000_ffff;
    x = (x | x << 8) & 0x00ff_00ff_00ff_00ff;
    x = (x | x << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    x = (x | x << 2) & 0x3333_3333_3333_3333;
    (x | x << 1) & 0x5555_5555_5555_5555
}

/// A square of the curve: the numbers that begin with the same bits.
#[derive(Clone, Copy)]
pub(super) struct Square {
    pub x: u32,
    pub y: u32,
    /// Bits of `x` and `y` that are free: the side is `2^free`.
    pub free: u32,
}

impl Square {
    /// The smallest square that holds both corners `(x, y)`.
    pub(super) fn around(one: (u32, u32), other: (u32, u32)) -> Self {
        let free = 32 - ((one.0 ^ other.0) | (one.1 ^ other.1)).leading_zeros();
        let start = |n: u32| if free == 32 { 0 } else { n >> free << free };
        Self { x: start(one.0), y: start(one.1), free }
    }

    /// Its far corner `(x, y)`, which belongs to it.
    pub(super) fn end(self) -> (u32, u32) {
        let side = u32::try_from((1_u64 << self.free) - 1).unwrap_or(u32::MAX);
        (self.x | side, self.y | side)
    }

    /// The four quarters in the order of the curve.
    pub(super) fn quarters(self) -> [Self; 4] {
        let free = self.free - 1;
        let half = 1 << free;
        [(0, 0), (half, 0), (0, half), (half, half)].map(|(dx, dy)| Self { x: self.x | dx, y: self.y | dy, free })
    }

    /// The first place of the curve within the square.
    pub(super) fn first_code(self) -> u64 {
        spread(self.x) | spread(self.y) << 1
    }

    /// The last place of the curve within the square.
    pub(super) fn last_code(self) -> u64 {
        let (x, y) = self.end();
        spread(x) | spread(y) << 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_rank_is_what_a_plain_search_finds(mut codes in proptest::collection::vec(0..500_u64, 0..700), code in 0..510_u64, a in 0..700_usize, b in 0..700_usize) {
            codes.sort_unstable();
            let (a, b) = (a.min(codes.len()), b.min(codes.len()));
            let within = a.min(b)..a.max(b);
            let plain = within.start + codes[within.clone()].partition_point(|c| *c < code);
            prop_assert_eq!(Curve::new(codes).rank(code, within), plain);
        }
    }
}
