//! What searches look like on the wire.

use crate::features::search::dates::Flex;
use crate::features::search::engine::listing::RoomType;
use crate::features::search::engine::query::{PriceBasis, Sort};
use crate::features::search::suggest::Suggestion;
use crate::platform::wire::{DateView, Halves, Hundredths, Located, MoneyView};
use poem_openapi::{Enum, Object};
use uuid::Uuid;

/// What kind of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "RoomType")]
pub(super) enum RoomTypeParam {
    EntireHome,
    PrivateRoom,
    SharedRoom,
    HotelRoom,
}

/// How long, where only months are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "Flex")]
pub(super) enum FlexParam {
    /// Friday to Sunday.
    Weekend,
    /// Seven nights from any day on.
    Week,
    /// Twenty-eight nights from any day on.
    Month,
}

/// In which order; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "SearchSort")]
pub(super) enum SortParam {
    #[oai(rename = "relevance")]
    Relevance,
    #[oai(rename = "price")]
    Price,
    #[oai(rename = "-price")]
    PriceDescending,
    #[oai(rename = "rating")]
    Rating,
    #[oai(rename = "distance")]
    Distance,
    #[oai(rename = "newest")]
    Newest,
}

/// What `price_min` and `price_max` are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "PriceBasis")]
pub(super) enum BasisParam {
    /// The base price of a night; with dates, the stay's average (total divided by nights, rounded down).
    Nightly,
    /// Everything mandatory for the stay; needs dates.
    Total,
}

/// A page of a search.
#[derive(Debug, Object)]
#[oai(rename = "SearchPage")]
pub(super) struct SearchView {
    /// How many listings match, exactly.
    total: u64,
    data: Vec<CardView>,
    has_more: bool,
    /// Give it back as `cursor`, with the same filters, for the next page.
    next_cursor: Option<String>,
    /// With `facets=true`: counts over all matches.
    facets: Option<FacetsView>,
}

/// A listing as a search shows it.
#[derive(Debug, Object)]
#[oai(rename = "ListingCard")]
pub(super) struct CardView {
    id: Uuid,
    title: String,
    room_type: RoomTypeParam,
    /// A slug of `/reference/property-types`.
    property_type: String,
    city: String,
    /// Empty when unknown.
    neighbourhood: String,
    /// Near the home, not at it.
    location: Located,
    /// Most guests, infants not counted.
    capacity: u16,
    bedrooms: Option<u8>,
    beds: Option<u8>,
    bathrooms: Option<Halves>,
    /// Mean of all grades, 1 to 5.
    rating: Option<Hundredths>,
    review_count: u32,
    instant_book: bool,
    top_host: bool,
    photo_url: Option<String>,
    /// Base price of a night.
    nightly: MoneyView,
    /// With dates: what the stay costs; with flexible dates, the first of `best_dates`.
    stay: Option<StayView>,
    /// With flexible dates: the cheapest stay that can be booked, and up to three others; of the same total, those nearest
    /// to the `check_in` that was asked for, then the earliest.
    best_dates: Option<Vec<BestDatesView>>,
    /// With `near`: kilometres along the great circle.
    distance_km: Option<f64>,
}

/// A stay that can be booked, and what it costs.
#[derive(Debug, Object)]
#[oai(rename = "BestDates")]
pub(super) struct BestDatesView {
    check_in: DateView,
    check_out: DateView,
    /// Everything mandatory.
    total: MoneyView,
}

/// What a stay costs.
#[derive(Debug, Object)]
#[oai(rename = "SearchStay")]
pub(super) struct StayView {
    nights: u16,
    /// Everything mandatory.
    total: MoneyView,
    /// `total` divided by `nights`, rounded down.
    average_nightly: MoneyView,
}

/// Counts over all matches; what nobody has is left out.
#[derive(Debug, Object)]
#[oai(rename = "SearchFacets")]
pub(super) struct FacetsView {
    room_types: Vec<CountView>,
    /// Most frequent first.
    property_types: Vec<CountView>,
    /// The 40 most frequent, most frequent first.
    amenities: Vec<AmenityCountView>,
    bedrooms: Vec<BedroomCountView>,
    /// Bands of the base price of a night; absent when the matches have several currencies.
    prices: Option<HistogramView>,
}

