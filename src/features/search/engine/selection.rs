//! The set a question is narrowing: only the stretches of words its area touches, so a map search costs what its box
//! holds and not what the corpus holds.

use super::bits::{Bitmap, Ones, first_of, place};
use super::kernels::{self, Count, CountBoth, CountFour, KeepSure, Narrow};

/// A stretch of consecutive words of a [`Selection`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Run {
    /// Its first word in the corpus.
    pub word: usize,
    /// Where its bits begin in the selection.
    pub start: usize,
    pub len: usize,
}

/// The listings a query still holds.
#[derive(Debug, Clone, Default)]
pub(crate) struct Selection {
    runs: Vec<Run>,
    bits: Vec<u64>,
}

impl Selection {
    /// Everything in `all`.
    pub(crate) fn everything(all: &Bitmap) -> Self {
        let len = all.words.len();
        Self { runs: vec![Run { word: 0, start: 0, len }], bits: all.words.clone() }
    }

    /// The ordinals of a sorted list.
    pub(crate) fn of_sorted(ordinals: impl IntoIterator<Item = u32>) -> Self {
        let mut selection = Self::default();
        for ordinal in ordinals {
            let (word, bit) = place(ordinal);
            selection.or_word(word, bit);
        }
        selection
    }

    /// Adds bits to a word at or after the last one added.
    fn or_word(&mut self, word: usize, bits: u64) {
        match self.runs.last_mut() {
            Some(run) if run.word + run.len > word => {
                if let Some(last) = self.bits.last_mut() {
                    *last |= bits;
                }
            }
            Some(run) if run.word + run.len == word => {
                run.len += 1;
                self.bits.push(bits);
            }
            _ => {
                self.runs.push(Run { word, start: self.bits.len(), len: 1 });
                self.bits.push(bits);
            }
        }
    }

    /// Adds the ordinals `from..to`, which lie at or after everything added before.
    pub(crate) fn push_range(&mut self, from: u32, to: u32) {
        let mut ordinal = from;
        while ordinal < to {
            let (word, _) = place(ordinal);
            let end = to.min(first_of(word + 1));
            let ones = if end - ordinal == 64 { u64::MAX } else { ((1 << (end - ordinal)) - 1) << (ordinal % 64) };
            self.or_word(word, ones);
            ordinal = end;
        }
    }

    /// Adds one ordinal at or after everything added before.
    pub(crate) fn push(&mut self, ordinal: u32) {
        let (word, bit) = place(ordinal);
        self.or_word(word, bit);
    }

    /// Keeps what is in all of `within` and in none of `without`, in one pass.
    pub(crate) fn narrow(&mut self, within: &[&Bitmap], without: &[&Bitmap]) {
        if within.is_empty() && without.is_empty() {
            return;
        }
        for Run { word, start, len } in self.runs.iter().copied() {
            kernels::run(Narrow { word, bits: &mut self.bits[start..start + len], within, without });
        }
    }

    /// Keeps what is in `other` too.
    pub(crate) fn and(&mut self, other: &Bitmap) {
        self.narrow(&[other], &[]);
    }

    /// Drops what is in `other`.
    pub(crate) fn and_not(&mut self, other: &Bitmap) {
        self.narrow(&[], &[other]);
    }

    /// Keeps what is in at least one of `others`.
    pub(crate) fn and_any(&mut self, others: &[&Bitmap]) {
        if let [only] = others {
            return self.and(only);
        }
        self.map_words(|word, bits| bits & others.iter().fold(0, |any, other| any | other.word(word)));
    }

    /// Drops everybody.
    pub(super) fn clear(&mut self) {
        self.bits.fill(0);
    }

    /// Hands out each stretch of neighbouring words, with the place of its first.
    pub(super) fn for_stretches(&mut self, mut f: impl FnMut(usize, &mut [u64])) {
        for run in &self.runs {
            f(run.word, &mut self.bits[run.start..run.start + run.len]);
        }
    }

    /// Replaces every word by what `f` makes of its place and its bits.
    pub(crate) fn map_words(&mut self, mut f: impl FnMut(usize, u64) -> u64) {
        for run in &self.runs {
            for (i, bits) in self.bits[run.start..run.start + run.len].iter_mut().enumerate() {
                if *bits != 0 {
                    *bits = f(run.word + i, *bits);
                }
            }
        }
    }

