//! Both ways of counting, held against a plain reading of the listings.

use super::super::bits::Bitmap;
use super::super::build::{self, Calendars};
use super::super::listing::{Entry, Facts};
use super::super::testing::{facts, mix, town};
use super::*;
use crate::features::calendar::rules::Days;
use crate::features::listings::SearchableFields;
use crate::features::listings::amenities::AmenitySet;
use crate::features::search::engine::Change;
use crate::values::{ListingId, Night};
use std::collections::BTreeMap;

type Listings = BTreeMap<ListingId, Facts>;

/// What a reader with a pencil would count.
fn plain_count(matches: &[&Facts]) -> Facets {
    let sorted = |counts: BTreeMap<String, usize>| {
        let mut counts: Vec<(String, usize)> = counts.into_iter().collect();
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        counts
    };
    let (mut types, mut amenities, mut bedrooms) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    for facts in matches {
        *types.entry(facts.property_type.to_string()).or_insert(0) += 1;
        facts.amenities.iter().for_each(|n| *amenities.entry(CATALOGUE[usize::from(n)].key.to_owned()).or_insert(0) += 1);
        if let Some(n) = facts.bedrooms {
            *bedrooms.entry(n.min(16)).or_insert(0) += 1;
        }
    }
    let key = |name: &str| CATALOGUE.iter().find(|amenity| amenity.key == name).unwrap().key;
    let currency = matches[0].currency;
    let shared = matches.iter().all(|facts| facts.currency == currency);
    let in_band = |n: usize| matches.iter().filter(|facts| prices::band(facts.price, currency) == n).count();
    let bands = |n: usize| (prices::edges(n, currency).0, prices::edges(n, currency).1, in_band(n));
    Facets {
        room_types: RoomType::ALL
            .map(|room| (room, matches.iter().filter(|facts| facts.room_type == room).count()))
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect(),
        property_types: sorted(types),
        amenities: sorted(amenities).into_iter().take(40).map(|(name, count)| (key(&name), count)).collect(),
        bedrooms: bedrooms.into_iter().collect(),
        prices: shared.then(|| Histogram { currency, bands: (0..=BOUNDS.len()).map(bands).collect() }),
    }
}

/// Counts one listing in `share` of a corpus in both ways, and with a pencil.
fn expect_plain_count(corpus: &Corpus, listings: &Listings, share: u64, what: &str) {
    let mut selection = Selection::everything(&corpus.live);
    selection.retain(|ordinal| mix(share, ordinal.into(), 77).is_multiple_of(share));
    let matches: Vec<&Facts> = selection.iter().map(|ordinal| &listings[&corpus.columns.ids[ordinal as usize]]).collect();
    let (expected, total) = (plain_count(&matches), selection.count());
    assert_eq!(corpus.facets_by_match(&selection, total), expected, "by match, one in {share}, {what}");
    assert_eq!(corpus.facets_by_set(&selection, total), expected, "by set, one in {share}, {what}");
}

fn corpus_of(listings: &Listings) -> Corpus {
    build::corpus(listings.values().cloned().collect(), &Calendars::default(), Night(20_000), SearchableFields::default())
}

fn listings_of(facts: Vec<Facts>) -> Listings {
    facts.into_iter().map(|facts| (facts.id, facts)).collect()
}

#[test]
fn both_ways_count_what_a_plain_reading_does_whatever_has_changed() {
    for seed in [21, 22] {
        let mut corpus = town(seed, 2_000);
        let mut listings = listings_of(facts(seed, 2_000));
        let ids: Vec<ListingId> = listings.keys().copied().collect();
        let check =
            |corpus: &Corpus, listings: &Listings, what| [1, 2, 3, 17, 150].into_iter().for_each(|share| expect_plain_count(corpus, listings, share, what));
        check(&corpus, &listings, "as built");
        for (n, newer) in (0..).zip(facts(seed + 100, 2_500)) {
            let known = usize::try_from(n).ok().and_then(|place| ids.get(place)).copied();
            if known.is_some() && n % 3 == 0 {
                continue;
            }
            if let Some(id) = known.filter(|_| n % 3 == 1 && n % 4 == 0) {
                listings.remove(&id);
                corpus.apply(Change::Gone(id));
                continue;
            }
            let mut changed = Facts { id: known.unwrap_or(newer.id), ..newer };
            // The rarest become common, a common one goes, and there are new kinds of home.
            (140..150)
                .filter(|amenity| !mix(seed, n, *amenity).is_multiple_of(3))
                .for_each(|amenity| changed.amenities.insert(u16::try_from(amenity).unwrap()));
            let mut words = changed.amenities.words();
            words[0] &= !1;
            changed.amenities = AmenitySet::from_words(words);
            if n % 5 == 0 {
                changed.property_type = format!("new_type_{}", n % 30).into();
            }
            if let (Some(id), true) = (known, n % 2 == 0) {
                // Where it was; the others have moved on the map.
                (changed.lat, changed.lng) = (listings[&id].lat, listings[&id].lng);
            }
            corpus.apply(Change::Put(Box::new(Entry { facts: changed.clone(), days: Days::default() })));
            listings.insert(changed.id, changed);
        }
        assert!(corpus.columns.ids.len() > listings.len() + 100, "there are dead ordinals");
        check(&corpus, &listings, "changed");
        corpus.rank();
        check(&corpus, &listings, "ranked again");
    }
}

