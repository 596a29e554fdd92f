//! Sets of listings as bits: one bit per ordinal, 64 ordinals a word.
//!
//! A [`Bitmap`] spans the whole corpus (an amenity, a night); a [`super::selection::Selection`] is what a question narrows.
//! The loops over many words are in `kernels.rs`.

use super::kernels::{self, Count, Narrow};

/// A set over all ordinals; bits beyond its length are zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Bitmap {
    pub(super) words: Vec<u64>,
}

/// The word and the bit of an ordinal.
pub(super) fn place(ordinal: u32) -> (usize, u64) {
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

    /// Everybody in `other` too.
    pub(super) fn add(&mut self, other: &Self) {
        if self.words.len() < other.words.len() {
            self.words.resize(other.words.len(), 0);
        }
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine |= theirs;
        }
    }

    pub(crate) fn set(&mut self, ordinal: u32, present: bool) {
        if present { self.insert(ordinal) } else { self.remove(ordinal) }
    }

    /// How many are in none of `others`. Every set is read once, a part that fits the nearest cache at a time.
    pub(crate) fn count_without(&self, others: &[&Self]) -> usize {
        const PART: usize = 512;
        let mut room = [0; PART];
        let mut sum = 0;
        for (part, mine) in self.words.chunks(PART).enumerate() {
            let left = &mut room[..mine.len()];
            left.copy_from_slice(mine);
            kernels::run(Narrow { word: part * PART, bits: left, within: &[], without: others });
            sum += kernels::run(Count(left));
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

    pub(super) fn word(&self, word: usize) -> u64 {
        self.words.get(word).copied().unwrap_or(0)
    }

    /// The part of `len` words from `word` on that exists; the rest is zero.
    pub(super) fn stretch(&self, word: usize, len: usize) -> &[u64] {
        let from = word.min(self.words.len());
        &self.words[from..(word + len).min(self.words.len())]
    }
}

/// The first ordinal of a word. Ordinals are `u32`, so words are fewer than 2^26.
pub(super) fn first_of(word: usize) -> u32 {
    u32::try_from(word * 64).unwrap_or(u32::MAX)
}

/// The ordinals of the set bits of one word.
pub(super) struct Ones {
    pub bits: u64,
    pub base: u32,
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
