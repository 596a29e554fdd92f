//! Seeded questions: boxes, dates, guests, prices and words as guests ask them.

use super::chance::Chance;
use super::corpus::Corpus;
use std::collections::HashMap;
use stopover::features::search::{Ask, Flex, RoomType, Sort};
use stopover::platform::db::{DbError, Json};
use stopover::platform::wire::DateAsk;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Topic {
    /// A box and guests: moving the map.
    Map,
    /// A box, dates, guests, filters, and words in a fifth of them; with facets.
    Full,
    /// The same without words.
    FullNoWords,
    /// Everywhere: dates, guests, filters; with facets.
    Whole,
    /// Everywhere, with dates, cheapest first.
    WholeByPrice,
    /// Everywhere, any week of two months: guests, filters; with facets.
    FlexWeek,
    /// The same, cheapest first.
    FlexWeekByPrice,
    /// Everywhere, some nights within two months.
    FlexWindow,
    /// Everywhere, weekends of two months.
    FlexWeekend,
    /// Everywhere, dates that may be moved by a week to either side.
    FlexShift,
    /// A box, any week of two months; with facets.
    FlexMap,
    /// Words alone.
    Text,
    /// Words alone; with facets.
    TextFacets,
}

impl Topic {
    pub(crate) const ALL: [Self; 13] = [
        Self::Map,
        Self::Full,
        Self::FullNoWords,
        Self::Whole,
        Self::WholeByPrice,
        Self::FlexWeek,
        Self::FlexWeekByPrice,
        Self::FlexWindow,
        Self::FlexWeekend,
        Self::FlexShift,
        Self::FlexMap,
        Self::Text,
        Self::TextFacets,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Map => "map: box, guests",
            Self::Full => "full: box, dates, guests, filters, words in 20 %, facets",
            Self::FullNoWords => "full without words",
            Self::Whole => "whole corpus: dates, guests, filters, facets",
            Self::WholeByPrice => "whole corpus, cheapest first",
            Self::FlexWeek => "flexible, any week of two months, facets",
            Self::FlexWeekByPrice => "flexible, any week of two months, cheapest first",
            Self::FlexWindow => "flexible, some nights within 62 days",
            Self::FlexWeekend => "flexible, weekends of two months",
            Self::FlexShift => "flexible, dates plus or minus 7 days",
            Self::FlexMap => "flexible in a box, any week of two months, facets",
            Self::Text => "text",
            Self::TextFacets => "text, facets",
        }
    }

    /// The goals for a million listings, in milliseconds: p50 and p99.
    pub(crate) fn goal(self) -> Option<(f64, f64)> {
        match self {
            Self::Full | Self::FullNoWords | Self::Map => Some((0.1, 1.0)),
            Self::Whole | Self::WholeByPrice => Some((1.0, 5.0)),
            Self::Text | Self::TextFacets => Some((1.0, 10.0)),
            // The goal is one for p99.
            Self::FlexWeek | Self::FlexWeekByPrice | Self::FlexWindow | Self::FlexWeekend | Self::FlexShift | Self::FlexMap => Some((30.0, 30.0)),
        }
    }
}

/// A listing as far as questions are drawn from it.
struct Drawn {
    lat: f64,
    lng: f64,
    price: i64,
    words: Vec<String>,
}

/// Where questions come from.
pub(crate) struct Questions {
    listings: Vec<Drawn>,
    /// Those that have words, that is, real ones.
    named: Vec<usize>,
    neighbourhoods: Vec<(usize, usize)>,
    neighbourhood_names: Vec<String>,
    amenities: Vec<(usize, usize)>,
    amenity_names: Vec<String>,
    rooms: Vec<(RoomType, usize)>,
    today: stopover::values::Night,
}

const STOP: [&str; 27] = [
    "the", "and", "for", "with", "from", "near", "your", "this", "that", "our", "are", "you", "all", "has", "have", "can", "its", "not", "but", "was", "one",
    "per", "new", "in", "of", "to", "at",
];

/// A row of listings: title, neighbourhood, latitude, longitude, price, amenities, room type.
type Row = (String, String, f64, f64, i64, String, String);

