//! Amenities that few listings have, several in one set. Where a bundle has too few matches none of its amenities can be among
//! the most frequent, and one set has been read in place of several.
//!
//! Bundles are made of the sets of the corpus, and are not part of its snapshot.

use super::bits::Bitmap;
use super::corpus::Corpus;
use crate::features::listings::amenities::{AmenitySet, CATALOGUE};

/// A bundle has no more listings than one in so many: of many matches more have the amenity that is fortieth.
const SHARE: usize = 4;

/// Rare amenities that share a set.
#[derive(Debug)]
pub(super) struct Bundle {
    /// Places in the catalogue.
    pub amenities: Vec<usize>,
    /// Whoever has one of them, and perhaps some who had.
    pub set: Bitmap,
}

/// How the amenities of the catalogue are counted by sets: alone, or in bundles first.
#[derive(Debug)]
pub(crate) struct Bundles {
    /// The amenities that are in no bundle, commonest first.
    pub(super) alone: Vec<usize>,
    pub(super) bundles: Vec<Bundle>,
    /// The bundle that each amenity is in.
    place: Vec<Option<usize>>,
}

impl Bundles {
    /// No bundles yet: every amenity for itself.
    pub(super) fn none() -> Self {
        Self { alone: (0..CATALOGUE.len()).collect(), bundles: Vec::new(), place: vec![None; CATALOGUE.len()] }
    }

    /// Bundles of what is rare in this corpus.
    pub(super) fn of(corpus: &Corpus) -> Self {
        let most = corpus.live_count / SHARE;
        let have = |amenity: usize| corpus.amenity_counts.get(amenity).map_or(0, |count| *count as usize);
        let mut made = Self { alone: Vec::new(), ..Self::none() };
        let mut room = 0;
        for amenity in corpus.amenities_commonest_first().into_iter().map(usize::from) {
            if have(amenity) * 2 > most {
                made.alone.push(amenity);
                continue;
            }
            if made.bundles.is_empty() || have(amenity) > room {
                made.bundles.push(Bundle { amenities: Vec::new(), set: Bitmap::with_room(corpus.room) });
                room = most;
            }
            room -= have(amenity);
            let number = made.bundles.len() - 1;
            made.bundles[number].amenities.push(amenity);
            made.bundles[number].set.add(&corpus.amenities[amenity]);
            made.place[amenity] = Some(number);
        }
        made
    }

    /// Notes what a listing has now. What it had before may stay in the sets: they say who cannot be left out.
    pub(super) fn put(&mut self, ordinal: u32, amenities: AmenitySet) {
        for amenity in amenities.iter() {
            if let Some(bundle) = self.place[usize::from(amenity)] {
                self.bundles[bundle].set.insert(ordinal);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{facts, town};
    use super::*;

    #[test]
    fn every_amenity_is_alone_or_in_a_bundle_that_has_all_who_have_it() {
        let mut corpus = town(11, 2_000);
        assert!(corpus.bundles.bundles.len() > 1 && corpus.bundles.alone.len() > 1, "{:?}", corpus.bundles);
        let newcomers = facts(12, 2_000);
        (0..).zip(&newcomers).for_each(|(ordinal, facts)| corpus.bundles.put(ordinal, facts.amenities));
        let mut seen: Vec<usize> = corpus.bundles.alone.clone();
        for bundle in &corpus.bundles.bundles {
            seen.extend(&bundle.amenities);
            for amenity in &bundle.amenities {
                let now = (0..).zip(&newcomers).filter(|(_, facts)| facts.amenities.iter().any(|n| usize::from(n) == *amenity)).map(|(ordinal, _)| ordinal);
                assert!(corpus.amenities[*amenity].iter().chain(now).all(|ordinal| bundle.set.contains(ordinal)), "{amenity}");
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..CATALOGUE.len()).collect::<Vec<_>>());
    }
}
