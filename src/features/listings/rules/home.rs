//! What a host says of a home.

use crate::values::Currency;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Most bedrooms and other rooms that are described.
pub(crate) const MOST_ROOMS: usize = 50;
pub(crate) const MOST_BEDS: i64 = 20;
/// Dearest night, in minor units.
pub(crate) const MOST_PRICE: i64 = 1_000_000_000_000;

/// A home, as far as it is its host's to describe.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Home {
    pub title: String,
    pub texts: Texts,
    /// BCP 47: in which language these are; `None`: not said.
    pub language: Option<String>,
    pub room_type: String,
    pub property_type: String,
    pub capacity: i64,
    pub max_infants: i64,
    pub max_pets: i64,
    pub units: i64,
    pub rooms: Vec<Room>,
    pub bedrooms: Option<i64>,
    pub beds: Option<i64>,
    pub bathrooms_halves: Option<i64>,
    pub bathroom_shared: bool,
    pub amenities: Vec<String>,
    pub amenities_other: Vec<String>,
    pub accessibility: Vec<String>,
    pub place: Place,
    /// IANA name.
    pub zone: String,
    pub check_in_minute: i64,
    pub check_out_minute: i64,
    pub instant_book: bool,
    pub registration_number: Option<String>,
    pub short_policy: String,
    pub long_policy: String,
    pub currency: Currency,
    /// 0 while it has no price.
    pub price_minor: i64,
    pub custom: Map<String, Value>,
    pub private: Private,
}

/// The long texts of a home in one language.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Texts {
    pub summary: String,
    pub description: String,
    pub neighbourhood_text: String,
    pub house_rules: String,
}

/// Where a home is. The point is exact; strangers see `public_lat` and `public_lng` (V8).
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Place {
    pub city: String,
    pub country: String,
    pub neighbourhood: String,
    pub lat: f64,
    pub lng: f64,
    pub public_lat: f64,
    pub public_lng: f64,
}

/// A room with its beds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Room {
    pub kind: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    pub beds: Vec<Beds>,
}

/// So many beds of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beds {
    pub kind: String,
    pub count: i64,
}

/// What only confirmed guests are told. Kept sealed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Private {
    pub address: String,
    pub check_in_instructions: String,
    pub wifi_name: String,
    pub wifi_password: String,
    pub access_code: String,
}

impl Home {
    /// A new home before its host has said anything.
    #[must_use]
    pub(crate) fn blank(currency: Currency) -> Self {
        Self {
            title: String::new(),
            texts: Texts::default(),
            language: None,
            room_type: String::new(),
            property_type: String::new(),
            capacity: 1,
            max_infants: 5,
            max_pets: 0,
            units: 1,
            rooms: Vec::new(),
            bedrooms: None,
            beds: None,
            bathrooms_halves: None,
            bathroom_shared: false,
            amenities: Vec::new(),
            amenities_other: Vec::new(),
            accessibility: Vec::new(),
            place: Place::default(),
            zone: String::new(),
            check_in_minute: 15 * 60,
            check_out_minute: 11 * 60,
            instant_book: false,
            registration_number: None,
            short_policy: "flexible".to_owned(),
            long_policy: "firm_long".to_owned(),
            currency,
            price_minor: 0,
            custom: Map::new(),
            private: Private::default(),
        }
    }

    /// Takes these rooms, and counts bedrooms and beds in them.
    pub(crate) fn furnish(&mut self, rooms: Vec<Room>) {
        let bedrooms = rooms.iter().filter(|room| room.kind == "bedroom").count();
        let beds = rooms.iter().flat_map(|room| &room.beds).map(|beds| beds.count).sum();
        (self.bedrooms, self.beds) = if rooms.is_empty() { (None, None) } else { (i64::try_from(bedrooms).ok(), Some(beds)) };
        self.rooms = rooms;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bedrooms_and_beds_are_counted_from_the_rooms() {
        let room = |kind: &str, counts: &[i64]| Room {
            kind: kind.into(),
            name: String::new(),
            beds: counts.iter().map(|count| Beds { kind: "double".into(), count: *count }).collect(),
        };
        let mut home = Home::blank(Currency::parse("EUR").unwrap());
        for (rooms, bedrooms, beds) in [
            (vec![room("bedroom", &[1]), room("bedroom", &[2, 1]), room("living_room", &[1])], Some(2), Some(5)),
            (vec![room("living_room", &[1])], Some(0), Some(1)),
            (vec![], None, None),
        ] {
            home.furnish(rooms);
            assert_eq!((home.bedrooms, home.beds), (bedrooms, beds));
        }
    }
}
