//! Corpora made up for unit tests.

use super::build::{self, Calendars};
use super::corpus::Corpus;
use super::listing::{Facts, RoomType};
use super::query::{Query, Sort};
use crate::features::calendar::rules::{DayOverride, Days, Party, Terms};
use crate::features::listings::amenities::AmenitySet;
use crate::features::pricing::ChildAges;
use crate::values::{Currency, Instant, ListingId, Night, NightRange, UserId};
use uuid::Uuid;

/// Numbers that look random and are the same each time.
pub(super) fn mix(seed: u64, n: u64, salt: u64) -> u64 {
    let mut x = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ n.wrapping_mul(0xbf58_476d_1ce4_e5b9) ^ salt.wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^= x >> 31;
    x = x.wrapping_mul(0xd6e8_feb8_6659_fd93);
    x ^ (x >> 32)
}

fn below(seed: u64, n: u64, salt: u64, bound: u64) -> u64 {
    mix(seed, n, salt) % bound
}

fn small(n: u64) -> u8 {
    u8::try_from(n).unwrap()
}

/// So many listings of every kind, with nothing taken.
pub(super) fn town(seed: u64, listings: u64) -> Corpus {
    build::corpus(facts(seed, listings), &Calendars::default(), Night(20_000), crate::features::listings::SearchableFields::default())
}

/// The listings of a town.
pub(super) fn facts(seed: u64, listings: u64) -> Vec<Facts> {
    let currencies = ["EUR", "JPY"].map(|code| Currency::parse(code).unwrap());
    let facts = (0..listings).map(|n| {
        let pick = |salt, bound| below(seed, n, salt, bound);
        let mut amenities = AmenitySet::default();
        (0..150).filter(|key| pick(100 + key, 1 + key / 10) == 0).for_each(|key| amenities.insert(u16::try_from(key).unwrap()));
        Facts {
            id: ListingId(Uuid::from_u64_pair(n, mix(seed, n, 1))),
            host: UserId(Uuid::from_u64_pair(0, pick(2, 50))),
            room_type: RoomType::ALL[usize::try_from(pick(3, 4)).unwrap()],
            property_type: format!("type_{}", pick(4, 20)).into(),
            city: "Town".into(),
            neighbourhood: format!("Quarter {}", pick(5, 7)).into(),
            lat: f64::from(small(pick(6, 90))),
            lng: f64::from(small(pick(7, 180))),
            zone: "Europe/Berlin".into(),
            currency: currencies[usize::from(seed.is_multiple_of(2) && pick(8, 2) == 0)],
            price: i64::try_from(pick(9, 150_000)).unwrap() + 1,
            pricing: None,
            bedrooms: (pick(10, 5) > 0).then(|| small(pick(11, 20))),
            beds: Some(small(pick(12, 9))),
            bathrooms_halves: Some(small(pick(13, 9))),
            amenities,
            instant_book: pick(14, 2) == 0,
            top_host: pick(15, 3) == 0,
            rating_centi: Some(u16::try_from(400 + pick(16, 100)).unwrap()),
            review_count: u32::try_from(pick(17, 300)).unwrap(),
            created_at: Instant(i64::try_from(n).unwrap()),
            custom: Vec::new(),
            terms: Terms { bookable: true, capacity: 4, max_nights: 30, window_days: 365, ..super::columns::CLOSED },
        }
    });
    facts.collect()
}

/// Gives one listing in so many nights with prices of their own, and a new base price to some others.
pub(super) fn vary_prices(corpus: &mut Corpus, share: u64) {
    let total = u64::from(corpus.ordinals());
    for n in (0..total).filter(|n| below(9, *n, 1, share) == 0) {
        let ordinal = usize::try_from(n).unwrap();
        let (id, base) = (corpus.columns.ids[ordinal], corpus.columns.prices[ordinal]);
        let night = |k: u64| Night(20_000 + i32::try_from(below(9, n, 2 + k, 9)).unwrap());
        let price = |k: u64| std::num::NonZeroI64::new(base * i64::try_from(below(9, n, 8 + k, 30)).unwrap() / 10 + 1);
        let day = |k: u64| DayOverride {
            range: NightRange { from: night(k), to: night(k).plus(1) },
            price_minor: price(k),
            min_nights: None,
            max_nights: None,
            closed_to_arrival: None,
            closed_to_departure: None,
        };
        let mut overrides: Vec<DayOverride> = (0..4).map(day).collect();
        overrides.sort_by_key(|day| day.range.from);
        overrides.dedup_by_key(|day| day.range.from);
        corpus.put_days(id, Days { overrides, ..Days::default() });
    }
}

/// The question that everything answers.
pub(super) fn everything() -> Query {
    Query {
        words: Vec::new(),
        wordless: false,
        city: None,
        area: None,
        dates: None,
        party: Party { adults: 1, children: 0, infants: 0, pets: 0 },
        ages: ChildAges::default(),
        price: None,
        currency: None,
        room_types: Vec::new(),
        property_types: Vec::new(),
        amenities: Vec::new(),
        bedrooms_min: 0,
        beds_min: 0,
        bathrooms_halves_min: 0,
        instant_book: None,
        top_host: None,
        rating_centi_min: None,
        reviews_min: 0,
        host: None,
        custom: Vec::new(),
        sort: Sort::Relevance,
        facets: false,
        limit: 20,
        after: None,
        now: Instant(0),
    }
}
