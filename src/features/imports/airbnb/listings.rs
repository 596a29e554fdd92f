//! `listings.csv` of Inside Airbnb: one row, one home and its host.

use super::super::draft::{Amenities, Home, Host};
use super::super::rules::{fields, text};
use super::super::survey::Survey;
use super::super::table::{Misfit, Row};
use super::InsideAirbnbAsk;
use crate::features::listings::{amenities::Folder, property_types};
use crate::values::{Currency, Night};
use std::sync::Arc;

pub(super) const REQUIRED: [&str; 12] =
    ["id", "name", "host_id", "host_name", "latitude", "longitude", "room_type", "property_type", "accommodates", "amenities", "price", "minimum_nights"];

/// What all rows share.
pub(super) struct Mapping {
    pub city: String,
    pub country: String,
    pub currency: Currency,
    pub zone: Arc<str>,
    pub folder: Folder,
}

impl Mapping {
    pub(super) fn new(ask: &InsideAirbnbAsk, country: &str) -> Self {
        Self { city: ask.city.clone(), country: country.to_owned(), currency: ask.currency, zone: ask.zone.name().into(), folder: Folder::default() }
    }
}

/// Counts a row's home and host in, or refuses the row.
pub(super) fn survey(survey: &mut Survey, row: &Row<'_>, mapping: &mut Mapping) -> Result<(), Misfit> {
    match home(row, mapping).and_then(|home| host(row).map(|host| (home, host))) {
        Ok((home, _)) if !survey.admit(&home.external_id) => Err(Misfit::new("id", format!("the listing {} is in the file twice", home.external_id))),
        Ok((_, host)) => {
            survey.meet(host);
            Ok(())
        }
        Err(misfit) => {
            survey.refuse(row.text("id").unwrap_or_default());
            Err(misfit)
        }
    }
}

/// The home of a row; a price of 0 means that it has none.
pub(super) fn home(row: &Row<'_>, mapping: &mut Mapping) -> Result<Home, Misfit> {
    row.whole()?;
    let property_type = row.needed("property_type")?;
    let title = text::one_line(row.text("name")?);
    let (bathrooms_halves, bathroom_shared) = bathrooms(row)?;
    let words = row.maybe("amenities", "a JSON list of texts", fields::words)?.unwrap_or_default();
    let currency = mapping.currency;
    let (rating_count, rating_sum_centi, review_count) = rating(row)?;
    let lat = row.must("latitude", "a latitude", |t| fields::degrees(t, 90.0))?;
    let lng = row.must("longitude", "a longitude", |t| fields::degrees(t, 180.0))?;
    Ok(Home {
        external_id: row.must("id", "an id", fields::id)?.to_owned(),
        host: row.must("host_id", "an id", fields::id)?.to_owned(),
        title: if title.is_empty() { property_type.to_owned() } else { title },
        room_type: row.must("room_type", "one of Entire home/apt, Private room, Shared room, Hotel room", fields::room_type)?,
        property_type: property_types::slug(property_type),
        city: mapping.city.clone(),
        country: mapping.country.clone(),
        neighbourhood: text::one_line(row.text("neighbourhood_cleansed")?),
        lat,
        lng,
        // Inside Airbnb publishes blurred points, so they are the public ones too.
        public_lat: lat,
        public_lng: lng,
        zone: Arc::clone(&mapping.zone),
        currency,
        price_minor: row.maybe("price", "a price", |t| fields::price(t, currency))?.unwrap_or(0),
        capacity: row.must("accommodates", "a number from 1 to 100", |t| fields::whole(t, 1, 100))?,
        bedrooms: row.maybe("bedrooms", "a number from 0 to 100", |t| fields::whole(t, 0, 100))?,
        beds: row.maybe("beds", "a number from 0 to 200", |t| fields::whole(t, 0, 200))?,
        bathrooms_halves,
        bathroom_shared,
        amenities: Amenities::fold(&words, &mut mapping.folder),
        instant_book: row.maybe("instant_bookable", "t or f", fields::flag)?.unwrap_or(false),
        registration_number: Some(text::one_line(row.text("license")?)).filter(|number| !number.is_empty()),
        photo_url: fields::web_address(row.text("picture_url")?),
        min_nights: row.maybe("minimum_nights", NIGHTS, nights)?.unwrap_or(1).min(fields::MINIMUM_MAX),
        max_nights: row.maybe("maximum_nights", NIGHTS, nights)?.unwrap_or(fields::NIGHTS_MAX).min(fields::NIGHTS_MAX),
        rating_count,
        rating_sum_centi,
        review_scores: scores(row)?,
        review_count,
        description: text::plain(row.text("description")?),
        neighbourhood_text: text::plain(row.text("neighborhood_overview")?),
    })
}

const NIGHTS: &str = "a number of nights, 1 or more";

fn nights(text: &str) -> Option<i64> {
    fields::whole(text, 1, i64::from(u32::MAX))
}

/// `bathrooms_text`, or the decimal `bathrooms` of other years.
fn bathrooms(row: &Row<'_>) -> Result<(Option<i64>, bool), Misfit> {
    if let Some((halves, shared)) = row.maybe("bathrooms_text", "a number of bathrooms", fields::bathrooms)? {
        return Ok((Some(halves), shared));
    }
    Ok((row.maybe("bathrooms", "a number of bathrooms", fields::halves)?, false))
}

/// How many ratings, their sum in hundredths, and how many reviews: the source knows only the mean, so every rating counts as the mean.
fn rating(row: &Row<'_>) -> Result<(i64, i64, i64), Misfit> {
    let reviews = row.maybe("number_of_reviews", "a number", |t| fields::whole(t, 0, i64::from(u32::MAX)))?.unwrap_or(0);
    let mean = row.maybe("review_scores_rating", "a grade from 0 to 5", fields::grade)?.unwrap_or(0);
    let rated = if mean > 0 { reviews } else { 0 };
    Ok((rated, mean * rated, reviews))
}

const SCORES: [(&str, &str); 6] = [
    ("accuracy", "review_scores_accuracy"),
    ("check_in", "review_scores_checkin"),
    ("cleanliness", "review_scores_cleanliness"),
    ("communication", "review_scores_communication"),
    ("location", "review_scores_location"),
    ("value", "review_scores_value"),
];

fn scores(row: &Row<'_>) -> Result<String, Misfit> {
    let mut scores = serde_json::Map::new();
    for (name, column) in SCORES {
        if let Some(grade) = row.maybe(column, "a grade from 0 to 5", fields::grade)? {
            scores.insert(name.to_owned(), grade.into());
        }
    }
    Ok(serde_json::Value::Object(scores).to_string())
}

fn host(row: &Row<'_>) -> Result<Host, Misfit> {
    let name = text::one_line(row.text("host_name")?);
    Ok(Host {
        external_id: row.must("host_id", "an id", fields::id)?.to_owned(),
        name: if name.is_empty() { "Host".to_owned() } else { name },
        about: text::plain(row.text("host_about")?),
        location: text::one_line(row.text("host_location")?),
        photo_url: fields::web_address(row.text("host_picture_url")?),
        identity_verified: row.maybe("host_identity_verified", "t or f", fields::flag)?.unwrap_or(false),
        top_host: row.maybe("host_is_superhost", "t or f", fields::flag)?.unwrap_or(false),
        // "N/A" where the host has had no requests.
        response_rate: row.text("host_response_rate").map(fields::percent)?,
        member_since: row.maybe("host_since", "a date", Night::parse)?,
    })
}