impl Questions {
    /// Learns what there is in the corpus. The questions of two days differ in their dates alone.
    pub(crate) fn of(corpus: &Corpus) -> Self {
        let rows: Result<Vec<Row>, DbError> = corpus.parts.tools.db.read_blocking(|conn| {
            conn.query(
                "SELECT title, neighbourhood, public_lat, public_lng, price_minor, amenities, room_type FROM listings WHERE state = 'published' ORDER BY id",
                &[],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get::<Json>(5)?.0, row.get(6)?)),
            )
        });
        let (mut hoods, mut amenities, mut rooms) = (HashMap::new(), HashMap::new(), HashMap::new());
        let mut listings = Vec::new();
        for (title, hood, lat, lng, price, keys, room) in rows.unwrap() {
            let real = !title.contains(" #");
            if real {
                *hoods.entry(hood).or_insert(0) += 1;
                for key in serde_json::from_str::<Vec<String>>(&keys).unwrap() {
                    *amenities.entry(key).or_insert(0) += 1;
                }
                *rooms.entry(room).or_insert(0) += 1;
            }
            listings.push(Drawn { lat, lng, price, words: if real { words(&title) } else { Vec::new() } });
        }
        let (neighbourhood_names, neighbourhoods) = ranked(hoods, usize::MAX);
        let (amenity_names, amenities) = ranked(amenities, 40);
        let (room_names, room_weights) = ranked(rooms, 4);
        let kind = |name: &str| match name {
            "private_room" => RoomType::PrivateRoom,
            "shared_room" => RoomType::SharedRoom,
            "hotel_room" => RoomType::HotelRoom,
            _ => RoomType::EntireHome,
        };
        let rooms = room_names.iter().zip(room_weights).map(|(name, (_, weight))| (kind(name), weight)).collect();
        let named = (0..listings.len()).filter(|n| !listings[*n].words.is_empty()).collect();
        Self { listings, named, neighbourhoods, neighbourhood_names, amenities, amenity_names, rooms, today: corpus.today }
    }

    /// So many questions of a kind; the same for the same seed.
    pub(crate) fn ask(&self, topic: Topic, seed: u64, count: usize) -> Vec<Ask> {
        let mut chance = Chance::new(seed);
        (0..count).map(|_| self.one(topic, &mut chance)).collect()
    }

    fn one(&self, topic: Topic, chance: &mut Chance) -> Ask {
        let mut ask = Ask::default();
        match topic {
            Topic::Map => {
                ask.bbox = Some(self.bbox(chance));
                ask.adults = guests(chance);
            }
            Topic::Full | Topic::FullNoWords => {
                ask.bbox = Some(self.bbox(chance));
                self.stay_and_filters(chance, &mut ask);
                if topic == Topic::Full && chance.happens(0.2) {
                    ask.q = Some(self.words(chance));
                }
                ask.sort = chance.weighted(&[(Sort::Relevance, 14), (Sort::Cheapest, 4), (Sort::Rating, 2)]);
                ask.facets = true;
            }
            Topic::Whole => {
                self.stay_and_filters(chance, &mut ask);
                ask.sort = chance.weighted(&[(Sort::Relevance, 14), (Sort::Cheapest, 4), (Sort::Rating, 2)]);
                ask.facets = true;
            }
            Topic::WholeByPrice => {
                self.stay_and_filters(chance, &mut ask);
                ask.sort = Sort::Cheapest;
            }
            Topic::FlexWeek | Topic::FlexWeekByPrice | Topic::FlexWindow | Topic::FlexWeekend | Topic::FlexShift | Topic::FlexMap => {
                self.flexible(topic, chance, &mut ask)
            }
            Topic::Text | Topic::TextFacets => {
                ask.q = Some(self.words(chance));
                ask.facets = topic == Topic::TextFacets;
            }
        }
        ask
    }

    /// What guests set, with other dates.
    fn flexible(&self, topic: Topic, chance: &mut Chance, ask: &mut Ask) {
        self.stay_and_filters(chance, ask);
        ask.sort = chance.weighted(&[(Sort::Relevance, 14), (Sort::Cheapest, 4), (Sort::Rating, 2)]);
        ask.facets = matches!(topic, Topic::FlexWeek | Topic::FlexMap);
        if topic == Topic::FlexWeekByPrice {
            ask.sort = Sort::Cheapest;
        }
        if topic == Topic::FlexMap {
            ask.bbox = Some(self.bbox(chance));
        }
        if topic == Topic::FlexShift {
            ask.plus_minus = Some(7);
            return;
        }
        (ask.check_in, ask.check_out) = (None, None);
        if topic == Topic::FlexWindow {
            let from = self.today.plus(chance.weighted(&[(1, 6), (30, 3), (90, 2), (200, 1)]));
            ask.nights = Some(chance.weighted(&[(2, 22), (3, 20), (5, 10), (7, 14), (10, 5), (14, 5), (30, 4)]));
            (ask.window_from, ask.window_to) = (Some(DateAsk::Night(from)), Some(DateAsk::Night(from.plus(62))));
            return;
        }
        let first = self.today.plus(chance.weighted(&[(0, 5), (31, 4), (62, 3), (120, 2), (240, 1)]));
        let second = first.plus(31);
        ask.months = Some(format!("{},{}", &first.to_string()[..7], &second.to_string()[..7]));
        ask.flex = Some(if topic == Topic::FlexWeekend { Flex::Weekend } else { Flex::Week });
    }

    /// Around a listing, 0.02 to 0.32 degrees wide, small ones as likely as large ones.
    fn bbox(&self, chance: &mut Chance) -> String {
        let around = chance.one_of(&self.listings);
        let width = 10_f64.powf(chance.between(-1.7, -0.5));
        let height = width * 0.7;
        let (x, y) = (around.lng + chance.normal(width / 4.0), around.lat + chance.normal(height / 4.0));
        format!("{:.5},{:.5},{:.5},{:.5}", x - width / 2.0, y - height / 2.0, x + width / 2.0, y + height / 2.0)
    }

    /// Dates and guests always; prices, a room type and amenities as often as guests set them.
    fn stay_and_filters(&self, chance: &mut Chance, ask: &mut Ask) {
        let days_ahead = (-45.0 * chance.unit().max(1e-9).ln()) as i32;
        let arrival = self.today.plus((days_ahead + 1).min(300));
        let nights = chance.weighted(&[(1, 8), (2, 22), (3, 20), (4, 12), (5, 10), (7, 14), (10, 5), (14, 5), (30, 4)]);
        ask.check_in = Some(DateAsk::Night(arrival));
        ask.check_out = Some(DateAsk::Night(arrival.plus(nights)));
        ask.adults = guests(chance);
        if chance.happens(0.7) {
            let price = chance.one_of(&self.listings).price as f64 / 100.0;
            let (low, high) = ((price * chance.between(0.3, 0.8)) as i64, (price * chance.between(1.2, 3.0)) as i64 + 10);
            ask.price_min = chance.happens(0.6).then_some(low * 100);
            ask.price_max = Some(high * 100);
        }
        if chance.happens(0.25) {
            ask.room_types = vec![chance.weighted(&self.rooms)];
        }
        if chance.happens(0.25) {
            let count = *chance.one_of(&[1, 1, 2]);
            let mut keys: Vec<String> = (0..count).map(|_| self.amenity_names[chance.weighted(&self.amenities)].clone()).collect();
            keys.sort();
            keys.dedup();
            ask.amenities = keys;
        }
    }

    /// A neighbourhood, or one to three neighbouring words of a real title.
    fn words(&self, chance: &mut Chance) -> String {
        let draw = chance.unit();
        if draw < 0.25 {
            return self.neighbourhood_names[chance.weighted(&self.neighbourhoods)].clone();
        }
        let words = &self.listings[*chance.one_of(&self.named)].words;
        let wanted = if draw < 0.45 {
            1
        } else if draw < 0.85 {
            2
        } else {
            3
        };
        let count = words.len().min(wanted);
        let from = chance.below(words.len() - count + 1);
        words[from..from + count].join(" ")
    }
}

fn guests(chance: &mut Chance) -> u16 {
    chance.weighted(&[(1, 20), (2, 40), (3, 10), (4, 16), (5, 5), (6, 6), (8, 3)])
}

/// Words of three letters and more, without the ones that say nothing.
fn words(title: &str) -> Vec<String> {
    let lower = title.to_lowercase();
    lower.split(|c: char| !c.is_ascii_lowercase()).filter(|word| word.len() >= 3 && !STOP.contains(word)).map(str::to_owned).collect()
}

/// The most frequent names, and their places with their weights.
fn ranked(counts: HashMap<String, usize>, most: usize) -> (Vec<String>, Vec<(usize, usize)>) {
    let mut ranked: Vec<(String, usize)> = counts.into_iter().filter(|(name, _)| !name.is_empty()).collect();
    ranked.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    ranked.truncate(most);
    let weights = ranked.iter().enumerate().map(|(place, (_, weight))| (place, *weight)).collect();
    (ranked.into_iter().map(|(name, _)| name).collect(), weights)
}
