//! Sets of listings as bits: one bit per ordinal, 64 ordinals a word.
//!
//! A [`Bitmap`] spans the whole corpus (an amenity, a night). A [`Selection`] is the set a query is narrowing: only
//! the stretches of words its area touches, so a map search costs what its box holds and not what the corpus holds.
//! The loops over words are compiled for the machine's vector instructions by `pulp`, which picks at run time.

use pulp::Arch;
use std::sync::LazyLock;

static ARCH: LazyLock<Arch> = LazyLock::new(Arch::new);

/// A set over all ordinals; bits beyond its length are zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bitmap {
    words: Vec<u64>,
}

/// The word and the bit of an ordinal.
fn place(ordinal: u32) -> (usize, u64) {
    ((ordinal / 64) as usize, 1 << (ordinal % 64))
}

impl Bitmap {
    /// An empty set with room for `ordinals` of them.
    pub(crate) fn with_room(ordinals: usize) -> Self {
        Self { words: vec![0; ordinals.div_ceil(64)] }
    }

    /// The words up to the last that is not empty.
    pub(crate) fn words(&self) -> &[u64] {
        &self.words[..self.words.iter().rposition(|word| *word != 0).map_or(0, |last| last + 1)]
    }

    /// A set of these words, without the ordinals from `end` on, with room for `ordinals` of them.
    pub(crate) fn from_words(words: impl Iterator<Item = u64>, end: u32, ordinals: usize) -> Self {
        let mut own = Vec::with_capacity(ordinals.max(end as usize).div_ceil(64));
        own.extend(words);
        let (last, bit) = place(end);
        own.truncate(last + 1);
        own.iter_mut().skip(last).for_each(|word| *word &= bit - 1);
        own.resize(own.capacity().max(own.len()), 0);
        Self { words: own }
    }

    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        let (word, bit) = place(ordinal);
        self.words.get(word).is_some_and(|w| w & bit != 0)
    }

    pub(crate) fn insert(&mut self, ordinal: u32) {
        let (word, bit) = place(ordinal);
        if word >= self.words.len() {
            // In steps, and never by doubling: hundreds of these sets make up most of the memory.
            let needed = (word + 1).next_multiple_of(64);
            self.words.reserve_exact(needed - self.words.len());
            self.words.resize(needed, 0);
        }
        self.words[word] |= bit;
    }

    pub(crate) fn remove(&mut self, ordinal: u32) {
        let (word, bit) = place(ordinal);
        if let Some(w) = self.words.get_mut(word) {
            *w &= !bit;
        }
    }

    pub(crate) fn set(&mut self, ordinal: u32, present: bool) {
        if present { self.insert(ordinal) } else { self.remove(ordinal) }
    }

    /// How many are in none of `others`. Every set is read once, a piece that fits the nearest cache at a time.
    pub(crate) fn count_without(&self, others: &[&Self]) -> usize {
        const PIECE: usize = 512;
        let mut sum = 0;
        for from in (0..self.words.len()).step_by(PIECE) {
            let mine = self.stretch(from, PIECE);
            let mut room = [0_u64; PIECE];
            let left = &mut room[..mine.len()];
            left.copy_from_slice(mine);
            ARCH.dispatch(
                #[inline(always)]
                || {
                    for other in others {
                        for (a, b) in left.iter_mut().zip(other.stretch(from, mine.len())) {
                            *a &= !b;
                        }
                    }
                    sum += left.iter().map(|w| w.count_ones() as usize).sum::<usize>();
                },
            );
        }
        sum
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.iter().all(|w| *w == 0)
    }

    /// Bytes of memory.
    pub(crate) fn bytes(&self) -> usize {
        self.words.capacity() * 8
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().enumerate().flat_map(|(word, bits)| Ones { bits: *bits, base: first_of(word) })
    }

    fn word(&self, word: usize) -> u64 {
        self.words.get(word).copied().unwrap_or(0)
    }

    /// The part of `len` words from `word` on that exists; the rest is zero.
    fn stretch(&self, word: usize, len: usize) -> &[u64] {
        let from = word.min(self.words.len());
        &self.words[from..(word + len).min(self.words.len())]
    }
}

