//! What the public page of a listing shows. The exact place of the home is not among what is read (V8).

use super::photos::PhotoView;
use super::reference::AmenityView;
use crate::features::listings::gallery::Photo;
use crate::features::listings::service::{PublicHost, PublicListing, StayLimits};
use crate::features::listings::{amenities, rules};
use crate::platform::wire::{DateView, Halves, Hundredths, Located, MoneyView};
use poem_openapi::Object;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A published listing.
#[derive(Debug, Clone, PartialEq, Object)]
pub(super) struct ListingView {
    id: Uuid,
    title: String,
    /// Plain text in the language the host wrote in.
    description: String,
    /// What the host says of the neighbourhood.
    neighbourhood_text: String,
    /// `entire_home`, `private_room`, `shared_room` or `hotel_room`.
    room_type: String,
    /// Slug; names are in `/reference/property-types`.
    property_type: String,
    city: String,
    /// ISO 3166-1 alpha-2.
    country: String,
    /// Empty when unknown.
    neighbourhood: String,
    /// Near the home, not at it.
    location: Located,
    /// Most adults and children together.
    capacity: i64,
    bedrooms: Option<i64>,
    beds: Option<i64>,
    /// In halves: a half bathroom has no bath or shower.
    bathrooms: Option<Halves>,
    bathroom_shared: bool,
    amenities: Vec<AmenityView>,
    /// What the host offers besides, in the host's own words.
    other_amenities: Vec<String>,
    instant_book: bool,
    registration_number: Option<String>,
    /// The first photo, for cards.
    photo_url: Option<String>,
    /// In the host's order.
    photos: Vec<PhotoView>,
    #[oai(flatten)]
    limits: LimitsView,
    /// Base price of a night; single days may differ, see the calendar.
    nightly: MoneyView,
    /// ISO 4217 code of all prices.
    currency: String,
    /// IANA time zone of the home; its dates and times are meant there.
    zone: String,
    /// Mean of all ratings, 1 to 5 with two decimals; null while nobody has rated.
    rating: Option<Hundredths>,
    rating_count: i64,
    /// Mean by aspect, such as `cleanliness`.
    review_scores: BTreeMap<String, Hundredths>,
    review_count: i64,
    host: HostView,
    /// Rises with every change of the listing.
    version: i64,
}

/// When and with whom guests may come, apart from single days.
#[derive(Debug, Clone, PartialEq, Object)]
struct LimitsView {
    min_nights: i64,
    max_nights: i64,
    /// Days between booking and check-in at least.
    notice_days: i64,
    /// Without notice: the local time of day, `HH:MM`, after which today cannot be booked; null: no such time.
    same_day_until: Option<String>,
    /// Days ahead that check-in may be at most.
    window_days: i64,
    /// Whether check-out, too, must lie within `window_days`.
    window_strict: bool,
    /// Nights kept free between two stays.
    preparation_nights: i64,
    /// Weekdays on which guests may arrive and leave.
    arrival_days: Vec<String>,
    departure_days: Vec<String>,
    max_infants: i64,
    max_pets: i64,
}

/// The host of a listing.
#[derive(Debug, Clone, PartialEq, Eq, Object)]
struct HostView {
    id: Uuid,
    name: String,
    photo_url: Option<String>,
    top_host: bool,
    member_since: Option<DateView>,
}

impl ListingView {
    pub(super) fn of(listing: PublicListing, photos: Vec<Photo>) -> Self {
        Self {
            id: listing.id.0,
            title: listing.title,
            description: listing.description,
            neighbourhood_text: listing.neighbourhood_text,
            room_type: listing.room_type,
            property_type: listing.property_type,
            city: listing.city,
            country: listing.country,
            neighbourhood: listing.neighbourhood,
            location: Located { lat: listing.public_lat, lng: listing.public_lng },
            capacity: listing.capacity,
            bedrooms: listing.bedrooms,
            beds: listing.beds,
            bathrooms: listing.bathrooms_halves.map(Halves),
            bathroom_shared: listing.bathroom_shared,
            amenities: listing.amenities.iter().filter_map(|key| amenities::find(key)).map(AmenityView::of).collect(),
            other_amenities: listing.amenities_other,
            instant_book: listing.instant_book,
            registration_number: listing.registration_number,
            photo_url: listing.photo_url,
            photos: photos.into_iter().map(PhotoView::of).collect(),
            limits: LimitsView::of(&listing.stays),
            nightly: MoneyView { amount: listing.price_minor, currency: listing.currency.clone() },
            currency: listing.currency,
            zone: listing.zone,
            rating: rules::mean_centi(listing.rating_sum_centi, listing.rating_count).map(Hundredths),
            rating_count: listing.rating_count,
            review_scores: listing.review_scores.into_iter().map(|(aspect, mean)| (aspect, Hundredths(mean))).collect(),
            review_count: listing.review_count,
            host: HostView::of(listing.host),
            version: listing.version,
        }
    }
}

impl LimitsView {
    fn of(limits: &StayLimits) -> Self {
        let named = |mask| rules::weekdays(mask).into_iter().map(str::to_owned).collect();
        Self {
            min_nights: limits.min_nights,
            max_nights: limits.max_nights,
            notice_days: limits.notice_days,
            same_day_until: limits.cutoff_minute.map(rules::wall_time),
            window_days: limits.window_days,
            window_strict: limits.window_strict,
            preparation_nights: limits.preparation_nights,
            arrival_days: named(limits.arrival_days),
            departure_days: named(limits.departure_days),
            max_infants: limits.max_infants,
            max_pets: limits.max_pets,
        }
    }
}

impl HostView {
    fn of(host: PublicHost) -> Self {
        Self { id: host.id.0, name: host.name, photo_url: host.photo_url, top_host: host.top_host, member_since: host.member_since.map(DateView) }
    }
}
