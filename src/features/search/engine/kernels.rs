//! The loops over words, compiled for the widest vector instructions of the machine at hand: `pulp` picks at run time.
//!
//! Each is a type of its own and no closure: what is called through a closure is compiled apart from the function that
//! switches the instructions on, and silently does without them.

use super::bits::Bitmap;
use super::selection::Run;
use super::tally::add3;
use pulp::{Arch, NullaryFnOnce};
use std::sync::LazyLock;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// Runs a loop with the best instructions there are.
#[inline]
pub(super) fn run<K: NullaryFnOnce>(kernel: K) -> K::Output {
    ARCH.dispatch(kernel)
}

/// Words that are worked on at a time: what fits into registers.
pub(super) const PIECE: usize = 32;

/// A stretch of a bitmap as a piece, where it lies; only at the bitmap's end it is copied to `padded` and filled up with
/// zeros.
#[inline(always)]
fn piece<'a>(map: &'a Bitmap, from: usize, padded: &'a mut [u64; PIECE]) -> &'a [u64; PIECE] {
    match map.words.get(from..).and_then(|rest| rest.first_chunk()) {
        Some(whole) => whole,
        None => {
            for (i, word) in padded.iter_mut().enumerate() {
                *word = map.word(from + i);
            }
            padded
        }
    }
}

/// Keeps of `bits`, which begin at `word` of the corpus, what is in all of `within` and in none of `without`.
pub(super) struct Narrow<'a> {
    pub word: usize,
    pub bits: &'a mut [u64],
    pub within: &'a [&'a Bitmap],
    pub without: &'a [&'a Bitmap],
}

impl NullaryFnOnce for Narrow<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (pieces, rest) = self.bits.as_chunks_mut::<PIECE>();
        let (mut at, mut padded) = (self.word, [0; PIECE]);
        for mine in pieces {
            let mut left = *mine;
            for other in self.within {
                let theirs = piece(other, at, &mut padded);
                for i in 0..PIECE {
                    left[i] &= theirs[i];
                }
            }
            for other in self.without {
                let theirs = piece(other, at, &mut padded);
                for i in 0..PIECE {
                    left[i] &= !theirs[i];
                }
            }
            *mine = left;
            at += PIECE;
        }
        for (i, mine) in rest.iter_mut().enumerate() {
            let within = self.within.iter().fold(*mine, |left, other| left & other.word(at + i));
            *mine = self.without.iter().fold(within, |left, other| left & !other.word(at + i));
        }
    }
}

/// Makes of rows of `width` words, one a night, who is taken in that night, rows of who is taken in any of so many
/// `nights` from that night on. The last `nights - 1` rows are of no use then.
pub(super) struct Slide<'a> {
    pub rows: &'a mut [u64],
    pub width: usize,
    pub nights: usize,
}

impl NullaryFnOnce for Slide<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let mut reach = 1;
        while reach < self.nights {
            // The last step overlaps with what is reached already.
            let step = reach.min(self.nights - reach);
            let (shift, mut from) = (step * self.width, 0);
            while from + shift < self.rows.len() {
                let (mine, later) = self.rows[from..].split_at_mut(shift);
                for (mine, later) in mine.iter_mut().zip(later.iter()) {
                    *mine |= later;
                }
                from += shift;
            }
            reach += step;
        }
    }
}

/// Adds to `found` those of `among` who are not in all of the rows, each as long as these two.
pub(super) struct OpenSomewhere<'a> {
    pub rows: &'a [u64],
    pub among: &'a [u64],
    pub found: &'a mut [u64],
}

impl NullaryFnOnce for OpenSomewhere<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let width = self.among.len();
        let mut always = [u64::MAX; PIECE];
        for row in self.rows.chunks_exact(width) {
            for (always, taken) in always.iter_mut().zip(row) {
                *always &= taken;
            }
        }
        for ((found, among), always) in self.found.iter_mut().zip(self.among).zip(&always) {
            *found |= among & !always;
        }
    }
}

/// How many bits are set.
pub(super) struct Count<'a>(pub &'a [u64]);

