//! `listings.csv` of a folder: one row, one home and its host.

use super::super::draft::{Amenities, Home, Host};
use super::super::rules::{fields, text};
use super::super::survey::Survey;
use super::super::table::{Misfit, Row};
use crate::features::listings::PlaceKey;
use crate::features::listings::{amenities::Folder, property_types};
use crate::values::{Currency, Zone};
use std::collections::HashMap;
use std::sync::Arc;
use tzf_rs::EmbeddedFinder;

pub(super) const REQUIRED: [&str; 9] = ["id", "name", "lat", "lon", "price_cents", "room_type", "accommodates", "host_id", "host_name"];

/// What the ask says for all rows.
pub(super) struct Shared {
    pub currency: Currency,
    pub zone: Option<Arc<str>>,
    pub country: String,
    /// Which source the ids belong to.
    pub source: String,
    /// What moves public points away from the homes; `None`: the coordinates are public ones already.
    pub place: Option<PlaceKey>,
}

impl Shared {
    /// The point that strangers may see of a home (V8); the same each time the home is imported.
    fn public_point(&self, external_id: &str, lat: f64, lng: f64) -> (f64, f64) {
        let name = format!("{}\n{external_id}", self.source);
        self.place.as_ref().map_or((lat, lng), |place| place.public_point(&name, lat, lng))
    }
}

/// What is kept from row to row.
pub(super) struct Mapping<'a> {
    shared: &'a Shared,
    folder: Folder,
    zones: Zones,
}

impl<'a> Mapping<'a> {
    pub(super) fn new(shared: &'a Shared) -> Self {
        Self { shared, folder: Folder::default(), zones: Zones::default() }
    }
}

/// Finds time zones by coordinates, exactly for every row: most answers take about 100 ns.
#[derive(Default)]
struct Zones {
    /// The map of the world, opened when the first row needs it.
    finder: Option<EmbeddedFinder>,
    /// Names that were looked up: `None` for one that has no rules.
    known: HashMap<String, Option<Arc<str>>>,
}

impl Zones {
    fn at(&mut self, lat: f64, lng: f64) -> Option<Arc<str>> {
        let name = self.finder.get_or_insert_with(EmbeddedFinder::new).get_tz_name(lng, lat).to_owned();
        self.named(&name)
    }

    fn named(&mut self, name: &str) -> Option<Arc<str>> {
        if !self.known.contains_key(name) {
            let zone = Zone::parse(name).map(|zone| zone.name().into());
            self.known.insert(name.to_owned(), zone);
        }
        self.known.get(name).cloned().flatten()
    }
}

/// Counts a row's home and host in, or refuses the row.
pub(super) fn survey(survey: &mut Survey, row: &Row<'_>, mapping: &mut Mapping<'_>) -> Result<(), Misfit> {
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

/// The home of a row.
pub(super) fn home(row: &Row<'_>, mapping: &mut Mapping<'_>) -> Result<Home, Misfit> {
    row.whole()?;
    let lat = row.must("lat", "a latitude", |t| fields::degrees(t, 90.0))?;
    let lng = row.must("lon", "a longitude", |t| fields::degrees(t, 180.0))?;
    let words = row.maybe("amenities", "a JSON list of texts", fields::words)?.unwrap_or_default();
    let reviews = row.maybe("reviews", "a number", |t| fields::whole(t, 0, i64::from(u32::MAX)))?.unwrap_or(0);
    let mean = row.maybe("rating", "a grade from 0 to 5", fields::grade)?.unwrap_or(0);
    let rated = if mean > 0 { reviews } else { 0 };
    let nights = |t: &str| fields::whole(t, 1, i64::from(u32::MAX));
    let country = row.maybe("country", "a country code of two letters", |t| (t.len() == 2 && t.bytes().all(|b| b.is_ascii_alphabetic())).then_some(t))?;
    let title = text::one_line(row.text("name")?);
    let external_id = row.must("id", "an id", fields::id)?.to_owned();
    let (public_lat, public_lng) = mapping.shared.public_point(&external_id, lat, lng);
    let property_type = row.text("property_type")?;
    Ok(Home {
        external_id,
        host: row.must("host_id", "an id", fields::id)?.to_owned(),
        title: if title.is_empty() { "Untitled".to_owned() } else { title },
        room_type: row.must("room_type", "one of entire_home, private_room, shared_room, hotel_room", fields::room_type)?,
        property_type: property_types::slug(property_type),
        city: text::one_line(row.text("city")?),
        country: country.map_or_else(|| mapping.shared.country.clone(), str::to_ascii_uppercase),
        neighbourhood: text::one_line(row.text("neighbourhood")?),
        lat,
        lng,
        public_lat,
        public_lng,
        zone: zone(row, mapping, lat, lng)?,
        currency: mapping.shared.currency,
        price_minor: row.maybe("price_cents", "a price in minor units", |t| fields::whole(t, 0, fields::PRICE_MAX))?.unwrap_or(0),
        capacity: row.must("accommodates", "a number from 1 to 100", |t| fields::whole(t, 1, 100))?,
        bedrooms: row.maybe("bedrooms", "a number from 0 to 100", |t| fields::whole(t, 0, 100))?,
        beds: row.maybe("beds", "a number from 0 to 200", |t| fields::whole(t, 0, 200))?,
        bathrooms_halves: row.maybe("bathrooms", "a number of bathrooms", fields::halves)?,
        bathroom_shared: row.maybe("bathroom_shared", "t or f", fields::flag)?.unwrap_or(false),
        amenities: Amenities::fold(&words, &mut mapping.folder),
        instant_book: row.maybe("instant_bookable", "t or f", fields::flag)?.unwrap_or(false),
        registration_number: Some(text::one_line(row.text("registration_number")?)).filter(|number| !number.is_empty()),
        photo_url: fields::web_address(row.text("picture_url")?),
        min_nights: row.maybe("min_nights", NIGHTS, nights)?.unwrap_or(1).min(fields::MINIMUM_MAX),
        max_nights: row.maybe("max_nights", NIGHTS, nights)?.unwrap_or(fields::NIGHTS_MAX).min(fields::NIGHTS_MAX),
        rating_count: rated,
        rating_sum_centi: mean * rated,
        review_scores: "{}".to_owned(),
        review_count: reviews,
        description: text::plain(row.text("description")?),
        neighbourhood_text: String::new(),
    })
}

const NIGHTS: &str = "a number of nights, 1 or more";

fn zone(row: &Row<'_>, mapping: &mut Mapping<'_>, lat: f64, lng: f64) -> Result<Arc<str>, Misfit> {
    let zones = &mut mapping.zones;
    if let Some(own) = row.maybe("timezone", "an IANA time zone such as Europe/Berlin", |name| zones.named(name))? {
        return Ok(own);
    }
    if let Some(shared) = &mapping.shared.zone {
        return Ok(Arc::clone(shared));
    }
    zones.at(lat, lng).ok_or_else(|| Misfit::new("lat", "no time zone is known for this place; name one with --timezone"))
}

fn host(row: &Row<'_>) -> Result<Host, Misfit> {
    let name = text::one_line(row.text("host_name")?);
    Ok(Host {
        external_id: row.must("host_id", "an id", fields::id)?.to_owned(),
        name: if name.is_empty() { "Host".to_owned() } else { name },
        about: String::new(),
        location: String::new(),
        photo_url: None,
        identity_verified: false,
        top_host: row.maybe("host_superhost", "t or f", fields::flag)?.unwrap_or(false),
        response_rate: None,
        member_since: None,
    })
}