    /// Keeps the ordinals for which `keep` says yes.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(u32) -> bool) {
        self.map_words(|word, bits| filter_word(word, bits, &mut keep));
    }

    /// Keeps `sure`, and of `maybe` those for which `keep` says yes; drops all others. The two sets share nobody.
    pub(crate) fn retain_sure_or(&mut self, sure: &Bitmap, maybe: &Bitmap, mut keep: impl FnMut(u32) -> bool) {
        const PIECE: usize = 64;
        for run in &self.runs {
            for (piece, bits) in self.bits[run.start..run.start + run.len].chunks_mut(PIECE).enumerate() {
                let word = run.word + piece * PIECE;
                if kernels::run(KeepSure { word, bits, sure, maybe }) {
                    for (word, bits) in (word..).zip(bits) {
                        *bits = (*bits & sure.word(word)) | filter_word(word, *bits & maybe.word(word) & !sure.word(word), &mut keep);
                    }
                }
            }
        }
    }

    /// Keeps the sets of `inside` whole, and of the sets of `partly` those for which `keep` says yes.
    pub(crate) fn map_sets(&mut self, inside: &[&Bitmap], partly: &[&Bitmap], mut keep: impl FnMut(u32) -> bool) {
        let any = |sets: &[&Bitmap], word| sets.iter().fold(0, |any, set| any | set.word(word));
        self.map_words(|word, bits| (bits & any(inside, word)) | filter_word(word, bits & any(partly, word), &mut keep));
    }

    /// Adds what is in `other`, which was cloned from this one and only narrowed since.
    pub(crate) fn or_same_words(&mut self, other: &Self) {
        debug_assert_eq!(self.bits.len(), other.bits.len(), "both must hold the same words");
        for (mine, theirs) in self.bits.iter_mut().zip(&other.bits) {
            *mine |= theirs;
        }
    }

    /// Drops what is in `other`, which was cloned from this one and only narrowed since.
    pub(crate) fn drop_same_words(&mut self, other: &Self) {
        debug_assert_eq!(self.bits.len(), other.bits.len(), "both must hold the same words");
        for (mine, theirs) in self.bits.iter_mut().zip(&other.bits) {
            *mine &= !theirs;
        }
    }

    /// How many are left.
    pub(crate) fn count(&self) -> usize {
        kernels::run(Count(&self.bits))
    }

    /// How many are left that are in `other` too.
    pub(crate) fn count_and(&self, other: &Bitmap) -> usize {
        let count = |run: &Run| match run.len {
            1 => (self.bits[run.start] & other.word(run.word)).count_ones() as usize,
            len => kernels::run(CountBoth(&self.bits[run.start..run.start + len], other.stretch(run.word, len))),
        };
        self.runs.iter().map(count).sum()
    }

    /// [`Selection::count_and`] for each of these sets: in half the time, if they are many.
    pub(crate) fn count_each(&self, others: &[&Bitmap]) -> Vec<usize> {
        let (fours, rest) = others.as_chunks::<4>();
        let together = fours.iter().flat_map(|sets| kernels::run(CountFour { runs: &self.runs, bits: &self.bits, sets: *sets }));
        together.chain(rest.iter().map(|set| self.count_and(set))).collect()
    }

    /// How many words it holds: what a pass over it costs.
    pub(crate) fn words(&self) -> usize {
        self.bits.len()
    }

    /// Forgets the words that became empty, so that later passes are shorter; leaves them when they are few.
    pub(crate) fn compact(&mut self) {
        let empty = self.bits.iter().filter(|bits| **bits == 0).count();
        if empty * 4 < self.bits.len() {
            return;
        }
        let mut smaller = Self { runs: Vec::new(), bits: Vec::with_capacity(self.bits.len()) };
        for run in &self.runs {
            for (i, bits) in self.bits[run.start..run.start + run.len].iter().enumerate() {
                if *bits != 0 {
                    smaller.or_word(run.word + i, *bits);
                }
            }
        }
        *self = smaller;
    }

    /// The ordinals that are left and in `other` too.
    pub(crate) fn iter_and<'a>(&'a self, other: &'a Bitmap) -> impl Iterator<Item = u32> + 'a {
        self.runs.iter().flat_map(move |run| {
            let mine = &self.bits[run.start..run.start + run.len];
            mine.iter().enumerate().flat_map(move |(i, bits)| Ones { bits: bits & other.word(run.word + i), base: first_of(run.word + i) })
        })
    }

    /// Calls `f` with what a column has for each ordinal that is left and in `other` too. All of them are found before the column is
    /// read, so that its values are on their way from memory side by side.
    pub(crate) fn each_value<T: Copy>(&self, other: &Bitmap, column: &[T], f: impl FnMut(T)) {
        let found: Vec<u32> = self.iter_and(other).collect();
        found.into_iter().map(|ordinal| column[ordinal as usize]).for_each(f);
    }

    /// Calls `f` with each ordinal that is left: faster than `iter` over many.
    #[inline]
    pub(crate) fn for_each(&self, mut f: impl FnMut(u32)) {
        for run in &self.runs {
            for (i, bits) in self.bits[run.start..run.start + run.len].iter().enumerate() {
                for ordinal in (Ones { bits: *bits, base: first_of(run.word + i) }) {
                    f(ordinal);
                }
            }
        }
    }

    /// How many stretches of neighbouring words it is made of.
    pub(crate) fn stretches(&self) -> usize {
        self.runs.len()
    }

    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        let (word, bit) = place(ordinal);
        let next = self.runs.partition_point(|run| run.word <= word);
        next.checked_sub(1).map(|i| self.runs[i]).is_some_and(|run| word < run.word + run.len && self.bits[run.start + word - run.word] & bit != 0)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.runs
            .iter()
            .flat_map(|run| self.bits[run.start..run.start + run.len].iter().enumerate().map(|(i, bits)| (run.word + i, *bits)))
            .flat_map(|(word, bits)| Ones { bits, base: first_of(word) })
    }
}

