//! SQL of the public reading of listings; `homes.rs` is a home as its host describes it, `texts.rs` its translations, `lists.rs` lists
//! of homes, `custom.rs` the operator's own fields, `hosted.rs` all that a host has.

pub(super) mod co_hosts;
pub(super) mod cover;
pub(super) mod custom;
pub(super) mod figures;
pub(super) mod homes;
pub(super) mod hosted;
pub(super) mod lists;
pub(super) mod standing;
pub(super) mod texts;

use super::rules::{self, home::Room};
use crate::platform::db::{Conn, DbResult, Row};
use crate::values::{Deposit, ListingId, Night, UserId};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use texts::Translation;

const PUBLISHED: &str = "SELECT l.title, l.room_type, l.property_type, l.city, l.country, l.neighbourhood, l.public_lat, l.public_lng,
                                l.zone, l.currency, l.price_minor, l.capacity, l.bedrooms, l.beds, l.bathrooms_halves, l.bathroom_shared,
                                l.amenities, l.amenities_other, l.instant_book, l.registration_number, l.photo_url, l.max_infants, l.max_pets,
                                l.min_nights, l.max_nights, l.notice_days, l.cutoff_minute, l.window_days, l.window_strict,
                                l.preparation_nights, l.arrival_days, l.departure_days, l.rating_count, l.rating_sum_centi, l.review_scores,
                                l.review_count, l.version, t.description, t.neighbourhood_text,
                                u.id, u.name, u.photo_url, u.top_host, u.member_since, u.version,
                                t.summary, t.house_rules, l.language, l.rooms, l.accessibility, l.unit_count, l.check_in_minute,
                                l.check_out_minute, l.short_policy, l.long_policy, l.custom, l.pricing
                         FROM listings l JOIN users u ON u.id = l.host_id
                         LEFT JOIN listing_texts t ON t.listing_id = l.id AND t.language = ''
                         WHERE l.id = $1 AND l.state = 'published'";
const IS_PUBLISHED: &str = "SELECT 1 FROM listings WHERE id = $1 AND state = 'published'";
const OF_HOST: &str = "SELECT id FROM listings WHERE host_id = $1 ORDER BY id";
/// Hops from one type to the next along the index: as many steps as there are types, not as there are listings.
const PROPERTY_TYPES: &str = "WITH RECURSIVE types (name) AS (
                                  SELECT MIN(property_type) FROM listings WHERE state = 'published'
                                  UNION ALL
                                  SELECT (SELECT MIN(l.property_type) FROM listings l WHERE l.state = 'published' AND l.property_type > types.name)
                                  FROM types WHERE types.name IS NOT NULL)
                              SELECT name FROM types WHERE name IS NOT NULL ORDER BY name LIMIT 1000";

/// The statements that must find their rows by an index; each takes the id of a listing or of a host.
pub const STATEMENTS: [&str; 3] = [PUBLISHED, IS_PUBLISHED, OF_HOST];

pub use homes::{HOME, HOST_APPROVED, TAKEN};
pub use lists::list_statements;
pub use standing::STANDING;
pub use texts::TRANSLATIONS;

/// The statements about co-hosts and figures that must find their rows by an index, with the kinds of their parameters: `u` an id,
/// `t` a text, `i` an instant, `d` a day, `n` a number.
pub fn hosting_statements() -> impl Iterator<Item = (&'static str, &'static str)> {
    co_hosts::STATEMENTS.iter().chain(figures::STATEMENTS).copied()
}

/// What everybody may know of a listing; the exact place is not read at all.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicListing {
    pub id: ListingId,
    pub title: String,
    pub description: String,
    pub neighbourhood_text: String,
    pub summary: String,
    pub house_rules: String,
    /// BCP 47: what the host wrote in; `None`: not said.
    pub language: Option<String>,
    /// The same in further languages, by language.
    pub translations: Vec<Translation>,
    pub rooms: Vec<Room>,
    pub accessibility: Vec<String>,
    pub units: i64,
    pub check_in_minute: i64,
    pub check_out_minute: i64,
    pub short_policy: String,
    pub long_policy: String,
    /// Values of the operator's own fields.
    pub custom: Map<String, Value>,
    /// What guests leave against damage.
    pub deposit: Option<Deposit>,
    pub room_type: String,
    pub property_type: String,
    pub city: String,
    pub country: String,
    pub neighbourhood: String,
    pub public_lat: f64,
    pub public_lng: f64,
    pub zone: String,
    pub currency: String,
    pub price_minor: i64,
    pub capacity: i64,
    pub bedrooms: Option<i64>,
    pub beds: Option<i64>,
    pub bathrooms_halves: Option<i64>,
    pub bathroom_shared: bool,
    pub amenities: Vec<String>,
    pub amenities_other: Vec<String>,
    pub instant_book: bool,
    pub registration_number: Option<String>,
    pub photo_url: Option<String>,
    pub stays: StayLimits,
    pub rating_count: i64,
    pub rating_sum_centi: i64,
    /// Mean × 100 by aspect.
    pub review_scores: BTreeMap<String, i64>,
    pub review_count: i64,
    pub version: i64,
    pub host: PublicHost,
}

