//! From the parameters of a request to a question for the engine, or to a refusal that names the parameter.
//!
//! What cannot be read is refused with 400, what is understood but makes no sense with 422; nothing is guessed, so that
//! a typing error never widens a result.
#![expect(clippy::float_arithmetic, reason = "coordinates and radii are measured, not counted")]

use super::dates::Flex;
use super::engine::area::{Area, GeoBox, Point};
use super::engine::customs::{CustomFilter, Wanted};
use super::engine::listing::RoomType;
use super::engine::query::{After, PriceBasis, PriceFilter, Query, Sort};
use super::engine::text::words;
use crate::features::calendar::rules::Party;
use crate::features::listings::{FieldValue, SearchableFields, amenities};
use crate::features::pricing::Guests;
use crate::platform::cursor::CursorKey;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::wire::DateAsk;
use crate::values::{Currency, Instant, ListingId, UserId};
use std::fmt::Write;
use uuid::Uuid;

/// The search parameters of docs/API.md, read but not yet understood. Absent means "not asked for".
#[derive(Debug, Clone)]
pub struct Ask {
    pub q: Option<String>,
    pub city: Option<String>,
    /// `west,south,east,north` in degrees.
    pub bbox: Option<String>,
    /// `lat,lng` in degrees.
    pub near: Option<String>,
    pub radius_km: Option<f64>,
    pub check_in: Option<DateAsk>,
    pub check_out: Option<DateAsk>,
    /// Days by which the stay may be moved to either side.
    pub plus_minus: Option<u16>,
    pub flex: Option<Flex>,
    /// `YYYY-MM`, with commas between them.
    pub months: Option<String>,
    pub nights: Option<u16>,
    pub window_from: Option<DateAsk>,
    pub window_to: Option<DateAsk>,
    pub adults: u16,
    pub children: u16,
    /// Ages of the children, as far as they are told.
    pub child_ages: Vec<u8>,
    pub infants: u16,
    pub pets: u16,
    /// Minor units of the listing's currency.
    pub price_min: Option<i64>,
    pub price_max: Option<i64>,
    pub price_basis: PriceBasis,
    pub currency: Option<String>,
    pub room_types: Vec<RoomType>,
    pub property_types: Vec<String>,
    pub amenities: Vec<String>,
    pub bedrooms_min: u8,
    pub beds_min: u8,
    pub bathrooms_min: f64,
    pub instant_book: Option<bool>,
    pub top_host: Option<bool>,
    pub rating_min: Option<f64>,
    pub min_reviews: u32,
    pub host_id: Option<Uuid>,
    /// Parameters about the operator's own fields, without `custom.`, with their values.
    pub custom: Vec<(String, String)>,
    pub sort: Sort,
    pub facets: bool,
    pub limit: usize,
    pub cursor: Option<String>,
}

impl Default for Ask {
    /// One adult, nothing else: everything, best first, twenty a page.
    fn default() -> Self {
        Self {
            q: None,
            city: None,
            bbox: None,
            near: None,
            radius_km: None,
            check_in: None,
            check_out: None,
            plus_minus: None,
            flex: None,
            months: None,
            nights: None,
            window_from: None,
            window_to: None,
            adults: 1,
            children: 0,
            child_ages: Vec::new(),
            infants: 0,
            pets: 0,
            price_min: None,
            price_max: None,
            price_basis: PriceBasis::Nightly,
            currency: None,
            room_types: Vec::new(),
            property_types: Vec::new(),
            amenities: Vec::new(),
            bedrooms_min: 0,
            beds_min: 0,
            bathrooms_min: 0.0,
            instant_book: None,
            top_host: None,
            rating_min: None,
            min_reviews: 0,
            host_id: None,
            custom: Vec::new(),
            sort: Sort::Relevance,
            facets: false,
            limit: 20,
            cursor: None,
        }
    }
}

/// Used with `near` when no `radius_km` is given.
const USUAL_RADIUS_KM: f64 = 10.0;
const LARGEST_RADIUS_KM: f64 = 500.0;
/// How long a page may be asked for after the first: all pages are judged at the moment of the first one.
const CURSOR_SECONDS: i64 = 3_600;
/// Characters of `q`.
pub(super) const LONGEST_QUESTION: usize = 200;