impl NullaryFnOnce for Count<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        let mut sum = 0;
        for word in self.0 {
            sum += word.count_ones() as usize;
        }
        sum
    }
}

/// How many bits are set in both; what one is longer does not count.
pub(super) struct CountBoth<'a>(pub &'a [u64], pub &'a [u64]);

impl NullaryFnOnce for CountBoth<'_> {
    type Output = usize;

    #[inline(always)]
    fn call(self) -> usize {
        count_both(self.0, self.1)
    }
}

/// How many bits of a selection are set in each of four sets as well: the selection is read once from far away, and memory
/// hands out four streams side by side.
pub(super) struct CountFour<'a> {
    pub runs: &'a [Run],
    pub bits: &'a [u64],
    pub sets: [&'a Bitmap; 4],
}

/// Words of a stretch that are held against one set, then against the next: they stay in the nearest cache.
const PART: usize = 512;

impl NullaryFnOnce for CountFour<'_> {
    type Output = [usize; 4];

    #[inline(always)]
    fn call(self) -> [usize; 4] {
        let mut counts = [0; 4];
        for Run { word, start, len } in self.runs.iter().copied() {
            for from in (0..len).step_by(PART) {
                let mine = &self.bits[start + from..start + len.min(from + PART)];
                for (count, set) in counts.iter_mut().zip(self.sets) {
                    *count += count_both(mine, set.stretch(word + from, mine.len()));
                }
            }
        }
        counts
    }
}

/// How many bits are set in both; what one is longer does not count.
#[inline(always)]
fn count_both(mine: &[u64], theirs: &[u64]) -> usize {
    let len = mine.len().min(theirs.len());
    let (many, mine) = mine[..len].as_chunks::<64>();
    let (others, theirs) = theirs[..len].as_chunks::<64>();
    let mut sum = if many.is_empty() { 0 } else { count_many(many, others) };
    for i in 0..mine.len() {
        sum += (mine[i] & theirs[i]).count_ones() as usize;
    }
    sum
}

/// Eight times eight words are added to one another before bits are counted (as in `tally.rs`): not every machine counts the
/// bits of a vector.
#[inline(always)]
fn count_many(mine: &[[u64; 64]], theirs: &[[u64; 64]]) -> usize {
    let (mut ones, mut twos, mut fours, mut eights) = ([0; 8], [0; 8], [0; 8], [0_usize; 8]);
    for (mine, theirs) in mine.iter().zip(theirs) {
        let (sum, a) = add3(ones, both(mine, theirs, 0), both(mine, theirs, 1));
        let (sum, b) = add3(sum, both(mine, theirs, 2), both(mine, theirs, 3));
        let (sum, c) = add3(sum, both(mine, theirs, 4), both(mine, theirs, 5));
        let (sum, d) = add3(sum, both(mine, theirs, 6), both(mine, theirs, 7));
        ones = sum;
        let (sum, a) = add3(twos, a, b);
        let (sum, b) = add3(sum, c, d);
        twos = sum;
        let carry;
        (fours, carry) = add3(fours, a, b);
        for i in 0..8 {
            eights[i] += carry[i].count_ones() as usize;
        }
    }
    let mut sum = 0;
    for i in 0..8 {
        sum += eights[i] * 8 + fours[i].count_ones() as usize * 4 + twos[i].count_ones() as usize * 2 + ones[i].count_ones() as usize;
    }
    sum
}

/// The eight words of this number that are in both.
#[inline(always)]
fn both(mine: &[u64; 64], theirs: &[u64; 64], number: usize) -> [u64; 8] {
    let mut left = [0; 8];
    for i in 0..8 {
        left[i] = mine[number * 8 + i] & theirs[number * 8 + i];
    }
    left
}

/// Keeps of `bits`, which begin at `word` of the corpus, what is in `sure`; answers whether any was in `maybe` alone,
/// and then leaves `bits` as they were.
pub(super) struct KeepSure<'a> {
    pub word: usize,
    pub bits: &'a mut [u64],
    pub sure: &'a Bitmap,
    pub maybe: &'a Bitmap,
}

