//! What the public page of a listing shows. The exact place of the home is not among what is read (V8).

use super::home_wire::RoomWire;
use super::pages::{Page, Rendered};
use super::photos::PhotoView;
use super::reference::AmenityView;
use crate::features::listings::gallery::Photo;
use crate::features::listings::service::{PublicHost, PublicListing, StayLimits};
use crate::features::listings::store::texts::Translation;
use crate::features::listings::{amenities, rules};
use crate::platform::wire::{DateView, DepositView, Halves, Hundredths, Located, MoneyView};
use crate::values::Currency;
use poem_openapi::Object;
use serde_json::Value;
use std::collections::BTreeMap;
use uuid::Uuid;

/// A published listing.
#[derive(Debug, Clone, PartialEq, Object)]
pub(super) struct ListingView {
    id: Uuid,
    /// The language of the texts, BCP 47; null: the host's own, which they did not name.
    language: Option<String>,
    /// Languages there are texts in.
    languages: Vec<String>,
    title: String,
    summary: String,
    /// Plain text.
    description: String,
    /// What the host says of the neighbourhood.
    neighbourhood_text: String,
    house_rules: String,
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
    /// Which rooms there are, with their beds; empty when not described.
    rooms: Vec<RoomWire>,
    /// Equal units of the home.
    unit_count: i64,
    amenities: Vec<AmenityView>,
    /// What the host offers besides, in the host's own words.
    other_amenities: Vec<String>,
    /// Keys of `accessibility` in `/reference/listing-choices`.
    accessibility: Vec<String>,
    /// Local time of day, `HH:MM`.
    check_in_time: String,
    check_out_time: String,
    /// Cancellation of stays under 28 nights, and of longer ones.
    short_policy: String,
    long_policy: String,
    /// The fields that this site added; their names are in `/reference/listing-choices`.
    custom: BTreeMap<String, Value>,
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
    /// What guests leave against damage, and get back; null: nothing.
    deposit: Option<DepositView>,
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
    /// The page in every language it has.
    pub(super) fn page(mut listing: PublicListing, photos: &[Photo]) -> Page {
        let (language, translations) = (listing.language.clone(), std::mem::take(&mut listing.translations));
        let languages: Vec<String> = language.iter().chain(translations.iter().map(|one| &one.language)).cloned().collect();
        let translated = translations.into_iter().map(|translation| {
            let tag = translation.language.clone();
            (tag, Rendered::of(&Self::of(in_words_of(listing.clone(), translation), photos.to_vec(), &languages)))
        });
        Page { language, translated: translated.collect(), original: Rendered::of(&Self::of(listing, photos.to_vec(), &languages)) }
    }

    fn of(listing: PublicListing, photos: Vec<Photo>, languages: &[String]) -> Self {
        Self {
            id: listing.id.0,
            language: listing.language,
            languages: languages.to_vec(),
            title: listing.title,
            summary: listing.summary,
            description: listing.description,
            neighbourhood_text: listing.neighbourhood_text,
            house_rules: listing.house_rules,
            rooms: listing.rooms.iter().map(RoomWire::of).collect(),
            unit_count: listing.units,
            accessibility: listing.accessibility,
            check_in_time: rules::wall_time(listing.check_in_minute),
            check_out_time: rules::wall_time(listing.check_out_minute),
            short_policy: listing.short_policy,
            long_policy: listing.long_policy,
            custom: listing.custom.into_iter().collect(),
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
            deposit: listing.deposit.zip(Currency::parse(&listing.currency)).map(|(deposit, currency)| DepositView::of(deposit, currency)),
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

/// The listing with the texts of a translation, as far as it has them.
fn in_words_of(mut listing: PublicListing, translation: Translation) -> PublicListing {
    let Translation { language, title, texts } = translation;
    for (place, text) in [
        (&mut listing.title, title),
        (&mut listing.summary, texts.summary),
        (&mut listing.description, texts.description),
        (&mut listing.neighbourhood_text, texts.neighbourhood_text),
        (&mut listing.house_rules, texts.house_rules),
    ] {
        if !text.is_empty() {
            *place = text;
        }
    }
    listing.language = Some(language);
    listing
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