impl Ask {
    /// The question at `now`, or at the moment its cursor was made.
    ///
    /// `fields`: those of the operator's own that can be asked for.
    pub(super) fn query(&self, cursors: &CursorKey, fields: &SearchableFields, now: Instant) -> Result<Query> {
        let dates = self.dates()?;
        let area = self.area()?;
        if self.sort == Sort::Nearest && !matches!(area, Some(Area::Circle { .. })) {
            return Err(refuse("sort", "sort=distance needs near"));
        }
        let (price, guests) = (self.price(dates.is_some())?, self.guests()?);
        let mut query = Query {
            words: self.words()?,
            wordless: self.q.as_deref().is_some_and(|q| !q.trim().is_empty() && words::question(q).is_empty()),
            city: self.city()?,
            area,
            dates,
            party: guests.party,
            ages: guests.ages,
            price,
            currency: self.currency.as_deref().map(currency).transpose()?,
            room_types: self.room_types.clone(),
            property_types: self.property_types.clone(),
            amenities: self.amenities.iter().map(|key| amenity(key)).collect::<Result<_>>()?,
            bedrooms_min: self.bedrooms_min,
            beds_min: self.beds_min,
            bathrooms_halves_min: whole("bathrooms_min", self.bathrooms_min * 2.0, 100.0, "in halves, 0 to 50")?,
            instant_book: self.instant_book,
            top_host: self.top_host,
            rating_centi_min: self.rating_min.map(|rating| whole("rating_min", rating * 100.0, 500.0, "0 to 5 with at most two decimals")).transpose()?,
            reviews_min: self.min_reviews,
            host: self.host_id.map(UserId),
            custom: self.customs(fields)?,
            sort: self.sort,
            facets: self.facets,
            limit: self.limit.clamp(1, 100),
            after: None,
            now,
        };
        if let Some(text) = &self.cursor {
            let place = open(cursors, &query, text).ok_or_else(|| {
                Error::of_parameter(Kind::Malformed, "invalid_cursor", "cursor", "is not a cursor of this search; filters and sort must stay as they were")
            })?;
            if !(0..=CURSOR_SECONDS * Instant::SECOND).contains(&(now.0 - place.1.0)) {
                return Err(Error::of_parameter(Kind::Malformed, "invalid_cursor", "cursor", "is too old; begin again with the first page"));
            }
            query.after = Some(place.0);
            query.now = place.1;
        }
        Ok(query)
    }

    /// `{key}` is a value, `{key}_min` and `{key}_max` the bounds of numbers and dates.
    fn customs(&self, fields: &SearchableFields) -> Result<Vec<CustomFilter>> {
        let mut filters = Vec::with_capacity(self.custom.len());
        for (at, (name, text)) in self.custom.iter().enumerate() {
            let parameter = format!("custom.{name}");
            if self.custom[..at].iter().any(|(before, _)| before == name) {
                return Err(Error::of_parameter(Kind::Malformed, "repeated_parameter", &parameter, "takes one value, but was given several"));
            }
            let bounded = |suffix: &str| name.strip_suffix(suffix).and_then(|key| fields.find(key)).filter(|field| field.has_order());
            let (field, bound) = match (fields.find(name), bounded("_min"), bounded("_max")) {
                (Some(field), ..) => (field, None),
                (None, Some(field), _) => (field, Some(true)),
                (None, None, Some(field)) => (field, Some(false)),
                (None, None, None) => {
                    return Err(Error::of_parameter(Kind::Malformed, "unknown_parameter", &parameter, "is no field of homes that can be searched here"));
                }
            };
            let value = field.asked(text).map_err(|why| Error::invalid_parameter(&parameter, why))?;
            let wanted = match (value, bound) {
                (FieldValue::Number(number), None) => Wanted::Between(number, number),
                (FieldValue::Number(number), Some(true)) => Wanted::Between(number, f64::INFINITY),
                (FieldValue::Number(number), Some(false)) => Wanted::Between(f64::NEG_INFINITY, number),
                (value, _) => Wanted::Is(value),
            };
            filters.push(CustomFilter { key: field.key.as_str().into(), wanted });
        }
        Ok(filters)
    }

    fn words(&self) -> Result<Vec<words::Word>> {
        let Some(q) = &self.q else { return Ok(Vec::new()) };
        if q.chars().count() > LONGEST_QUESTION {
            return Err(refuse("q", format!("at most {LONGEST_QUESTION} characters")));
        }
        let words = words::question(q);
        if words.len() > words::MOST_WORDS {
            return Err(refuse("q", format!("at most {} different words", words::MOST_WORDS)));
        }
        Ok(words)
    }

    /// A city without a name would be every city.
    fn city(&self) -> Result<Option<String>> {
        match &self.city {
            Some(city) if city.trim().is_empty() => Err(Error::invalid_parameter("city", "must be the name of a city")),
            city => Ok(city.clone()),
        }
    }

    /// A child of unknown age pays whatever any child would have to pay.
    fn guests(&self) -> Result<Guests> {
        let party = Party { adults: self.adults, children: self.children, infants: self.infants, pets: self.pets };
        Ok(Guests::told(party, &self.child_ages)?)
    }