impl NullaryFnOnce for KeepSure<'_> {
    type Output = bool;

    #[inline(always)]
    fn call(self) -> bool {
        let (sure, maybe) = (self.sure.stretch(self.word, self.bits.len()), self.maybe.stretch(self.word, self.bits.len()));
        let mut asked = 0;
        for (i, bits) in self.bits.iter().enumerate().take(maybe.len()) {
            asked |= bits & maybe[i];
        }
        if asked != 0 {
            return true;
        }
        let (known, beyond) = self.bits.split_at_mut(sure.len());
        for (mine, theirs) in known.iter_mut().zip(sure) {
            *mine &= theirs;
        }
        beyond.fill(0);
        false
    }
}

/// Splits `bits`, which begin at `word` of the corpus, by the numbers whose binary digits the sets hold: `bits` keeps
/// those between `low` and `high`, and `edges` gets those at one of the two. `low` and `high` have no more digits than
/// there are; without `high` there is no upper bound.
pub(super) struct Between<'a> {
    pub digits: &'a [Bitmap],
    pub word: usize,
    pub bits: &'a mut [u64],
    pub edges: &'a mut [u64],
    pub low: u32,
    pub high: Option<u32>,
}

impl NullaryFnOnce for Between<'_> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let (mut at, mut padded) = (self.word, [0; PIECE]);
        for (bits, edges) in self.bits.chunks_mut(PIECE).zip(self.edges.chunks_mut(PIECE)) {
            let mut mine = [0; PIECE];
            mine[..bits.len()].copy_from_slice(bits);
            // Who is still at the bound in all digits so far, and who has gone above `low` or below `high`.
            let (mut at_low, mut above, mut at_high, mut below) = (mine, [0; PIECE], mine, [0; PIECE]);
            for (n, digit) in self.digits.iter().enumerate().rev() {
                let set = piece(digit, at, &mut padded);
                // All ones where the bound has this digit.
                let low = u64::from(self.low >> n & 1).wrapping_neg();
                let high = u64::from(self.high.unwrap_or(0) >> n & 1).wrapping_neg();
                for i in 0..PIECE {
                    above[i] |= at_low[i] & set[i] & !low;
                    at_low[i] &= !(set[i] ^ low);
                    below[i] |= at_high[i] & !set[i] & high;
                    at_high[i] &= !(set[i] ^ high);
                }
            }
            if self.high.is_none() {
                (at_high, below) = ([0; PIECE], mine);
            }
            for (i, (bits, edge)) in bits.iter_mut().zip(edges).enumerate() {
                *bits = above[i] & below[i];
                *edge = (at_low[i] & (below[i] | at_high[i])) | (at_high[i] & above[i]);
            }
            at += PIECE;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::selection::Selection;
    use super::*;

    /// Words with about a quarter, half or three quarters of their bits set.
    fn map(seed: u64, words: u64) -> Bitmap {
        let mut map = Bitmap::default();
        let odd = |n: u64| (n + seed).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(31).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        map.words = (0..words).map(|n| if n % 3 == 0 { odd(n) & odd(n + 7) } else { odd(n) | odd(n + 5) & odd(n * 3) }).collect();
        map
    }

    #[test]
    fn many_words_are_counted_like_one_by_one() {
        for words in [1, 63, 64, 65, 127, 128, 511, 512, 513, 1_100, 3_000] {
            let (mine, others) = (map(1, words), [map(2, words), map(3, words * 3 / 4), map(4, words + 90), map(5, 1)]);
            let by_hand = |other: &Bitmap| mine.words.iter().zip(&other.words).map(|(a, b)| (a & b).count_ones() as usize).sum::<usize>();
            let selection = Selection::everything(&mine);
            assert_eq!(selection.count_each(&others.each_ref()), others.each_ref().map(by_hand), "{words}");
            assert_eq!(others.each_ref().map(|other| selection.count_and(other)), others.each_ref().map(by_hand), "{words}");
        }
    }
}
