//! Parts of a home that are sent and answered in the same shape.

use crate::features::listings::rules::home::{Beds, Private, Room};
use poem_openapi::Object;

/// A room with its beds.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, rename = "Room")]
pub(super) struct RoomWire {
    /// `bedroom`, `living_room` or `other`; bedrooms are counted from these.
    pub(super) kind: String,
    /// What the host calls it; up to 60 characters.
    #[oai(default)]
    pub(super) name: String,
    /// Up to 20 kinds.
    pub(super) beds: Vec<BedsWire>,
}

/// So many beds of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(deny_unknown_fields, rename = "Beds")]
pub(super) struct BedsWire {
    /// A key of `beds` in `/reference/listing-choices`.
    pub(super) kind: String,
    /// 1 to 20.
    pub(super) count: i64,
}

/// Where a home is, exactly. Strangers are shown a point 150 to 500 m away.
#[derive(Debug, Clone, PartialEq, Object)]
#[oai(deny_unknown_fields, rename = "HomeLocation")]
pub(super) struct LocationWire {
    /// WGS 84 degrees.
    pub(super) lat: f64,
    pub(super) lng: f64,
    /// Up to 100 characters.
    pub(super) city: String,
    /// ISO 3166-1 alpha-2.
    pub(super) country: String,
    /// Up to 100 characters; may be empty.
    #[oai(default)]
    pub(super) neighbourhood: String,
}

/// What only confirmed guests are told. Kept encrypted.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
#[oai(rename = "PrivatePart")]
pub(super) struct PrivateView {
    pub(super) address: String,
    pub(super) check_in_instructions: String,
    pub(super) wifi_name: String,
    pub(super) wifi_password: String,
    pub(super) access_code: String,
}

impl RoomWire {
    pub(super) fn of(room: &Room) -> Self {
        let beds = room.beds.iter().map(|beds| BedsWire { kind: beds.kind.clone(), count: beds.count });
        Self { kind: room.kind.clone(), name: room.name.clone(), beds: beds.collect() }
    }

    pub(super) fn room(self) -> Room {
        let beds = self.beds.into_iter().map(|beds| Beds { kind: beds.kind, count: beds.count });
        Room { kind: self.kind, name: self.name, beds: beds.collect() }
    }
}

impl PrivateView {
    pub(super) fn of(private: &Private) -> Self {
        let Private { address, check_in_instructions, wifi_name, wifi_password, access_code } = private.clone();
        Self { address, check_in_instructions, wifi_name, wifi_password, access_code }
    }
}
