//! What a host sends about a home, and how it is judged: field by field, every bad one named.

use super::home_wire::{LocationWire, RoomWire};
use super::pen::Pen;
use crate::features::listings::rules::catalogue::{self, ACCESSIBILITY, BEDS, Choice, LONG_POLICIES, PROPERTY_TYPES, ROOM_KINDS, ROOM_TYPES, SHORT_POLICIES};
use crate::features::listings::rules::complaints::Complaints;
use crate::features::listings::rules::custom::{self, Field};
use crate::features::listings::rules::home::{Home, MOST_BEDS, MOST_PRICE, MOST_ROOMS, Room};
use crate::features::listings::rules::words;
use crate::features::listings::service::change::Own;
use crate::features::listings::{amenities, place};
use crate::platform::wire::Halves;
use crate::values::{Currency, Zone, language};
use poem_openapi::Object;
use poem_openapi::types::MaybeUndefined;
use serde_json::Value;
use std::collections::BTreeMap;

const MOST_AMENITIES: usize = 200;
const MOST_OTHER: usize = 50;

/// A home as its host describes it: what is absent stays as it is, null empties.
#[derive(Debug, Clone, Default, Object)]
#[oai(deny_unknown_fields)]
pub(super) struct HomeAsk {
    /// One line of up to 100 characters.
    title: MaybeUndefined<String>,
    /// Up to 500 characters.
    summary: MaybeUndefined<String>,
    /// Up to 10,000 characters.
    description: MaybeUndefined<String>,
    /// What the neighbourhood is like; up to 5,000 characters.
    neighbourhood_text: MaybeUndefined<String>,
    /// Up to 5,000 characters.
    house_rules: MaybeUndefined<String>,
    /// The language of these texts, BCP 47; further ones are under `/listings/{id}/texts`.
    language: MaybeUndefined<String>,
    /// `entire_home`, `private_room`, `shared_room` or `hotel_room`.
    room_type: MaybeUndefined<String>,
    /// A slug of `property_types` in `/reference/listing-choices`.
    property_type: MaybeUndefined<String>,
    /// Most adults and children together, 1 to 100.
    capacity: MaybeUndefined<i64>,
    /// 0 to 20; 5 unless said otherwise.
    max_infants: MaybeUndefined<i64>,
    /// 0 to 20; none unless said otherwise.
    max_pets: MaybeUndefined<i64>,
    /// Equal units that can be booked at the same time, 1 to 500. 409 with `nights` when more are taken.
    unit_count: MaybeUndefined<i64>,
    /// Up to 50. Bedrooms and beds are counted from these.
    rooms: MaybeUndefined<Vec<RoomWire>>,
    /// In halves, 0 to 100: a half bathroom has no bath or shower.
    bathrooms: MaybeUndefined<Halves>,
    /// Whether others use the bathroom too.
    bathroom_shared: MaybeUndefined<bool>,
    /// Keys of `/reference/amenities`.
    amenities: MaybeUndefined<Vec<String>>,
    /// What the home has besides, in your own words: up to 50 of up to 80 characters.
    other_amenities: MaybeUndefined<Vec<String>>,
    /// Keys of `accessibility` in `/reference/listing-choices`.
    accessibility: MaybeUndefined<Vec<String>>,
    location: MaybeUndefined<LocationWire>,
    /// IANA name; as the location says when absent. Fixed while guests are to come.
    zone: MaybeUndefined<String>,
    /// Local time of day, `HH:MM`; 15:00 unless said otherwise.
    check_in_time: MaybeUndefined<String>,
    /// 11:00 unless said otherwise.
    check_out_time: MaybeUndefined<String>,
    /// `instant`, or `request`: the host answers first.
    booking_mode: MaybeUndefined<String>,
    /// Where the law asks for one: 3 to 40 letters, digits and marks.
    registration_number: MaybeUndefined<String>,
    /// Cancellation of stays under 28 nights: a key of `short_policies` in `/reference/listing-choices`.
    short_policy: MaybeUndefined<String>,
    /// Cancellation of stays of 28 nights and more.
    long_policy: MaybeUndefined<String>,
    /// ISO 4217; all prices are meant in it. Fixed once the home is no draft any more.
    currency: MaybeUndefined<String>,
    /// Of a night, in minor units (cents for EUR).
    base_price: MaybeUndefined<i64>,
    /// The fields that this site added: key and value; null empties one. See `/reference/listing-choices`.
    custom: MaybeUndefined<BTreeMap<String, Value>>,
    /// Told to confirmed guests only.
    private: MaybeUndefined<PrivatePatch>,
}

