//! Homes made into rows, gathered into pieces that are written in one transaction each.

use super::draft::{Calendar, Home};
use super::store::{HOME_OWNED, Known};
use crate::platform::db::{Json, Value};
use crate::platform::instance::hex;
use crate::values::{Instant, ListingId, NightRange, UserId};
use sha2::{Digest, Sha256};

/// What an import writes with every row.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub source: String,
    /// Name of the import in `external_nights.feed` and `day_overrides.source`.
    pub feed: String,
    pub at: Instant,
}

/// Rows to write in one transaction; every list is flat, one row after the other.
#[derive(Debug, Default)]
pub(super) struct Piece {
    pub homes: Vec<Value>,
    pub texts: Vec<Value>,
    pub taken: Vec<Value>,
    pub overrides: Vec<Value>,
    pub changes: Vec<Change>,
    /// Listings whose change is announced one by one.
    pub announced: Vec<ListingId>,
    pub counts: Counts,
}

/// What a piece adds to the report.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub new: u64,
    pub changed: u64,
    pub same: u64,
    pub without_price: u64,
    pub taken: u64,
    pub overrides: u64,
}

/// A home that was imported before and is different now.
#[derive(Debug)]
pub(super) struct Change {
    pub id: ListingId,
    pub external_id: String,
    pub edited: Vec<String>,
    pub price_unknown: bool,
    pub hash: String,
    /// In the order of [`HOME_OWNED`].
    pub owned: Vec<Value>,
    pub description: String,
    pub neighbourhood_text: String,
    pub taken: Vec<NightRange>,
}

impl Piece {
    /// Rows in it, for the decision when it is large enough; an unchanged home counts a little, so that progress shows.
    pub(super) fn weight(&self) -> usize {
        let counts = self.counts;
        usize::try_from(counts.new * 4 + counts.changed * 8 + counts.same / 16 + counts.taken + counts.overrides).unwrap_or(usize::MAX)
    }

    /// Adds a home with its calendar. Answers its id and whether anything is to be written for it.
    pub(super) fn add(&mut self, home: Home, calendar: &Calendar, host: UserId, known: Option<Known>, stamp: &Stamp) -> (ListingId, bool) {
        self.counts.without_price += u64::from(home.price_minor == 0);
        let (description, neighbourhood_text, external_id) = (home.description.clone(), home.neighbourhood_text.clone(), home.external_id.clone());
        let price_unknown = home.price_minor == 0;
        let owned = owned_values(home, host);
        let hash = fingerprint(&owned, &description, &neighbourhood_text, calendar);
        if let Some(same) = known.as_ref().filter(|known| known.hash == hash) {
            self.counts.same += 1;
            return (same.id, false);
        }
        let id = known.as_ref().map_or_else(ListingId::new, |known| known.id);
        self.add_calendar(id, calendar, &stamp.feed);
        if let Some(known) = known {
            self.counts.changed += 1;
            let taken = calendar.taken.clone();
            self.changes.push(Change { id, external_id, edited: known.edited, price_unknown, hash: hex(&hash), owned, description, neighbourhood_text, taken });
        } else {
            self.counts.new += 1;
            self.homes.extend([id.into(), stamp.source.as_str().into(), external_id.into(), hex(&hash).into(), stamp.at.into(), stamp.at.into()]);
            self.homes.extend(owned);
            self.texts.extend([id.into(), "".into(), description.into(), neighbourhood_text.into()]);
        }
        (id, true)
    }

    fn add_calendar(&mut self, id: ListingId, calendar: &Calendar, feed: &str) {
        self.counts.taken += calendar.taken.len() as u64;
        self.counts.overrides += calendar.overrides.len() as u64;
        for range in &calendar.taken {
            self.taken.extend([id.into(), feed.into(), range.from.into(), range.to.into()]);
        }
        for day in &calendar.overrides {
            self.overrides.extend([
                id.into(),
                feed.into(),
                day.nights.from.into(),
                day.nights.to.into(),
                day.price_minor.into(),
                day.min_nights.into(),
                day.max_nights.into(),
            ]);
        }
    }
}

