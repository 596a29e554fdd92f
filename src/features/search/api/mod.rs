//! `GET /search/stays` and `GET /search/suggest`.

mod view;

use self::view::{BasisParam, FlexParam, RoomTypeParam, SearchView, SortParam, SuggestionView, SuggestionsView};
use super::ask::Ask;
use super::service::Search;
use crate::platform::access::{Action, Door};
use crate::platform::error::Result;
use crate::platform::http::{Prepared, Tag};
use crate::platform::tools::Tools;
use crate::platform::wire::DateAsk;
use poem_openapi::param::Query;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, OpenApi};
use uuid::Uuid;

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

/// What parameters about the operator's own fields begin with.
const OWN: &str = "custom.";

/// Who may come in.
pub const DOORS: &[Door] = &[Door::to("searchStays", Action::Search).with_named_query(OWN), Door::to("suggestSearches", Action::Search)];

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
    /// With flexible dates (`plus_minus`, `flex` or `nights`) it is found if one of the stays could be booked at a price
    /// within the bounds; `best_dates` are the cheapest of them, and prices are compared and sorted by the cheapest.
    /// Fields that this site added and marked as searchable (`/reference/listing-choices`) are parameters too: `custom.{key}` is the value,
    /// `custom.{key}_min` and `custom.{key}_max` are the bounds of numbers and dates.
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
        /// Or the same stay moved by up to so many days to either side: 1, 2, 3, 7 or 14.
        plus_minus: Query<Option<u16>>,
        /// Instead of dates: a weekend (Friday to Sunday), a week (7 nights) or a month (28 nights) that begins in one of `months`.
        flex: Query<Option<FlexParam>>,
        /// Up to twelve months with commas between them: 2027-07,2027-08.
        #[oai(validator(max_length = 200))]
        months: Query<Option<String>>,
        /// Instead of dates: so many nights (1 to 365), all of them from `window_from` to `window_to`.
        nights: Query<Option<u16>>,
        /// The first day on which to arrive, YYYY-MM-DD.
        window_from: Query<Option<DateAsk>>,
        /// The last day on which to leave, at most 366 days later.
        window_to: Query<Option<DateAsk>>,
        /// Adults, at least one.
        #[oai(default = "one", validator(minimum(value = "1"), maximum(value = "100")))]
        adults: Query<u16>,
        /// Children of 2 to 12; they count like adults.
        #[oai(default, validator(maximum(value = "100")))]
        children: Query<u16>,
        /// Age of one of the children, 0 to 17; repeat the parameter. Taxes exempt children below some age where it is told.
        #[oai(default, validator(max_items = 100))]
        child_age: Query<Vec<u8>>,
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
            plus_minus: plus_minus.0,
            flex: flex.0.map(Into::into),
            months: months.0,
            nights: nights.0,
            window_from: window_from.0,
            window_to: window_to.0,
            adults: adults.0,
            children: children.0,
            child_ages: child_age.0,
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
            custom: own_fields(request.uri()),
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

/// The parameters about the operator's own fields, without what they begin with.
fn own_fields(uri: &poem::http::Uri) -> Vec<(String, String)> {
    let pairs = url::form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.filter_map(|(name, value)| Some((name.strip_prefix(OWN)?.to_owned(), value.into_owned()))).collect()
}

/// The same address with another cursor.
fn next_link(uri: &poem::http::Uri, cursor: &str) -> String {
    let kept = uri.query().unwrap_or("").split('&').filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let query: Vec<&str> = kept.collect();
    let and = if query.is_empty() { "" } else { "&" };
    format!("<{}?{}{and}cursor={cursor}>; rel=\"next\"", uri.path(), query.join("&"))
}