/// Those of the bits for which `keep` says yes.
#[inline]
pub(super) fn filter_word(word: usize, bits: u64, keep: &mut impl FnMut(u32) -> bool) -> u64 {
    let mut kept = bits;
    for ordinal in (Ones { bits, base: first_of(word) }) {
        if !keep(ordinal) {
            kept &= !(1 << (ordinal % 64));
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn bitmap(set: &BTreeSet<u32>) -> Bitmap {
        let mut map = Bitmap::default();
        set.iter().for_each(|n| map.insert(*n));
        map
    }

    proptest::proptest! {
        #[test]
        fn selections_behave_like_sets(
            ranges in proptest::collection::vec((0_u32..900, 0_u32..150), 0..6),
            a in proptest::collection::btree_set(0_u32..1_000, 0..400),
            b in proptest::collection::btree_set(0_u32..700, 0..300),
        ) {
            let mut model = BTreeSet::new();
            let mut selection = Selection::default();
            let mut end = 0;
            let mut sorted = ranges;
            sorted.sort_unstable();
            for (from, length) in sorted {
                let (from, to) = (from.max(end), (from + length).max(end));
                selection.push_range(from, to);
                model.extend(from..to);
                end = to;
            }
            let (ma, mb) = (bitmap(&a), bitmap(&b));
            proptest::prop_assert_eq!(selection.count_and(&ma), model.intersection(&a).count());
            let (in_a, in_b) = (model.intersection(&a).count(), model.intersection(&b).count());
            proptest::prop_assert_eq!(selection.count_each(&[&ma, &mb, &mb, &ma, &mb]), [in_a, in_b, in_b, in_a, in_b]);
            let mut narrowed = selection.clone();
            narrowed.and(&ma);
            narrowed.and_not(&mb);
            narrowed.retain(|n| n % 3 != 0);
            let expected: Vec<u32> = model.iter().copied().filter(|n| a.contains(n) && !b.contains(n) && n % 3 != 0).collect();
            proptest::prop_assert_eq!(narrowed.iter().collect::<Vec<_>>(), expected.clone());
            narrowed.compact();
            proptest::prop_assert_eq!(narrowed.iter().collect::<Vec<_>>(), expected.clone());
            proptest::prop_assert_eq!(narrowed.count(), expected.len());
            proptest::prop_assert!((0..1_000).all(|n| narrowed.contains(n) == expected.contains(&n)));
            let mut either = selection.clone();
            either.and_any(&[&ma, &mb]);
            proptest::prop_assert_eq!(either.count(), model.iter().filter(|n| a.contains(n) || b.contains(n)).count());
            let mut sure = selection;
            sure.retain_sure_or(&ma, &mb, |n| n % 2 == 0);
            proptest::prop_assert_eq!(sure.iter().collect::<Vec<_>>(), model.iter().copied().filter(|n| a.contains(n) || b.contains(n) && n % 2 == 0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_sorted_list_and_a_bitmap_become_selections() {
        let list = [0, 63, 64, 65, 700];
        assert_eq!(Selection::of_sorted(list).iter().collect::<Vec<_>>(), list);
        let mut map = Bitmap::with_room(701);
        list.iter().for_each(|n| map.insert(*n));
        assert_eq!(Selection::everything(&map).count(), 5);
        assert_eq!((map.iter().count(), map.iter().last(), map.is_empty()), (5, Some(700), false));
        assert_eq!(map.count_without(&[&bitmap(&[0, 1, 700].into()), &bitmap(&[65].into())]), 2);
        map.remove(63);
        map.set(64, false);
        assert!(!map.contains(63) && !map.contains(64) && map.contains(65) && !map.contains(9_999));
    }
}