/// The values of [`HOME_OWNED`], in its order.
fn owned_values(home: Home, host: UserId) -> Vec<Value> {
    let state = if home.price_minor > 0 { "published" } else { "paused" };
    let pets: i64 = if home.amenities.has("pets_allowed") { 5 } else { 0 };
    let list = |words: &[&str]| Json(serde_json::Value::from(words).to_string());
    let other: Vec<&str> = home.amenities.other.iter().map(String::as_str).collect();
    let values: [Value; HOME_OWNED.len()] = [
        host.into(),
        state.into(),
        home.title.into(),
        home.room_type.into(),
        home.property_type.into(),
        home.city.into(),
        home.country.into(),
        home.neighbourhood.into(),
        home.lat.into(),
        home.lng.into(),
        home.public_lat.into(),
        home.public_lng.into(),
        home.zone.as_ref().into(),
        home.currency.code().into(),
        home.price_minor.into(),
        home.capacity.into(),
        home.bedrooms.into(),
        home.beds.into(),
        home.bathrooms_halves.into(),
        home.bathroom_shared.into(),
        list(&home.amenities.keys).into(),
        list(&other).into(),
        home.instant_book.into(),
        home.registration_number.into(),
        home.photo_url.into(),
        pets.into(),
        home.min_nights.into(),
        home.max_nights.into(),
        home.rating_count.into(),
        home.rating_sum_centi.into(),
        Json(home.review_scores).into(),
        home.review_count.into(),
    ];
    values.into()
}

/// Tells whether a home, its texts and its calendar are as they were: 16 bytes of a SHA-256 over all of it.
fn fingerprint(owned: &[Value], description: &str, neighbourhood_text: &str, calendar: &Calendar) -> [u8; 16] {
    let mut print = Print(Sha256::new());
    owned.iter().for_each(|value| print.value(value));
    print.bytes(3, description.as_bytes());
    print.bytes(3, neighbourhood_text.as_bytes());
    for range in &calendar.taken {
        print.days(range.from.0, range.to.0);
    }
    for day in &calendar.overrides {
        print.days(day.nights.from.0, day.nights.to.0);
        [day.price_minor, day.min_nights, day.max_nights].into_iter().for_each(|field| print.value(&field.into()));
    }
    print.end()
}

/// A hash over values, each with a tag and its length, so that no two lists of values read the same.
pub(super) struct Print(pub Sha256);

impl Print {
    fn bytes(&mut self, tag: u8, bytes: &[u8]) {
        self.0.update([tag]);
        self.0.update((bytes.len() as u64).to_be_bytes());
        self.0.update(bytes);
    }

    fn days(&mut self, from: i32, to: i32) {
        self.bytes(9, &from.to_be_bytes());
        self.bytes(9, &to.to_be_bytes());
    }

    pub(super) fn value(&mut self, value: &Value) {
        match value {
            Value::Null => self.bytes(0, &[]),
            Value::Bool(flag) => self.bytes(1, &[u8::from(*flag)]),
            Value::Int(number) => self.bytes(2, &number.to_be_bytes()),
            Value::Text(text) => self.bytes(3, text.as_bytes()),
            Value::Real(number) => self.bytes(4, &number.to_be_bytes()),
            Value::Json(json) => self.bytes(5, json.as_bytes()),
            Value::Uuid(id) => self.bytes(6, id.as_bytes()),
            Value::Bytes(bytes) => self.bytes(7, bytes),
            Value::Instant(at) => self.bytes(8, &at.0.to_be_bytes()),
            Value::Night(night) => self.bytes(9, &night.0.to_be_bytes()),
        }
    }

    pub(super) fn end(self) -> [u8; 16] {
        let mut short = [0; 16];
        short.copy_from_slice(&self.0.finalize()[..16]);
        short
    }
}

/// The 16 bytes of a stored fingerprint; zeros, which match nothing, for anything else.
pub(super) fn unhex(text: &str) -> [u8; 16] {
    u128::from_str_radix(text, 16).unwrap_or(0).to_be_bytes()
}
