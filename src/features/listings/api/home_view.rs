//! A home as its people see it, and as lists show it.

use super::home_wire::{LocationWire, PrivateView, RoomWire};
use crate::features::listings::rules;
use crate::features::listings::rules::custom::{self, Field};
use crate::features::listings::rules::home::Texts;
use crate::features::listings::store::homes::Held;
use crate::features::listings::store::lists::Brief;
use crate::features::listings::store::texts::Translation;
use crate::platform::error::FieldError;
use crate::platform::wire::{Halves, Located};
use poem_openapi::Object;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// How a home stands.
#[derive(Debug, Clone, Object)]
pub(super) struct ListingStateView {
    id: Uuid,
    /// `draft`, `submitted` (staff look at it), `published`, `paused`, `archived`, or `importing`.
    state: String,
    /// What staff said when they sent it back or took it out of sight.
    state_note: Option<String>,
    /// Staff took it out of sight: it cannot be published.
    withheld: bool,
    /// Rises with every change: the entity tag.
    version: i64,
    /// What it lacks before guests can see it; empty when nothing.
    missing: Vec<MissingView>,
}

/// Something a home lacks.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct MissingView {
    /// JSON pointer to what would mend it, such as `/private/address`.
    pointer: String,
    code: String,
    message: String,
}

/// A home as those who may edit it see it, the exact place included.
#[derive(Debug, Clone, Object)]
pub(super) struct HomeView {
    #[oai(flatten)]
    standing: ListingStateView,
    host_id: Uuid,
    title: String,
    summary: String,
    description: String,
    neighbourhood_text: String,
    house_rules: String,
    /// BCP 47; null: not said.
    language: Option<String>,
    /// The texts in further languages.
    translations: Vec<TextsView>,
    room_type: String,
    property_type: String,
    capacity: i64,
    max_infants: i64,
    max_pets: i64,
    unit_count: i64,
    rooms: Vec<RoomWire>,
    /// Counted from `rooms`.
    bedrooms: Option<i64>,
    beds: Option<i64>,
    bathrooms: Option<Halves>,
    bathroom_shared: bool,
    /// Keys of `/reference/amenities`.
    amenities: Vec<String>,
    other_amenities: Vec<String>,
    accessibility: Vec<String>,
    location: LocationWire,
    /// What strangers see.
    public_location: Located,
    zone: String,
    check_in_time: String,
    check_out_time: String,
    /// `instant` or `request`.
    booking_mode: String,
    registration_number: Option<String>,
    short_policy: String,
    long_policy: String,
    currency: String,
    /// Of a night, in minor units; null while it has none.
    base_price: Option<i64>,
    custom: BTreeMap<String, Value>,
    /// Told to confirmed guests; staff are not shown it.
    private: Option<PrivateView>,
    /// Fields that were changed here: an import leaves them alone.
    edited_fields: Vec<String>,
    /// RFC 3339, UTC.
    created_at: String,
    updated_at: String,
    /// When staff approved it.
    approved_at: Option<String>,
}

/// The texts of a home in one language.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
pub(super) struct TextsView {
    /// BCP 47.
    language: String,
    /// Empty: as the host wrote it.
    title: String,
    summary: String,
    description: String,
    neighbourhood_text: String,
    house_rules: String,
}

/// A page of homes that staff look at.
#[derive(Debug, Object)]
pub(super) struct StaffHomesView {
    pub(super) data: Vec<StaffHomeView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub(super) next_cursor: Option<String>,
    pub(super) has_more: bool,
}

/// A home in a list.
#[derive(Debug, Object)]
pub(super) struct StaffHomeView {
    id: Uuid,
    host_id: Uuid,
    state: String,
    state_note: Option<String>,
    withheld: bool,
    title: String,
    city: String,
    country: String,
    photo_url: Option<String>,
    version: i64,
    created_at: String,
    updated_at: String,
}

impl ListingStateView {
    pub(super) fn of(held: &Held, missing: Vec<FieldError>) -> Self {
        let view = |one: FieldError| MissingView { pointer: one.pointer, code: one.code.to_owned(), message: one.message };
        Self {
            id: held.id.0,
            state: held.state.name().to_owned(),
            state_note: held.state_note.clone(),
            withheld: held.withheld,
            version: held.version,
            missing: missing.into_iter().map(view).collect(),
        }
    }
}

impl HomeView {
    /// `with_private`: for its own people, not for staff.
    pub(super) fn of(held: Held, missing: Vec<FieldError>, translations: Vec<Translation>, fields: &[Field], with_private: bool) -> Self {
        let standing = ListingStateView::of(&held, missing);
        let home = held.home;
        let place = home.place;
        Self {
            standing,
            host_id: held.host.0,
            title: home.title,
            summary: home.texts.summary,
            description: home.texts.description,
            neighbourhood_text: home.texts.neighbourhood_text,
            house_rules: home.texts.house_rules,
            language: home.language,
            translations: translations.into_iter().map(TextsView::of).collect(),
            room_type: home.room_type,
            property_type: home.property_type,
            capacity: home.capacity,
            max_infants: home.max_infants,
            max_pets: home.max_pets,
            unit_count: home.units,
            rooms: home.rooms.iter().map(RoomWire::of).collect(),
            bedrooms: home.bedrooms,
            beds: home.beds,
            bathrooms: home.bathrooms_halves.map(Halves),
            bathroom_shared: home.bathroom_shared,
            amenities: home.amenities,
            other_amenities: home.amenities_other,
            accessibility: home.accessibility,
            public_location: Located { lat: place.public_lat, lng: place.public_lng },
            location: LocationWire { lat: place.lat, lng: place.lng, city: place.city, country: place.country, neighbourhood: place.neighbourhood },
            zone: home.zone,
            check_in_time: rules::wall_time(home.check_in_minute),
            check_out_time: rules::wall_time(home.check_out_minute),
            booking_mode: if home.instant_book { "instant" } else { "request" }.to_owned(),
            registration_number: home.registration_number,
            short_policy: home.short_policy,
            long_policy: home.long_policy,
            currency: home.currency.code().to_owned(),
            base_price: Some(home.price_minor).filter(|price| *price > 0),
            custom: custom::shown(&home.custom, fields).into_iter().collect(),
            private: with_private.then(|| PrivateView::of(&home.private)),
            edited_fields: held.edited,
            created_at: held.created_at.to_string(),
            updated_at: held.updated_at.to_string(),
            approved_at: held.approved_at.map(|at| at.to_string()),
        }
    }
}

impl TextsView {
    pub(super) fn of(translation: Translation) -> Self {
        let Translation { language, title, texts } = translation;
        let Texts { summary, description, neighbourhood_text, house_rules } = texts;
        Self { language, title, summary, description, neighbourhood_text, house_rules }
    }
}

impl StaffHomeView {
    pub(super) fn of(home: Brief) -> Self {
        Self {
            id: home.id.0,
            host_id: home.host.0,
            state: home.state.name().to_owned(),
            state_note: home.state_note,
            withheld: home.withheld,
            title: home.title,
            city: home.city,
            country: home.country,
            photo_url: home.photo_url,
            version: home.version,
            created_at: home.created_at.to_string(),
            updated_at: home.updated_at.to_string(),
        }
    }
}
