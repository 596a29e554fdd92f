//! Who has a word, and in which of three zones: the title, the place, or the rest.

use super::super::bits::{Bitmap, Selection};

/// From one listing in so many on, a set is kept as bits: four times the memory of a list at the worst, and far faster.
const DENSE: u32 = 128;

/// A set of ordinals in the shape that is smaller.
#[derive(Debug)]
pub(crate) enum Hits {
    /// Ascending, without repetition.
    Few(Box<[u32]>),
    Many(Bitmap),
}

impl Hits {
    /// From ordinals in any order, perhaps repeated, of a corpus of `total`.
    pub(crate) fn of(mut ordinals: Vec<u32>, total: u32) -> Self {
        if ordinals.len() > (total / DENSE) as usize {
            let mut map = Bitmap::with_room(total as usize);
            ordinals.iter().for_each(|n| map.insert(*n));
            return Self::Many(map);
        }
        ordinals.sort_unstable();
        ordinals.dedup();
        Self::Few(ordinals.into())
    }

    pub(crate) fn contains(&self, ordinal: u32) -> bool {
        match self {
            Self::Few(list) => list.binary_search(&ordinal).is_ok(),
            Self::Many(map) => map.contains(ordinal),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Few(list) => list.is_empty(),
            Self::Many(map) => map.is_empty(),
        }
    }

    /// At most how many ordinals there are; cheap.
    pub(crate) fn at_most(&self) -> usize {
        match self {
            Self::Few(list) => list.len(),
            Self::Many(_) => usize::MAX,
        }
    }

    /// The whole set as a selection.
    pub(crate) fn selection(&self) -> Selection {
        match self {
            Self::Few(list) => Selection::of_sorted(list.iter().copied()),
            Self::Many(map) => Selection::everything(map),
        }
    }

    /// Bytes of memory.
    fn bytes(&self) -> usize {
        match self {
            Self::Few(list) => list.len() * 4,
            Self::Many(map) => map.bytes(),
        }
    }

    /// Keeps in `selection` what is here too, the cheaper way round.
    pub(crate) fn narrow(&self, selection: &mut Selection) {
        match self {
            Self::Many(map) => selection.and(map),
            Self::Few(list) if list.len() < selection.words() => {
                *selection = Selection::of_sorted(list.iter().copied().filter(|n| selection.contains(*n)));
            }
            Self::Few(list) => selection.retain(|n| list.binary_search(&n).is_ok()),
        }
    }
}

/// What a word hits: anywhere, and by zone.
#[derive(Debug)]
pub(crate) struct WordHits {
    pub anywhere: Hits,
    pub title: Hits,
    pub place: Hits,
}

/// How much a word counts in the title, in the place, and anywhere else.
const WEIGHTS: [u64; 3] = [4, 3, 1];
/// The most that one word can count.
pub(crate) const MOST_WEIGHT: i64 = 4;

impl WordHits {
    /// How much the word counts for a listing that has it.
    pub(crate) fn weight(&self, ordinal: u32) -> u64 {
        if self.title.contains(ordinal) {
            WEIGHTS[0]
        } else if self.place.contains(ordinal) {
            WEIGHTS[1]
        } else {
            WEIGHTS[2]
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        128 + self.anywhere.bytes() + self.title.bytes() + self.place.bytes()
    }
}