/// What only confirmed guests are told: what is absent stays, null empties.
#[derive(Debug, Clone, Default, Object)]
#[oai(deny_unknown_fields)]
struct PrivatePatch {
    /// Up to 500 characters.
    address: MaybeUndefined<String>,
    /// Up to 5,000 characters.
    check_in_instructions: MaybeUndefined<String>,
    /// Up to 100 characters.
    wifi_name: MaybeUndefined<String>,
    /// Up to 100 characters.
    wifi_password: MaybeUndefined<String>,
    /// Up to 100 characters.
    access_code: MaybeUndefined<String>,
}

impl HomeAsk {
    /// The zone at the place that is sent, unless a zone is named too. Takes a moment the first time.
    pub(super) fn zone_of_place(&self) -> Option<Zone> {
        match (&self.location, &self.zone) {
            (MaybeUndefined::Value(place), MaybeUndefined::Undefined) if is_point(place) => place::zone_at(place.lat, place.lng),
            _ => None,
        }
    }

    /// Complains about what a new home cannot do without.
    pub(super) fn check_new(&self, complaints: &mut Complaints) {
        for (there, field) in [
            (self.title.is_value(), "title"),
            (self.room_type.is_value(), "room_type"),
            (self.property_type.is_value(), "property_type"),
            (self.capacity.is_value(), "capacity"),
            (self.location.is_value(), "location"),
            (self.currency.is_value(), "currency"),
        ] {
            if !there {
                complaints.add(field, "required", "is needed for a new home");
            }
        }
    }

    /// Writes what was sent on `home`.
    pub(super) fn write_on(self, home: &mut Home, complaints: &mut Complaints, own: &Own) {
        let mut pen = Pen { complaints };
        pen.text("title", self.title, |text| words::line(text, 100), &mut home.title);
        pen.text("summary", self.summary, |text| words::prose(text, 500), &mut home.texts.summary);
        pen.text("description", self.description, |text| words::prose(text, 10_000), &mut home.texts.description);
        pen.text("neighbourhood_text", self.neighbourhood_text, |text| words::prose(text, 5_000), &mut home.texts.neighbourhood_text);
        pen.text("house_rules", self.house_rules, |text| words::prose(text, 5_000), &mut home.texts.house_rules);
        let tag = |text: &str| language::tag(text).ok_or_else(|| "must be a language tag such as `en` or `pt-BR`".to_owned());
        pen.optional("language", "invalid_language", self.language, tag, &mut home.language);
        pen.choice("room_type", self.room_type, |key| catalogue::known(key, ROOM_TYPES), &mut home.room_type);
        let kept = home.property_type.clone();
        pen.choice("property_type", self.property_type, |slug| property_type(slug, &kept), &mut home.property_type);
        pen.number("capacity", self.capacity, 1..=100, &mut home.capacity);
        pen.number("max_infants", self.max_infants, 0..=20, &mut home.max_infants);
        pen.number("max_pets", self.max_pets, 0..=20, &mut home.max_pets);
        pen.number("unit_count", self.unit_count, 1..=500, &mut home.units);
        let number = |text: &str| words::registration(text);
        pen.optional("registration_number", "invalid_text", self.registration_number, number, &mut home.registration_number);
        let (short, long) = (home.short_policy.clone(), home.long_policy.clone());
        pen.choice("short_policy", self.short_policy, |key| policy(key, &short, SHORT_POLICIES, (own, false)), &mut home.short_policy);
        pen.choice("long_policy", self.long_policy, |key| policy(key, &long, LONG_POLICIES, (own, true)), &mut home.long_policy);
        pen.time("check_in_time", self.check_in_time, &mut home.check_in_minute);
        pen.time("check_out_time", self.check_out_time, &mut home.check_out_minute);
        if let Some(rooms) = pen.list("rooms", self.rooms, MOST_ROOMS) {
            furnish(home, rooms, &mut pen);
        }
        if let MaybeUndefined::Value(Halves(halves)) = self.bathrooms {
            let judged = if (0..=200).contains(&halves) { Ok(halves) } else { Err("must be 0 to 100, in halves".to_owned()) };
            home.bathrooms_halves = pen.complaints.take("bathrooms", "out_of_range", judged).or(home.bathrooms_halves);
        } else if self.bathrooms.is_null() {
            home.bathrooms_halves = None;
        }
        home.bathroom_shared = self.bathroom_shared.take().unwrap_or(home.bathroom_shared);
        let known = |key: &str| amenities::find(key).map(|found| found.key.to_owned()).ok_or_else(|| "must be a key of /reference/amenities".to_owned());
        pen.keys("amenities", self.amenities, MOST_AMENITIES, known, &mut home.amenities);
        pen.keys("other_amenities", self.other_amenities, MOST_OTHER, |text| words::line(text, 80), &mut home.amenities_other);
        pen.keys("accessibility", self.accessibility, MOST_OTHER, |key| catalogue::known(key, ACCESSIBILITY), &mut home.accessibility);
        place_on(home, self.location, self.zone, &mut pen);
        terms_on(home, self.booking_mode, self.currency, self.base_price, &mut pen);
        custom_on(home, self.custom, &own.fields, &mut pen);
        self.private.take().unwrap_or_default().write_on(home, &mut pen);
    }
}

