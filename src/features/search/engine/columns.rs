//! One value a listing: the columns of the corpus, by ordinal.

use super::area::Point;
use super::pricing::Pricing;
use crate::features::calendar::rules::{Days, Terms};
use crate::values::{Instant, ListingId};
use std::sync::Arc;

/// Marks an unknown bedroom, bed or bathroom count.
pub(crate) const UNKNOWN: u8 = u8::MAX;

/// One value a listing, by ordinal. Kept together because they are filled and replaced together.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub ids: Vec<ListingId>,
    pub points: Vec<Point>,
    pub terms: Vec<Terms>,
    pub prices: Vec<i64>,
    /// Where stays cost more than the base price and single days.
    pub pricing: Vec<Option<Arc<Pricing>>>,
    /// Least and most that a night of any stay comes to, everything mandatory together.
    pub price_bounds: Vec<(i64, i64)>,
    pub quality: Vec<u32>,
    /// Mean rating × 100, 0 when there is none.
    pub rating: Vec<u16>,
    pub reviews: Vec<u32>,
    pub created: Vec<Instant>,
    pub hosts: Vec<u32>,
    pub cities: Vec<u32>,
    pub neighbourhoods: Vec<u32>,
    pub currencies: Vec<u8>,
    pub classes: Vec<u32>,
    pub property_types: Vec<u16>,
    pub bedrooms: Vec<u8>,
    pub beds: Vec<u8>,
    pub bathrooms: Vec<u8>,
    /// Only where some day differs, or where the rules need more than bits.
    pub days: Vec<Option<Box<Days>>>,
}

impl Columns {
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            ids: Vec::with_capacity(room),
            points: Vec::with_capacity(room),
            terms: Vec::with_capacity(room),
            prices: Vec::with_capacity(room),
            pricing: Vec::with_capacity(room),
            price_bounds: Vec::with_capacity(room),
            quality: Vec::with_capacity(room),
            rating: Vec::with_capacity(room),
            reviews: Vec::with_capacity(room),
            created: Vec::with_capacity(room),
            hosts: Vec::with_capacity(room),
            cities: Vec::with_capacity(room),
            neighbourhoods: Vec::with_capacity(room),
            currencies: Vec::with_capacity(room),
            classes: Vec::with_capacity(room),
            property_types: Vec::with_capacity(room),
            bedrooms: Vec::with_capacity(room),
            beds: Vec::with_capacity(room),
            bathrooms: Vec::with_capacity(room),
            days: Vec::with_capacity(room),
        }
    }

    pub(super) fn append(&mut self, id: ListingId, point: Point) {
        self.ids.push(id);
        self.points.push(point);
        self.terms.push(CLOSED);
        self.prices.push(0);
        self.pricing.push(None);
        self.price_bounds.push((0, 0));
        self.quality.push(0);
        self.rating.push(0);
        self.reviews.push(0);
        self.created.push(Instant(0));
        self.hosts.push(0);
        self.cities.push(0);
        self.neighbourhoods.push(0);
        self.currencies.push(0);
        self.classes.push(0);
        self.property_types.push(0);
        self.bedrooms.push(UNKNOWN);
        self.beds.push(UNKNOWN);
        self.bathrooms.push(UNKNOWN);
        self.days.push(None);
    }

    /// The bedrooms of a listing, where they are known.
    pub(super) fn bedrooms_known(&self, place: usize) -> Option<u8> {
        Some(self.bedrooms[place]).filter(|n| *n != UNKNOWN)
    }
}

/// The terms of an ordinal that has no listing yet.
pub(super) const CLOSED: Terms = Terms {
    bookable: false,
    capacity: 0,
    max_infants: 0,
    max_pets: 0,
    min_nights: 1,
    max_nights: 1,
    notice_days: 0,
    cutoff_minute: None,
    window_days: 1,
    window_strict: false,
    preparation: 0,
    arrival_days: 127,
    departure_days: 127,
    gap_nights: 0,
    fill_gaps: false,
    units: 1,
    arrival_min_nights: [0; 7],
};