/// Who may stay and when, apart from single days; see the columns of `listings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayLimits {
    pub max_infants: i64,
    pub max_pets: i64,
    pub min_nights: i64,
    pub max_nights: i64,
    pub notice_days: i64,
    pub cutoff_minute: Option<i64>,
    pub window_days: i64,
    pub window_strict: bool,
    pub preparation_nights: i64,
    pub arrival_days: i64,
    pub departure_days: i64,
}

/// What a listing's page tells of its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicHost {
    pub id: UserId,
    pub name: String,
    pub photo_url: Option<String>,
    pub top_host: bool,
    pub member_since: Option<Night>,
    pub version: i64,
}

/// A published listing with its host; `None` when there is none or it is not published.
pub(super) fn published(conn: &mut Conn<'_>, id: ListingId) -> DbResult<Option<PublicListing>> {
    let Some(mut listing) = conn.first(PUBLISHED, &[id.into()], |row| listing_of(id, row))? else { return Ok(None) };
    listing.translations = texts::of(conn, id)?;
    if !listing.custom.is_empty() {
        listing.custom = rules::custom::shown(&listing.custom, &custom::all(conn)?);
    }
    Ok(Some(listing))
}

/// Whether the listing exists and is published.
pub(super) fn is_published(conn: &mut Conn<'_>, id: ListingId) -> DbResult<bool> {
    Ok(conn.first(IS_PUBLISHED, &[id.into()], |_| Ok(()))?.is_some())
}

/// All listings of a host, in any state.
pub(super) fn of_host(conn: &mut Conn<'_>, host: UserId) -> DbResult<Vec<ListingId>> {
    conn.query(OF_HOST, &[host.into()], |row| row.get(0))
}

/// The slugs of all published listings' property types, in order.
pub(super) fn property_types(conn: &mut Conn<'_>) -> DbResult<Vec<String>> {
    conn.query(PROPERTY_TYPES, &[], |row| row.get(0))
}

/// What of the plan of prices is shown on the page.
#[derive(serde::Deserialize)]
struct Priced {
    deposit: Option<Deposit>,
}

fn listing_of(id: ListingId, row: &Row<'_>) -> DbResult<PublicListing> {
    Ok(PublicListing {
        id,
        title: row.get(0)?,
        description: row.get::<Option<String>>(37)?.unwrap_or_default(),
        neighbourhood_text: row.get::<Option<String>>(38)?.unwrap_or_default(),
        summary: row.get::<Option<String>>(45)?.unwrap_or_default(),
        house_rules: row.get::<Option<String>>(46)?.unwrap_or_default(),
        language: row.get(47)?,
        translations: Vec::new(),
        rooms: row.json(48)?,
        accessibility: row.json(49)?,
        units: row.get(50)?,
        check_in_minute: row.get(51)?,
        check_out_minute: row.get(52)?,
        short_policy: row.get(53)?,
        long_policy: row.get(54)?,
        custom: row.json(55)?,
        deposit: row.json::<Priced>(56)?.deposit,
        room_type: row.get(1)?,
        property_type: row.get(2)?,
        city: row.get(3)?,
        country: row.get(4)?,
        neighbourhood: row.get(5)?,
        public_lat: row.get(6)?,
        public_lng: row.get(7)?,
        zone: row.get(8)?,
        currency: row.get(9)?,
        price_minor: row.get(10)?,
        capacity: row.get(11)?,
        bedrooms: row.get(12)?,
        beds: row.get(13)?,
        bathrooms_halves: row.get(14)?,
        bathroom_shared: row.get(15)?,
        amenities: row.json(16)?,
        amenities_other: row.json(17)?,
        instant_book: row.get(18)?,
        registration_number: row.get(19)?,
        photo_url: row.get(20)?,
        stays: limits_of(row)?,
        rating_count: row.get(32)?,
        rating_sum_centi: row.get(33)?,
        review_scores: row.json(34)?,
        review_count: row.get(35)?,
        version: row.get(36)?,
        host: host_of(row)?,
    })
}

fn limits_of(row: &Row<'_>) -> DbResult<StayLimits> {
    Ok(StayLimits {
        max_infants: row.get(21)?,
        max_pets: row.get(22)?,
        min_nights: row.get(23)?,
        max_nights: row.get(24)?,
        notice_days: row.get(25)?,
        cutoff_minute: row.get(26)?,
        window_days: row.get(27)?,
        window_strict: row.get(28)?,
        preparation_nights: row.get(29)?,
        arrival_days: row.get(30)?,
        departure_days: row.get(31)?,
    })
}

fn host_of(row: &Row<'_>) -> DbResult<PublicHost> {
    Ok(PublicHost { id: row.get(39)?, name: row.get(40)?, photo_url: row.get(41)?, top_host: row.get(42)?, member_since: row.get(43)?, version: row.get(44)? })
}