#[derive(Debug, Object)]
#[oai(rename = "FacetCount")]
pub(super) struct CountView {
    value: String,
    count: u64,
}

#[derive(Debug, Object)]
#[oai(rename = "AmenityCount")]
pub(super) struct AmenityCountView {
    /// Key of `/reference/amenities`.
    value: String,
    /// English name.
    name: String,
    count: u64,
}

#[derive(Debug, Object)]
#[oai(rename = "BedroomCount")]
pub(super) struct BedroomCountView {
    /// Bedrooms; 16 stands for 16 and more.
    value: u8,
    count: u64,
}

#[derive(Debug, Object)]
#[oai(rename = "PriceHistogram")]
pub(super) struct HistogramView {
    currency: String,
    bands: Vec<BandView>,
}

/// From `from` up to, not including, `to`; minor units.
#[derive(Debug, Object)]
#[oai(rename = "PriceBand")]
pub(super) struct BandView {
    from: i64,
    /// Absent for the last band.
    to: Option<i64>,
    count: u64,
}

/// What kind of completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "SuggestionKind")]
pub(super) enum SuggestionKind {
    City,
    Neighbourhood,
    Listing,
}

#[derive(Debug, Object)]
#[oai(rename = "Suggestion")]
pub(super) struct SuggestionView {
    kind: SuggestionKind,
    /// What to show: the city, the neighbourhood, the title.
    text: String,
    /// The city of a neighbourhood or a listing.
    city: Option<String>,
    /// Of a city: how many listings it has.
    listings: Option<u64>,
    /// Of a listing.
    listing_id: Option<Uuid>,
}

#[derive(Debug, Object)]
#[oai(rename = "Suggestions")]
pub(super) struct SuggestionsView {
    pub(super) data: Vec<SuggestionView>,
}

impl From<RoomTypeParam> for RoomType {
    fn from(room: RoomTypeParam) -> Self {
        match room {
            RoomTypeParam::EntireHome => Self::EntireHome,
            RoomTypeParam::PrivateRoom => Self::PrivateRoom,
            RoomTypeParam::SharedRoom => Self::SharedRoom,
            RoomTypeParam::HotelRoom => Self::HotelRoom,
        }
    }
}

impl From<FlexParam> for Flex {
    fn from(flex: FlexParam) -> Self {
        match flex {
            FlexParam::Weekend => Self::Weekend,
            FlexParam::Week => Self::Week,
            FlexParam::Month => Self::Month,
        }
    }
}

impl From<BasisParam> for PriceBasis {
    fn from(basis: BasisParam) -> Self {
        match basis {
            BasisParam::Nightly => Self::Nightly,
            BasisParam::Total => Self::Total,
        }
    }
}

impl From<SortParam> for Sort {
    fn from(sort: SortParam) -> Self {
        match sort {
            SortParam::Relevance => Self::Relevance,
            SortParam::Price => Self::Cheapest,
            SortParam::PriceDescending => Self::Dearest,
            SortParam::Rating => Self::Rating,
            SortParam::Distance => Self::Nearest,
            SortParam::Newest => Self::Newest,
        }
    }
}

impl From<Suggestion> for SuggestionView {
    fn from(suggestion: Suggestion) -> Self {
        let plain = |kind, text| Self { kind, text, city: None, listings: None, listing_id: None };
        match suggestion {
            Suggestion::City { name, listings } => Self { listings: Some(listings as u64), ..plain(SuggestionKind::City, name) },
            Suggestion::Neighbourhood { name, city } => Self { city: Some(city), ..plain(SuggestionKind::Neighbourhood, name) },
            Suggestion::Title { id, title, city } => Self { city: Some(city), listing_id: Some(id.0), ..plain(SuggestionKind::Listing, title) },
        }
    }
}
