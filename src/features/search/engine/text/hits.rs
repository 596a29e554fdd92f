//! Who has a word, and in which of three zones: the title, the place, or the rest.

use super::super::bits::Bitmap;
use super::super::selection::Selection;

/// From one listing in so many on, a set is kept as bits: four times the memory of a list at the worst, and far faster.
const DENSE: u32 = 128;

/// A set of ordinals in the shape that is smaller.
#[derive(Debug)]
pub(crate) enum Hits {
    /// Ascending, without repetition.
    Few(Box<[u32]>),
    Many(Bitmap),
}

/// Collects ordinals in any order, perhaps repeated, and never takes more memory than one bitmap and a short list.
pub(crate) struct Gathering {
    total: u32,
    few: Vec<u32>,
    many: Option<Bitmap>,
}

impl Gathering {
    /// Of a corpus with so many ordinals.
    pub(crate) fn new(total: u32) -> Self {
        Self { total, few: Vec::new(), many: None }
    }

    #[inline]
    pub(crate) fn push(&mut self, ordinal: u32) {
        match &mut self.many {
            Some(many) => many.insert(ordinal),
            None => {
                self.few.push(ordinal);
                if self.few.len() > (self.total / DENSE) as usize {
                    let mut many = Bitmap::with_room(self.total as usize);
                    self.few.drain(..).for_each(|n| many.insert(n));
                    self.many = Some(many);
                }
            }
        }
    }

    pub(crate) fn hits(self) -> Hits {
        if let Some(many) = self.many {
            return Hits::Many(many);
        }
        let mut few = self.few;
        few.sort_unstable();
        few.dedup();
        Hits::Few(few.into())
    }
}

impl Hits {
    /// Those of several sets together.
    pub(crate) fn union(sets: &[&Self], total: u32) -> Self {
        let mut all = Gathering::new(total);
        for set in sets {
            match set {
                Self::Few(list) => list.iter().for_each(|n| all.push(*n)),
                Self::Many(map) => map.iter().for_each(|n| all.push(n)),
            }
        }
        all.hits()
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

impl Hits {
    /// The ordinals when they are few.
    pub(crate) fn few(&self) -> Option<&[u32]> {
        match self {
            Self::Few(list) => Some(list),
            Self::Many(_) => None,
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

    /// The most the word counts for listings that are not in a zone with few hits.
    pub(crate) fn usual_most(&self) -> i64 {
        match (&self.title, &self.place) {
            (Hits::Many(_), _) => MOST_WEIGHT,
            (_, Hits::Many(_)) => 3,
            _ => 1,
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        128 + self.anywhere.bytes() + self.title.bytes() + self.place.bytes()
    }
}
