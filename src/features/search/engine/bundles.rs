//! Amenities that few listings have, several in one set. Where a bundle has too few matches none of its amenities can be among
//! the most frequent, and one set has been read in place of several.
//!
//! Bundles are made of the sets of the corpus, and are not part of its snapshot.

use super::bits::Bitmap;
use super::corpus::Corpus;
use crate::features::listings::amenities::{AmenitySet, CATALOGUE};
use std::cmp::Reverse;

/// A bundle has no more listings than one in so many: of many matches more have the amenity that is fortieth.
const SHARE: usize = 4;

#[derive(Debug)]
pub(super) struct Bundle {
    /// Places in the catalogue.
    pub amenities: Vec<usize>,
    /// Whoever has one of them, and perhaps some who had.
    pub set: Bitmap,
}

#[derive(Debug)]
pub(crate) struct Bundles {
    /// The amenities that are in no bundle, commonest first.
    pub(super) alone: Vec<usize>,
    pub(super) bundles: Vec<Bundle>,
    /// The bundle that each amenity is in.
    place: Vec<Option<u8>>,
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
        let mut commonest_first: Vec<usize> = (0..CATALOGUE.len()).collect();
        commonest_first.sort_by_key(|amenity| Reverse(have(*amenity)));
        let mut made = Self { alone: Vec::new(), ..Self::none() };
        let mut room = 0;
        for amenity in commonest_first {
            if have(amenity) * 2 > most {
                made.alone.push(amenity);
                continue;
            }
            if made.bundles.is_empty() || have(amenity) > room {
                made.bundles.push(Bundle { amenities: Vec::new(), set: Bitmap::with_room(corpus.room) });
                room = most;
            }
            room -= have(amenity);
            made.place[amenity] = u8::try_from(made.bundles.len() - 1).ok();
            if let (Some(bundle), Some(set)) = (made.bundles.last_mut(), corpus.amenities.get(amenity)) {
                bundle.amenities.push(amenity);
                bundle.set.add(set);
            }
        }
        made
    }

    /// Notes what a listing has now. What it had before may stay in the sets: they say who cannot be left out.
    pub(super) fn put(&mut self, ordinal: u32, amenities: AmenitySet) {
        for amenity in amenities.iter() {
            if let Some(bundle) = self.place[usize::from(amenity)] {
                self.bundles[usize::from(bundle)].set.insert(ordinal);
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
