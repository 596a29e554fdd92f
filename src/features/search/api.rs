//! `GET /search/stays` and `GET /search/suggest`.

use super::ask::Ask;
use super::engine::listing::RoomType;
use super::engine::query::{PriceBasis, Sort};
use super::service::Search;
use super::suggest::Suggestion;
use crate::platform::access::{Action, Door};
use crate::platform::error::Result;
use crate::platform::http::{Prepared, Tag};
use crate::platform::tools::Tools;
use crate::platform::wire::{DateAsk, Halves, Hundredths, Located, MoneyView};
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Enum, Object, OpenApi};
use uuid::Uuid;

/// What kind of room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "RoomType")]
enum RoomTypeParam {
    EntireHome,
    PrivateRoom,
    SharedRoom,
    HotelRoom,
}

/// In which order; ties go by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename = "SearchSort")]
enum SortParam {
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
enum BasisParam {
    /// The base price of a night; with dates, the stay's average (total divided by nights, rounded down).
    Nightly,
    /// Everything mandatory for the stay; needs dates.
    Total,
}

/// A page of a search.
#[derive(Debug, Object)]
#[oai(rename = "SearchPage")]
struct SearchView {
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
struct CardView {
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
    /// With dates: what the stay costs.
    stay: Option<StayView>,
    /// With `near`: kilometres along the great circle.
    distance_km: Option<f64>,
}

/// What a stay costs.
#[derive(Debug, Object)]
#[oai(rename = "SearchStay")]
struct StayView {
    nights: u16,
    /// Everything mandatory.
    total: MoneyView,
    /// `total` divided by `nights`, rounded down.
    average_nightly: MoneyView,
}

/// Counts over all matches; what nobody has is left out.
#[derive(Debug, Object)]
#[oai(rename = "SearchFacets")]
struct FacetsView {
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
struct CountView {
    value: String,
    count: u64,
}

#[derive(Debug, Object)]
#[oai(rename = "AmenityCount")]
struct AmenityCountView {
    /// Key of `/reference/amenities`.
    value: String,
    /// English name.
    name: String,
    count: u64,
}

#[derive(Debug, Object)]
#[oai(rename = "BedroomCount")]
struct BedroomCountView {
    /// Bedrooms; 16 stands for 16 and more.
    value: u8,
    count: u64,
}

#[derive(Debug, Object)]
#[oai(rename = "PriceHistogram")]
struct HistogramView {
    currency: String,
    bands: Vec<BandView>,
}

/// From `from` up to, not including, `to`; minor units.
#[derive(Debug, Object)]
#[oai(rename = "PriceBand")]
struct BandView {
    from: i64,
    /// Absent for the last band.
    to: Option<i64>,
    count: u64,
}

#[derive(ApiResponse)]
enum Found {
    /// The page.
    #[oai(status = 200)]
    Page(Prepared<SearchView>, #[oai(header = "ETag")] String, #[oai(header = "Link")] Option<String>, #[oai(header = "Cache-Control")] String),
    /// You have it already: `If-None-Match` named the current `ETag`.
    #[oai(status = 304)]
    #[expect(dead_code, reason = "the edge makes the 304; here it is documented")]
    NotModified(#[oai(header = "ETag")] String, #[oai(header = "Cache-Control")] String),
}

/// What kind of completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case", rename = "SuggestionKind")]
enum SuggestionKind {
    City,
    Neighbourhood,
    Listing,
}

#[derive(Debug, Object)]
#[oai(rename = "Suggestion")]
struct SuggestionView {
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
struct SuggestionsView {
    data: Vec<SuggestionView>,
}

/// Who may come in.
pub const DOORS: &[Door] = &[Door::to("searchStays", Action::Search), Door::to("suggestSearches", Action::Search)];

/// Finding a place to stay.
pub struct SearchApi {
    tools: Tools,
    search: Search,
}

impl SearchApi {
    #[must_use]
    pub fn new(tools: Tools, search: Search) -> Self {
        Self { tools, search }
    }
}

#[OpenApi(tag = "Tag::Search")]
#[expect(clippy::too_many_arguments, reason = "one argument a documented parameter")]
impl SearchApi {
    /// Search listings by text, place, dates, guests, price and more.
    ///
    /// Everything given must hold. With dates, a listing is found only if exactly those dates could be booked by that
    /// party, and its `stay.total` is what a quote would say. Without dates it is judged by the other filters alone.
    #[oai(path = "/search/stays", method = "get", operation_id = "searchStays")]
    async fn stays(
        &self,
        request: &poem::Request,
        /// Words that must all be there, in title, place, description, amenities or host. The last may be unfinished.
        #[oai(validator(max_length = 200))]
        q: Query<Option<String>>,
        /// Exact name of a city, in any case, with or without accents.
        #[oai(validator(max_length = 200))]
        city: Query<Option<String>>,
        /// `west,south,east,north` in degrees; edges belong to the box; west > east crosses the antimeridian.
        bbox: Query<Option<String>>,
        /// `lat,lng` in degrees; not together with `bbox`.
        near: Query<Option<String>>,
        /// Around `near`, 10 when not given.
        radius_km: Query<Option<f64>>,
        /// First night, YYYY-MM-DD; together with `check_out`.
        check_in: Query<Option<DateAsk>>,
        /// Day of departure, YYYY-MM-DD.
        check_out: Query<Option<DateAsk>>,
        /// Adults, at least one.
        #[oai(default = "one", validator(minimum(value = "1"), maximum(value = "100")))]
        adults: Query<u16>,
        /// Children of 2 to 12; they count like adults.
        #[oai(default, validator(maximum(value = "100")))]
        children: Query<u16>,
        /// Children under 2; they do not count towards the capacity.
        #[oai(default, validator(maximum(value = "20")))]
        infants: Query<u16>,
        #[oai(default, validator(maximum(value = "20")))] pets: Query<u16>,
        /// Minor units (cents for EUR) of the listing's currency.
        #[oai(validator(minimum(value = "0")))]
        price_min: Query<Option<i64>>,
        /// Minor units of the listing's currency.
        #[oai(validator(minimum(value = "0")))]
        price_max: Query<Option<i64>>,
        /// What the price bounds are compared with.
        #[oai(default = "nightly")]
        price_basis: Query<BasisParam>,
        /// Only listings priced in this ISO 4217 currency; needed for prices when the matches have several.
        currency: Query<Option<String>>,
        /// Any of these kinds; repeat the parameter.
        #[oai(default)]
        room_type: Query<Vec<RoomTypeParam>>,
        /// Any of these slugs of `/reference/property-types`; repeat the parameter.
        #[oai(default, validator(max_items = 50))]
        property_type: Query<Vec<String>>,
        /// All of these keys of `/reference/amenities`; repeat the parameter.
        #[oai(default, validator(max_items = 50))]
        amenities: Query<Vec<String>>,
        /// Listings whose bedrooms are unknown fail any minimum; likewise beds and bathrooms.
        #[oai(default, validator(maximum(value = "50")))]
        bedrooms_min: Query<u8>,
        #[oai(default, validator(maximum(value = "100")))] beds_min: Query<u8>,
        /// In halves: 1, 1.5, 2 …
        #[oai(default, validator(minimum(value = "0"), maximum(value = "50")))]
        bathrooms_min: Query<f64>,
        /// Bookable without asking the host first.
        instant_book: Query<Option<bool>>,
        /// Hosts with the badge.
        top_host: Query<Option<bool>>,
        /// Least mean rating, 0 to 5; listings without a grade fail it.
        #[oai(validator(minimum(value = "0"), maximum(value = "5")))]
        rating_min: Query<Option<f64>>,
        #[oai(default)] min_reviews: Query<u32>,
        host_id: Query<Option<Uuid>>,
        /// `price` is cheapest first, `-price` dearest first; `rating` best first; `newest` newest first; `distance` needs `near`.
        #[oai(default = "relevance")]
        sort: Query<SortParam>,
        /// Whether to count matches by kind, amenity, price and bedrooms.
        #[oai(default)]
        facets: Query<bool>,
        /// Listings a page.
        #[oai(default = "twenty", validator(minimum(value = "1"), maximum(value = "100")))]
        limit: Query<u8>,
        /// Where to go on: `next_cursor` of the page before.
        cursor: Query<Option<String>>,
    ) -> Result<Found> {
        let ask = Ask {
            q: q.0,
            city: city.0,
            bbox: bbox.0,
            near: near.0,
            radius_km: radius_km.0,
            check_in: check_in.0,
            check_out: check_out.0,
            adults: adults.0,
            children: children.0,
            infants: infants.0,
            pets: pets.0,
            price_min: price_min.0,
            price_max: price_max.0,
            price_basis: price_basis.0.into(),
            currency: currency.0,
            room_types: room_type.0.into_iter().map(Into::into).collect(),
            property_types: property_type.0,
            amenities: amenities.0,
            bedrooms_min: bedrooms_min.0,
            beds_min: beds_min.0,
            bathrooms_min: bathrooms_min.0,
            instant_book: instant_book.0,
            top_host: top_host.0,
            rating_min: rating_min.0,
            min_reviews: min_reviews.0,
            host_id: host_id.0,
            sort: sort.0.into(),
            facets: facets.0,
            limit: limit.0.into(),
            cursor: cursor.0,
        };
        let page = self.search.page(&ask, self.tools.clock.now()).await?;
        let link = page.next_cursor.as_deref().map(|cursor| next_link(request.uri(), cursor));
        let body = Prepared::new(page.json);
        let tag = body.etag();
        Ok(Found::Page(body, tag, link, "no-cache".to_owned()))
    }

    /// Complete what somebody is typing: cities, neighbourhoods, titles.
    #[oai(path = "/search/suggest", method = "get", operation_id = "suggestSearches")]
    async fn suggest(
        &self,
        /// What was typed so far.
        #[oai(validator(min_length = 1, max_length = 200))]
        q: Query<String>,
        /// Completions at most.
        #[oai(default = "ten", validator(minimum(value = "1"), maximum(value = "20")))]
        limit: Query<u8>,
    ) -> Result<Json<SuggestionsView>> {
        let found = self.search.suggest(&q.0, limit.0.into()).await?;
        Ok(Json(SuggestionsView { data: found.into_iter().map(SuggestionView::from).collect() }))
    }
}

fn one() -> u16 {
    1
}

fn ten() -> u8 {
    10
}

fn twenty() -> u8 {
    20
}

fn nightly() -> BasisParam {
    BasisParam::Nightly
}

fn relevance() -> SortParam {
    SortParam::Relevance
}

/// The same address with another cursor.
fn next_link(uri: &poem::http::Uri, cursor: &str) -> String {
    let kept = uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<&str> = kept.collect();
    let and = if query.is_empty() { "" } else { "&" };
    format!("<{}?{}{and}cursor={cursor}>; rel=\"next\"", uri.path(), query.join("&"))
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