    fn area(&self) -> Result<Option<Area>> {
        match (&self.bbox, &self.near) {
            (Some(_), Some(_)) => Err(refuse("near", "give bbox or near, not both")),
            (None, None) if self.radius_km.is_some() => Err(refuse("radius_km", "needs near")),
            (Some(_), None) if self.radius_km.is_some() => Err(refuse("radius_km", "needs near, not bbox")),
            (None, None) => Ok(None),
            (Some(text), None) => Ok(Some(Area::Box(geo_box(text)?))),
            (None, Some(text)) => {
                let [lat, lng] = degrees("near", text)?;
                check_point("near", lat, lng)?;
                let km = self.radius_km.unwrap_or(USUAL_RADIUS_KM);
                if !(km > 0.0 && km <= LARGEST_RADIUS_KM) {
                    return Err(refuse("radius_km", format!("more than 0 and at most {LARGEST_RADIUS_KM}")));
                }
                Ok(Some(Area::Circle { centre: Point { lat, lng }, km }))
            }
        }
    }

    fn price(&self, dated: bool) -> Result<Option<PriceFilter>> {
        if self.price_basis == PriceBasis::Total && !dated {
            return Err(refuse("price_basis", "total needs dates"));
        }
        if self.price_min.is_none() && self.price_max.is_none() {
            return Ok(None);
        }
        let (min, max) = (self.price_min.unwrap_or(0), self.price_max.unwrap_or(i64::MAX));
        if min < 0 {
            return Err(refuse("price_min", "must not be negative"));
        }
        if max < min {
            return Err(refuse("price_max", "must not be less than price_min"));
        }
        Ok(Some(PriceFilter { min, max, basis: self.price_basis }))
    }
}

fn refuse(name: &str, message: impl Into<String>) -> Error {
    Error::out_of_range(name, message)
}

/// A key that is not in the catalogue is a typing error, not a filter nobody passes.
fn amenity(key: &str) -> Result<u16> {
    amenities::number(key).ok_or_else(|| refuse("amenities", "each must be a key of /api/v1/reference/amenities"))
}

fn currency(code: &str) -> Result<Currency> {
    Currency::parse(code).ok_or_else(|| Error::invalid_parameter("currency", "must be an ISO 4217 code such as EUR"))
}

/// A decimal that was scaled up to a whole number, such as halves or hundredths.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked to be a whole number within bounds")]
fn whole<T: TryFrom<u16>>(name: &str, scaled: f64, most: f64, expected: &str) -> Result<T> {
    let rounded = scaled.round();
    let fits = (0.0..=most).contains(&rounded) && (scaled - rounded).abs() < 1e-6;
    fits.then_some(rounded as u16).and_then(|n| T::try_from(n).ok()).ok_or_else(|| refuse(name, format!("must be {expected}")))
}

/// So many decimal numbers with commas between them.
fn degrees<const N: usize>(name: &str, text: &str) -> Result<[f64; N]> {
    let parts: Vec<f64> = text.split(',').map(|part| part.trim().parse().ok().filter(|n: &f64| n.is_finite())).collect::<Option<_>>().unwrap_or_default();
    parts.try_into().map_err(|_other_count| Error::invalid_parameter(name, format!("must be {N} decimal numbers with commas between them")))
}

fn check_point(name: &str, lat: f64, lng: f64) -> Result<()> {
    if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lng) {
        return Err(refuse(name, "latitudes are -90 to 90 and longitudes -180 to 180"));
    }
    Ok(())
}

fn geo_box(text: &str) -> Result<GeoBox> {
    let [west, south, east, north] = degrees("bbox", text)?;
    check_point("bbox", south, west)?;
    check_point("bbox", north, east)?;
    if south > north {
        return Err(refuse("bbox", "is west,south,east,north; south must not be above north"));
    }
    Ok(GeoBox { west, south, east, north })
}

/// The cursor behind `after`: good for the same filters and the same order only.
pub(super) fn seal(cursors: &CursorKey, query: &Query, after: After) -> String {
    let mut content = after.key.to_be_bytes().to_vec();
    content.extend_from_slice(after.id.0.as_bytes());
    content.extend_from_slice(&query.now.0.to_be_bytes());
    cursors.seal(&purpose(query), &content)
}

fn open(cursors: &CursorKey, query: &Query, text: &str) -> Option<(After, Instant)> {
    let content = cursors.open(&purpose(query), text)?;
    let (key, rest) = content.split_first_chunk::<8>()?;
    let (id, now) = rest.split_first_chunk::<16>()?;
    let now: [u8; 8] = now.try_into().ok()?;
    Some((After { key: i64::from_be_bytes(*key), id: ListingId(Uuid::from_bytes(*id)) }, Instant(i64::from_be_bytes(now))))
}

/// Everything of a question that decides which listings match and in which order.
fn purpose(query: &Query) -> String {
    let filters = Query { limit: 0, facets: false, after: None, now: Instant(0), ..query.clone() };
    let mut text = String::with_capacity(1_024);
    if write!(text, "search/{filters:?}").is_err() {
        debug_assert!(false, "a Debug implementation failed");
    }
    text
}