/// The first ordinal of a word. Ordinals are `u32`, so words are fewer than 2^26.
fn first_of(word: usize) -> u32 {
    u32::try_from(word * 64).unwrap_or(u32::MAX)
}

/// The ordinals of the set bits of one word.
struct Ones {
    bits: u64,
    base: u32,
}

impl Iterator for Ones {
    type Item = u32;
    #[inline]
    fn next(&mut self) -> Option<u32> {
        if self.bits == 0 {
            return None;
        }
        let bit = self.bits.trailing_zeros();
        self.bits &= self.bits - 1;
        Some(self.base + bit)
    }
}

/// A stretch of consecutive words of a [`Selection`].
#[derive(Debug, Clone, Copy)]
struct Run {
    /// Its first word in the corpus.
    word: usize,
    /// Where its bits begin in the selection.
    start: usize,
    len: usize,
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

    /// Keeps what is in `other` too.
    pub(crate) fn and(&mut self, other: &Bitmap) {
        let Self { runs, bits } = self;
        ARCH.dispatch(
            #[inline(always)]
            || {
                for run in runs.iter() {
                    if run.len == 1 {
                        bits[run.start] &= other.word(run.word);
                        continue;
                    }
                    let mine = &mut bits[run.start..run.start + run.len];
                    let theirs = other.stretch(run.word, run.len);
                    for (a, b) in mine.iter_mut().zip(theirs) {
                        *a &= b;
                    }
                    mine[theirs.len()..].fill(0);
                }
            },
        );
    }

    /// Drops what is in `other`.
    pub(crate) fn and_not(&mut self, other: &Bitmap) {
        let Self { runs, bits } = self;
        ARCH.dispatch(
            #[inline(always)]
            || {
                for run in runs.iter() {
                    if run.len == 1 {
                        bits[run.start] &= !other.word(run.word);
                        continue;
                    }
                    for (a, b) in bits[run.start..run.start + run.len].iter_mut().zip(other.stretch(run.word, run.len)) {
                        *a &= !b;
                    }
                }
            },
        );
    }

    /// Keeps what is in at least one of `others`.
    pub(crate) fn and_any(&mut self, others: &[&Bitmap]) {
        if let [only] = others {
            return self.and(only);
        }
        self.map_words(|word, bits| bits & others.iter().fold(0, |any, other| any | other.word(word)));
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

    /// Keeps `sure`, and of `maybe` those for which `keep` says yes; drops all others.
    pub(crate) fn retain_sure_or(&mut self, sure: &Bitmap, maybe: &Bitmap, mut keep: impl FnMut(u32) -> bool) {
        self.map_words(|word, bits| (bits & sure.word(word)) | filter_word(word, bits & maybe.word(word) & !sure.word(word), &mut keep));
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

    /// How many are left.
    pub(crate) fn count(&self) -> usize {
        ARCH.dispatch(
            #[inline(always)]
            || self.bits.iter().map(|w| w.count_ones() as usize).sum(),
        )
    }

    /// How many are left that are in `other` too.
    pub(crate) fn count_and(&self, other: &Bitmap) -> usize {
        ARCH.dispatch(
            #[inline(always)]
            || {
                let mut sum = 0;
                for run in &self.runs {
                    if run.len == 1 {
                        sum += (self.bits[run.start] & other.word(run.word)).count_ones() as usize;
                        continue;
                    }
                    let theirs = other.stretch(run.word, run.len);
                    sum += self.bits[run.start..run.start + run.len].iter().zip(theirs).map(|(a, b)| (a & b).count_ones() as usize).sum::<usize>();
                }
                sum
            },
        )
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.bits.iter().all(|w| *w == 0)
    }

    /// How many words it holds: what a pass over it costs.
    pub(crate) fn words(&self) -> usize {
        self.bits.len()
    }

    /// Forgets the words that became empty, so that later passes are shorter.
    pub(crate) fn compact(&mut self) {
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

#[inline]
fn filter_word(word: usize, bits: u64, keep: &mut impl FnMut(u32) -> bool) -> u64 {
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