#[test]
fn amenities_with_as_many_matches_go_by_their_key_wherever_they_are_counted() {
    let with = |amenities: &dyn Fn(usize) -> Vec<usize>, count: usize| -> Listings {
        let give = |(n, mut facts): (usize, Facts)| {
            facts.amenities = AmenitySet::default();
            amenities(n).into_iter().for_each(|amenity| facts.amenities.insert(u16::try_from(amenity).unwrap()));
            facts
        };
        listings_of(facts(31, count as u64).into_iter().enumerate().map(give).collect())
    };
    // All have all: many of them have no place in a row.
    let all = with(&|_| (0..150).collect(), 401);
    // The same for as many as there are lines, one less and one more.
    let few = |most: usize| with(&move |_| (0..most).collect(), 403);
    // A tenth has what comes first by its key, and that in a bundle; half have forty others.
    let first = (0..CATALOGUE.len()).min_by_key(|amenity| CATALOGUE[*amenity].key).unwrap();
    let bundled = with(&|n| (0..150).filter(|amenity| if *amenity == first { n < 40 } else { n < 200 && *amenity > 100 && *amenity <= 140 }).collect(), 400);
    // Many bundles, and nothing that is not in one.
    let rare = with(&|n| vec![n % 60, 60 + n % 61], 611);
    for (what, listings) in [("all", all), ("39", few(39)), ("40", few(40)), ("41", few(41)), ("bundled", bundled), ("rare", rare)] {
        let corpus = corpus_of(&listings);
        [1, 2, 9].into_iter().for_each(|share| expect_plain_count(&corpus, &listings, share, what));
        let only_first = |ordinal: u32| listings[&corpus.columns.ids[ordinal as usize]].amenities.iter().any(|n| usize::from(n) == first);
        let mut selection = Selection::everything(&corpus.live);
        selection.retain(only_first);
        let matches: Vec<&Facts> = selection.iter().map(|ordinal| &listings[&corpus.columns.ids[ordinal as usize]]).collect();
        if let Some(total) = Some(selection.count()).filter(|total| *total > 0) {
            assert_eq!(corpus.facets_by_match(&selection, total), plain_count(&matches), "{what}");
            assert_eq!(corpus.facets_by_set(&selection, total), plain_count(&matches), "{what}");
        }
    }
}

#[test]
fn bedrooms_are_counted_however_many_the_largest_has() {
    for largest in [None, Some(0_u8), Some(1), Some(5), Some(6), Some(7), Some(16), Some(17), Some(90)] {
        let mut towns = facts(41, 700);
        for (n, facts) in towns.iter_mut().enumerate() {
            facts.bedrooms = largest.filter(|_| n % 7 > 0).map(|most| u8::try_from(n % (usize::from(most) + 1)).unwrap());
        }
        let listings = listings_of(towns);
        expect_plain_count(&corpus_of(&listings), &listings, 1, &format!("{largest:?}"));
    }
}

#[test]
fn many_property_types_are_told_apart() {
    let mut many = facts(5, 3_000);
    for (n, facts) in many.iter_mut().enumerate() {
        facts.property_type = format!("type_{}", n % 1_300).into();
    }
    let listings = listings_of(many);
    let corpus = corpus_of(&listings);
    let counted = corpus.facets_by_match(&Selection::everything(&corpus.live), 3_000);
    assert_eq!((counted.property_types.len(), counted.property_types[0].1, counted.property_types[1_299].1), (1_300, 3, 2));
    [1, 2, 9].into_iter().for_each(|share| expect_plain_count(&corpus, &listings, share, "1,300 types"));
}

#[test]
fn words_that_a_set_never_had_are_empty() {
    let listings = listings_of(facts(51, 900));
    let mut corpus = corpus_of(&listings);
    for set in corpus.amenities.iter_mut().chain(&mut corpus.property_types) {
        *set = Bitmap::from_words(set.words().iter().copied(), corpus.columns.ids.len().try_into().unwrap(), 0);
    }
    [1, 4].into_iter().for_each(|share| expect_plain_count(&corpus, &listings, share, "short sets"));
}
