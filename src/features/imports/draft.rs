//! What both sources are made into before anything is written.

use crate::features::listings::amenities::Folder;
use crate::values::{Currency, Night, NightRange};
use std::sync::Arc;

/// A host as the source knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Host {
    pub external_id: String,
    pub name: String,
    pub about: String,
    pub location: String,
    pub photo_url: Option<String>,
    pub identity_verified: bool,
    pub top_host: bool,
    pub response_rate: Option<i64>,
    pub member_since: Option<Night>,
}

/// A home as the source knows it, without its calendar.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Home {
    pub external_id: String,
    /// The host's id in the source.
    pub host: String,
    pub title: String,
    pub room_type: &'static str,
    pub property_type: String,
    pub city: String,
    pub country: String,
    pub neighbourhood: String,
    pub lat: f64,
    pub lng: f64,
    /// What strangers may see of the place (V8).
    pub public_lat: f64,
    pub public_lng: f64,
    pub zone: Arc<str>,
    pub currency: Currency,
    /// Base price of a night in minor units; 0 while unknown.
    pub price_minor: i64,
    pub capacity: i64,
    pub bedrooms: Option<i64>,
    pub beds: Option<i64>,
    pub bathrooms_halves: Option<i64>,
    pub bathroom_shared: bool,
    pub amenities: Amenities,
    pub instant_book: bool,
    pub registration_number: Option<String>,
    pub photo_url: Option<String>,
    pub min_nights: i64,
    pub max_nights: i64,
    pub rating_count: i64,
    pub rating_sum_centi: i64,
    /// JSON object: cleanliness, accuracy … → mean × 100.
    pub review_scores: String,
    pub review_count: i64,
    pub description: String,
    pub neighbourhood_text: String,
}

/// Amenities as keys of the catalogue, and the words that have no key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Amenities {
    pub keys: Vec<&'static str>,
    pub other: Vec<String>,
}

impl Amenities {
    /// Folds a source's words, each key and each word once, in the order they came.
    pub(super) fn fold(words: &[String], folder: &mut Folder) -> Self {
        let mut found = Self::default();
        for word in words {
            let keys = folder.keys(word);
            for key in keys.iter() {
                if !found.keys.contains(key) {
                    found.keys.push(key);
                }
            }
            if keys.is_empty() {
                let word = super::rules::text::one_line(word);
                if !word.is_empty() && !found.other.contains(&word) {
                    found.other.push(word);
                }
            }
        }
        found
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.contains(&key)
    }
}

/// What a guest once wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Review {
    pub external_id: String,
    /// Place of the listing in the survey.
    pub listing: u32,
    pub author: String,
    pub written_on: Night,
    pub body: String,
}

/// Nights on which a home's terms differ; `None`: as the listing says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Override {
    pub nights: NightRange,
    pub price_minor: Option<i64>,
    pub min_nights: Option<i64>,
    pub max_nights: Option<i64>,
}

/// A home's calendar as ranges, sorted and disjoint in each list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Calendar {
    pub taken: Vec<NightRange>,
    pub overrides: Vec<Override>,
}