impl PrivatePatch {
    fn write_on(self, home: &mut Home, pen: &mut Pen<'_>) {
        let private = &mut home.private;
        pen.text("private/address", self.address, |text| words::prose(text, 500), &mut private.address);
        pen.text("private/check_in_instructions", self.check_in_instructions, |text| words::prose(text, 5_000), &mut private.check_in_instructions);
        pen.text("private/wifi_name", self.wifi_name, |text| words::line(text, 100), &mut private.wifi_name);
        pen.text("private/wifi_password", self.wifi_password, |text| words::line(text, 100), &mut private.wifi_password);
        pen.text("private/access_code", self.access_code, |text| words::line(text, 100), &mut private.access_code);
    }
}

/// Imports bring types that are not in the list; a home keeps its own.
fn property_type(slug: &str, kept: &str) -> Result<String, String> {
    let known = slug == kept || PROPERTY_TYPES.contains(&slug);
    if known { Ok(slug.to_owned()) } else { Err("must be a slug of `property_types` in /reference/listing-choices".to_owned()) }
}

/// A standard policy, or one of the operator's for stays of this length; a home keeps its own after it was retired.
fn policy(key: &str, kept: &str, standard: &[Choice], (own, long): (&Own, bool)) -> Result<String, String> {
    if key == kept || own.policies.iter().any(|one| one.long == long && one.key == key) {
        return Ok(key.to_owned());
    }
    catalogue::known(key, standard).map_err(|why| format!("{why}, or another key of /reference/listing-choices"))
}

fn is_point(place: &LocationWire) -> bool {
    (-90.0..=90.0).contains(&place.lat) && (-180.0..=180.0).contains(&place.lng)
}

fn furnish(home: &mut Home, rooms: Vec<RoomWire>, pen: &mut Pen<'_>) {
    let mut kept: Vec<Room> = Vec::with_capacity(rooms.len());
    for (at, wire) in rooms.into_iter().enumerate() {
        let mut room = wire.room();
        let field = |rest: &str| format!("rooms/{at}/{rest}");
        pen.complaints.take(&field("kind"), "unknown_value", catalogue::known(&room.kind, ROOM_KINDS));
        if let Some(name) = pen.complaints.take(&field("name"), "invalid_text", words::line(&room.name, 60)) {
            room.name = name;
        }
        if room.beds.len() > 20 {
            pen.complaints.add(&field("beds"), "out_of_range", "must be at most 20 kinds");
        }
        for (n, beds) in room.beds.iter().enumerate().take(20) {
            pen.complaints.take(&field(&format!("beds/{n}/kind")), "unknown_value", catalogue::known(&beds.kind, BEDS));
            if !(1..=MOST_BEDS).contains(&beds.count) {
                pen.complaints.add(&field(&format!("beds/{n}/count")), "out_of_range", format!("must be 1 to {MOST_BEDS}"));
            }
        }
        kept.push(room);
    }
    let beds: i64 = kept.iter().flat_map(|room| &room.beds).map(|beds| beds.count.clamp(0, MOST_BEDS)).sum();
    if beds > 200 {
        pen.complaints.add("rooms", "out_of_range", "must have at most 200 beds together");
    }
    home.furnish(kept);
}

