//! What the engine must know of a listing: the shape in which the database hands it over.

use super::pricing::Pricing;
use crate::features::calendar::rules::{Days, Terms};
use crate::features::listings::FieldValue;
use crate::features::listings::amenities::AmenitySet;
use crate::values::{Currency, Instant, ListingId, UserId};
use std::sync::Arc;

/// A kind of room; the order is that of the bitmaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RoomType {
    EntireHome,
    PrivateRoom,
    SharedRoom,
    HotelRoom,
}

impl RoomType {
    pub(crate) const ALL: [Self; 4] = [Self::EntireHome, Self::PrivateRoom, Self::SharedRoom, Self::HotelRoom];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::EntireHome => "entire_home",
            Self::PrivateRoom => "private_room",
            Self::SharedRoom => "shared_room",
            Self::HotelRoom => "hotel_room",
        }
    }

    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|room| room.name() == name)
    }
}

/// A listing as search sees it, without its calendar.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    pub id: ListingId,
    pub host: UserId,
    pub room_type: RoomType,
    pub property_type: Arc<str>,
    pub city: Arc<str>,
    pub neighbourhood: Arc<str>,
    /// The public point, never the exact one.
    pub lat: f64,
    pub lng: f64,
    pub zone: Arc<str>,
    pub currency: Currency,
    /// Base price of a night, minor units.
    pub price: i64,
    /// What else decides the prices of stays, where anything does.
    pub pricing: Option<Arc<Pricing>>,
    pub terms: Terms,
    pub bedrooms: Option<u8>,
    pub beds: Option<u8>,
    pub bathrooms_halves: Option<u8>,
    pub amenities: AmenitySet,
    pub instant_book: bool,
    pub top_host: bool,
    /// Mean rating × 100; `None` without a grade.
    pub rating_centi: Option<u16>,
    pub review_count: u32,
    pub created_at: Instant,
    /// What it says in the operator's own fields that are searched.
    pub custom: Vec<(Box<str>, FieldValue)>,
}

impl Facts {
    /// How good a listing is, apart from what was searched: the mean of its reviews, drawn towards 4.0 while there
    /// are few of them, times a million: `(rating × reviews + 4 × 8) / (reviews + 8)`, rounded down.
    pub(crate) fn quality(&self) -> u32 {
        let reviews = u64::from(self.review_count);
        let rating = u64::from(self.rating_centi.unwrap_or(400));
        u32::try_from((rating * reviews + 400 * 8) * 10_000 / (reviews + 8)).unwrap_or(u32::MAX)
    }
}

/// A listing with its calendar: what is put into the corpus.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub facts: Facts,
    pub days: Days,
}