fn place_on(home: &mut Home, location: MaybeUndefined<LocationWire>, zone: MaybeUndefined<String>, pen: &mut Pen<'_>) {
    match location {
        MaybeUndefined::Value(given) => {
            if is_point(&given) {
                (home.place.lat, home.place.lng) = (given.lat, given.lng);
            } else {
                pen.complaints.add("location", "out_of_range", "latitudes are -90 to 90 and longitudes -180 to 180");
            }
            let city = words::line(&given.city, 100).and_then(|city| if city.is_empty() { Err("must not be empty".to_owned()) } else { Ok(city) });
            let place = &mut home.place;
            place.city = pen.complaints.take("location/city", "invalid_text", city).unwrap_or_default();
            place.country = pen.complaints.take("location/country", "unknown_value", catalogue::country(&given.country)).unwrap_or_default();
            let neighbourhood = words::line(&given.neighbourhood, 100);
            place.neighbourhood = pen.complaints.take("location/neighbourhood", "invalid_text", neighbourhood).unwrap_or_default();
        }
        MaybeUndefined::Null => pen.complaints.add("location", "required", "must not be null"),
        MaybeUndefined::Undefined => {}
    }
    let named = |name: &str| Zone::parse(name).map(|zone| zone.name().to_owned()).ok_or_else(|| "must be an IANA time zone such as `Europe/Lisbon`".to_owned());
    pen.choice("zone", zone, named, &mut home.zone);
}

fn terms_on(home: &mut Home, mode: MaybeUndefined<String>, currency: MaybeUndefined<String>, price: MaybeUndefined<i64>, pen: &mut Pen<'_>) {
    let mut instant = String::new();
    let known = |mode: &str| if matches!(mode, "instant" | "request") { Ok(mode.to_owned()) } else { Err("must be `instant` or `request`".to_owned()) };
    pen.choice("booking_mode", mode, known, &mut instant);
    if !instant.is_empty() {
        home.instant_book = instant == "instant";
    }
    match currency {
        MaybeUndefined::Value(code) => {
            let known = Currency::parse(&code).ok_or_else(|| "must be a currency of ISO 4217 such as `EUR`".to_owned());
            home.currency = pen.complaints.take("currency", "invalid_currency", known).unwrap_or(home.currency);
        }
        MaybeUndefined::Null => pen.complaints.add("currency", "required", "must not be null"),
        MaybeUndefined::Undefined => {}
    }
    if price.is_null() {
        home.price_minor = 0;
    } else {
        pen.number("base_price", price, 1..=MOST_PRICE, &mut home.price_minor);
    }
}

fn custom_on(home: &mut Home, values: MaybeUndefined<BTreeMap<String, Value>>, fields: &[Field], pen: &mut Pen<'_>) {
    if values.is_null() {
        home.custom.clear();
    }
    for (key, value) in values.take().unwrap_or_default() {
        let Some(field) = fields.iter().find(|field| field.key == key) else {
            let shown: String = key.chars().take(40).collect();
            pen.complaints.add(&format!("custom/{shown}"), "unknown_value", "is no field of this site");
            continue;
        };
        if value.is_null() {
            home.custom.remove(&key);
        } else if let Some(value) = pen.complaints.take(&format!("custom/{key}"), "unknown_value", custom::judged(field, &value)) {
            home.custom.insert(key, value);
        }
    }
}
