//! SQL of search: everything at once for a rebuild, one listing for a change, cards for a page.
//!
//! The texts of the statements are shared: with `AND id = $1` behind them they read one listing, without it all. The
//! calendar of one listing is read by `calendar`.

use super::engine::build::{Calendars, Taken};
use super::engine::listing::{Facts, RoomType};
use super::engine::pricing::Pricing;
use super::engine::text::index::Texts;
use crate::features::calendar::rules::{SEASONS, seasons};
use crate::features::calendar::{elsewhere, held_in, override_in, seasons_in, terms_in};
use crate::features::listings::amenities::{self, AmenitySet};
use crate::features::listings::{FieldValue, SearchableFields, mean_centi, searchable_fields};
use crate::features::pricing::{self, Plan, TaxBook, TaxRule};
use crate::platform::config::Fees;
use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Value};
use crate::values::{Currency, Instant, ListingId, Night, NightRange, UserId};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

const FACTS: &str = "SELECT id, host_id, room_type, property_type, city, neighbourhood, public_lat, public_lng, zone, currency, price_minor,
    bedrooms, beds, bathrooms_halves, amenities, instant_book, rating_count, rating_sum_centi, review_count, created_at, country, pricing,
    capacity, max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict,
    preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, arrival_min_nights, notice_as_request, custom
    FROM listings WHERE state = 'published'";
/// Most listings say nothing in the operator's own fields; those are not read.
const CUSTOM: &str = "SELECT id, custom FROM listings WHERE state = 'published' AND custom <> '{}'";
const TOP_HOSTS: &str = "SELECT id FROM users WHERE top_host";
const BLOCKS: &str = "SELECT listing_id, from_night, to_night FROM calendar_blocks WHERE to_night > $1";
const EXTERNAL: &str = "SELECT listing_id, from_night, to_night, slot FROM external_nights WHERE to_night > $1";
const BOOKED: &str = "SELECT listing_id, MIN(night), MAX(night), gap, slot, pinned FROM booked_nights
    WHERE night >= $1 AND (expires_at IS NULL OR expires_at > $2) GROUP BY listing_id, slot, booking_id, gap, pinned";
/// Most listings have no plan; those are not read.
const SEASONAL: &str = "SELECT id, pricing FROM listings WHERE state = 'published' AND pricing <> '{}'";
const OVERRIDES: &str = "SELECT listing_id, source, from_night, to_night, price_minor, min_nights, max_nights, closed_to_arrival, closed_to_departure
    FROM day_overrides WHERE to_night > $1";
const TEXTS: &str =
    "SELECT l.id, l.title, l.room_type, l.property_type, l.city, l.neighbourhood, l.amenities, l.amenities_other, t.description, t.neighbourhood_text, u.name,
    t.summary, t.house_rules, l.custom, (SELECT string_agg(o.title || ' ' || o.summary || ' ' || o.description || ' ' || o.neighbourhood_text || ' '
    || o.house_rules, ' ') FROM listing_texts o WHERE o.listing_id = l.id AND o.language <> '')
    FROM listings l JOIN users u ON u.id = l.host_id LEFT JOIN listing_texts t ON t.listing_id = l.id AND t.language = '' WHERE l.state = 'published'";
const EXPIRING: &str = "SELECT listing_id, expires_at FROM booked_nights WHERE expires_at > $1";
const EXPIRING_OF: &str = "SELECT DISTINCT expires_at FROM booked_nights WHERE listing_id = $1 AND expires_at > $2";
const CARDS: &str = "SELECT l.id, l.title, l.room_type, l.property_type, l.city, l.neighbourhood, l.public_lat, l.public_lng, l.capacity, l.bedrooms, l.beds,
    l.bathrooms_halves, l.rating_count, l.rating_sum_centi, l.review_count, l.instant_book, u.top_host, l.photo_url, l.price_minor, l.currency
    FROM listings l JOIN users u ON u.id = l.host_id WHERE l.state = 'published' AND l.id IN ";

/// The statements that read one listing or one page, for the test that looks at the engines' plans.
#[must_use]
pub fn statements() -> Vec<String> {
    vec![format!("{FACTS} AND id = $1"), format!("{TEXTS} AND l.id = $1"), format!("{CARDS}($1, $2)"), EXPIRING.to_owned(), EXPIRING_OF.to_owned()]
}

/// Every published listing, in the order of the table.
pub(super) fn all_facts(conn: &mut Conn<'_>, fees: &Fees, fields: &SearchableFields) -> DbResult<Vec<Facts>> {
    let top: HashSet<UserId> = conn.query(TOP_HOSTS, &[], |row| row.get(0))?.into_iter().collect();
    let (mut words, mut prices) = (Words::default(), Prices::read(conn, fees)?);
    conn.query(FACTS, &[], |row| facts(row, &mut words, &mut prices, fields, |host| top.contains(&host)))
}

/// What listings say in the operator's own fields.
pub(super) fn customs(conn: &mut Conn<'_>, fields: &SearchableFields) -> DbResult<Vec<(ListingId, Vec<(Box<str>, FieldValue)>)>> {
    conn.query(CUSTOM, &[], |row| Ok((row.get(0)?, custom(row, 1, fields)?)))
}

fn custom(row: &Row<'_>, column: usize, fields: &SearchableFields) -> DbResult<Vec<(Box<str>, FieldValue)>> {
    fields.values(&row.get::<Json>(column)?.0).map_err(|e| DbError::Column { column, reason: e.to_string() })
}

/// How many listings are published.
pub(super) fn count(conn: &mut Conn<'_>) -> DbResult<i64> {
    Ok(conn.first("SELECT COUNT(*) FROM listings WHERE state = 'published'", &[], |row| row.get(0))?.unwrap_or(0))
}

/// One published listing; `None` when it is not to be found.
pub(super) fn facts_of(conn: &mut Conn<'_>, prices: &mut Prices<'_>, fields: &SearchableFields, id: ListingId) -> DbResult<Option<Facts>> {
    let found = conn.first(&format!("{FACTS} AND id = $1"), &[id.into()], |row| facts(row, &mut Words::default(), prices, fields, |_| false))?;
    let Some(mut found) = found else { return Ok(None) };
    found.top_host = conn.first("SELECT top_host FROM users WHERE id = $1", &[found.host.into()], |row| row.get(0))?.unwrap_or(false);
    Ok(Some(found))
}

/// Words that many rows share, each kept once.
#[derive(Default)]
struct Words(HashSet<Arc<str>>);

impl Words {
    fn share(&mut self, word: &str) -> Arc<str> {
        if let Some(known) = self.0.get(word) {
            return Arc::clone(known);
        }
        let word: Arc<str> = word.into();
        self.0.insert(Arc::clone(&word));
        word
    }
}

/// What decides prices besides the listing itself: the platform's fees, and the taxes of places.
pub(super) struct Prices<'a> {
    fees: &'a Fees,
    book: TaxBook,
    /// By country, city and currency: the taxes, and what they make of a listing whose host has set nothing.
    places: HashMap<(Box<str>, Arc<str>, Currency), Place>,
}

#[derive(Clone)]
struct Place {
    taxes: Arc<[TaxRule]>,
    plain: Option<Arc<Pricing>>,
}

impl<'a> Prices<'a> {
    pub(super) fn read(conn: &mut Conn<'_>, fees: &'a Fees) -> DbResult<Self> {
        Ok(Self { fees, book: pricing::tax_book(conn)?, places: HashMap::new() })
    }

    fn at(&mut self, country: &str, city: &Arc<str>, currency: Currency) -> Place {
        let place = self.places.entry((country.into(), Arc::clone(city), currency)).or_insert_with(|| {
            let taxes: Arc<[TaxRule]> = self.book.at(country, city, currency).into();
            let plain = Pricing::of(Plan::default(), pricing::fee_model(self.fees, currency), Arc::clone(&taxes)).map(Arc::new);
            Place { taxes, plain }
        });
        place.clone()
    }

    /// The pricing of a listing: its country, city and currency, and the plan of its host.
    fn of(&mut self, country: &str, city: &Arc<str>, currency: Currency, plan: &str) -> Result<Option<Arc<Pricing>>, serde_json::Error> {
        let place = self.at(country, city, currency);
        if plan == "{}" {
            return Ok(place.plain);
        }
        Ok(Pricing::of(serde_json::from_str(plan)?, pricing::fee_model(self.fees, currency), place.taxes).map(Arc::new))
    }
}

fn facts(row: &Row<'_>, words: &mut Words, prices: &mut Prices<'_>, fields: &SearchableFields, top_host: impl Fn(UserId) -> bool) -> DbResult<Facts> {
    let host = row.get(1)?;
    let city = row.text(4, |word| words.share(word))?;
    let currency = row.known(9, Currency::parse)?;
    let Json(plan) = row.get(21)?;
    let pricing = row.text(20, |country| prices.of(country, &city, currency, &plan))?;
    let rating_count: i64 = row.get(16)?;
    let rating_sum: i64 = row.get(17)?;
    Ok(Facts {
        id: row.get(0)?,
        host,
        room_type: row.known(2, RoomType::parse)?,
        property_type: row.text(3, |word| words.share(word))?,
        city,
        neighbourhood: row.text(5, |word| words.share(word))?,
        lat: row.get(6)?,
        lng: row.get(7)?,
        zone: row.text(8, |word| words.share(word))?,
        currency,
        price: row.get(10)?,
        pricing: pricing.map_err(|e| DbError::Column { column: 21, reason: e.to_string() })?,
        bedrooms: row.small_or_null(11)?,
        beds: row.small_or_null(12)?,
        bathrooms_halves: row.small_or_null(13)?,
        amenities: AmenitySet::from_json(&row.get::<Json>(14)?.0).map_err(|e| DbError::Column { column: 14, reason: e.to_string() })?,
        instant_book: row.get(15)?,
        top_host: top_host(host),
        rating_centi: mean_centi(rating_sum, rating_count).map(|mean| u16::try_from(mean).unwrap_or(u16::MAX)),
        review_count: row.small(18)?,
        created_at: row.get(19)?,
        terms: terms_in(row, 22, true)?,
        custom: custom(row, 39, fields)?,
    })
}

/// Every cause and override that reaches beyond `from`.
pub(super) fn all_calendars(conn: &mut Conn<'_>, from: Night, now: Instant) -> DbResult<Calendars> {
    let mut found = Calendars::default();
    conn.each(BLOCKS, &[from.into()], |row| {
        found.taken.push((row.get(0)?, Taken::Block(NightRange::new(row.get(1)?, row.get(2)?))));
        Ok(())
    })?;
    conn.each(EXTERNAL, &[from.into()], |row| {
        found.taken.push((row.get(0)?, Taken::Stay(elsewhere(row, 1)?)));
        Ok(())
    })?;
    conn.each(BOOKED, &[from.into(), now.into()], |row| {
        let range = NightRange::new(row.get(1)?, row.get::<Night>(2)?.plus(1));
        found.taken.push((row.get(0)?, Taken::Stay(held_in(row, range, 3)?)));
        Ok(())
    })?;
    conn.each(OVERRIDES, &[from.into()], |row| {
        let source = row.text(1, |name| found.source(name))?;
        found.overrides.push((row.get(0)?, source, override_in(row, 2)?));
        Ok(())
    })?;
    let source = found.source(SEASONS);
    conn.each(SEASONAL, &[], |row| {
        let id = row.get(0)?;
        found.overrides.extend(seasons::overrides(&seasons_in(row, 1)?, from).into_iter().map(|day| (id, source, day)));
        Ok(())
    })?;
    found.sort();
    Ok(found)
}

/// Hands over the texts of every published listing.
pub(super) fn each_text(conn: &mut Conn<'_>, mut take: impl FnMut(Texts) -> DbResult<()>) -> DbResult<()> {
    let fields = searchable_fields(conn)?;
    conn.each(TEXTS, &[], |row| take(texts(row, &fields)?))
}

/// The texts of one published listing.
pub(super) fn texts_of(conn: &mut Conn<'_>, id: ListingId) -> DbResult<Option<Texts>> {
    let fields = searchable_fields(conn)?;
    conn.first(&format!("{TEXTS} AND l.id = $1"), &[id.into()], |row| texts(row, &fields))
}

fn texts(row: &Row<'_>, fields: &SearchableFields) -> DbResult<Texts> {
    let list =
        |column| -> DbResult<Vec<String>> { serde_json::from_str(&row.get::<Json>(column)?.0).map_err(|e| DbError::Column { column, reason: e.to_string() }) };
    let spaced = |column| row.get::<String>(column).map(|slug| slug.replace('_', " "));
    let names = list(6)?.iter().map(|key| amenities::find(key).map_or(key.as_str(), |amenity| amenity.name).to_owned()).collect::<Vec<_>>().join("\n");
    let own = fields.words(&row.get::<Json>(13)?.0).map_err(|e| DbError::Column { column: 13, reason: e.to_string() })?;
    let long = |column| row.get::<Option<String>>(column).map(Option::unwrap_or_default);
    Ok(Texts {
        id: row.get(0)?,
        title: row.get(1)?,
        place: [row.get(5)?, row.get(4)?, spaced(2)?, spaced(3)?].join("\n"),
        body: [long(8)?, long(9)?, names, list(7)?.join("\n"), row.get(10)?, long(11)?, long(12)?, own, long(14)?].join("\n"),
    })
}

/// When nights are free again because a hold runs out.
pub(super) fn expiring(conn: &mut Conn<'_>, now: Instant) -> DbResult<Vec<(Instant, ListingId)>> {
    let mut holds: Vec<(Instant, ListingId)> = conn.query(EXPIRING, &[now.into()], |row| Ok((row.get(1)?, row.get(0)?)))?;
    holds.sort_unstable();
    holds.dedup();
    Ok(holds)
}

/// When holds of these listings run out.
pub(super) fn expiring_of(conn: &mut Conn<'_>, ids: &[ListingId], now: Instant) -> DbResult<Vec<(Instant, ListingId)>> {
    let mut holds = Vec::new();
    for id in ids {
        holds.extend(conn.query(EXPIRING_OF, &[(*id).into(), now.into()], |row| Ok((row.get(0)?, *id)))?);
    }
    Ok(holds)
}

/// What a card shows of a listing.
#[derive(Debug, Clone)]
pub(super) struct CardRow {
    pub id: ListingId,
    pub title: String,
    pub room_type: String,
    pub property_type: String,
    pub city: String,
    pub neighbourhood: String,
    pub lat: f64,
    pub lng: f64,
    pub capacity: i64,
    pub bedrooms: Option<i64>,
    pub beds: Option<i64>,
    pub bathrooms_halves: Option<i64>,
    pub rating_count: i64,
    pub rating_sum_centi: i64,
    pub review_count: i64,
    pub instant_book: bool,
    pub top_host: bool,
    pub photo_url: Option<String>,
    pub price_minor: i64,
    pub currency: Currency,
}

/// The cards of up to 100 listings, in any order; those that are not published are missing.
pub(super) fn cards(conn: &mut Conn<'_>, ids: &[ListingId]) -> DbResult<Vec<CardRow>> {
    // Lists are padded to a few lengths, so that a handful of prepared statements serves all pages.
    let Some(last) = ids.last() else { return Ok(Vec::new()) };
    let length = [1, 5, 20, 50].into_iter().find(|n| *n >= ids.len()).unwrap_or(100);
    let padded = ids.iter().chain(std::iter::repeat_n(last, length.saturating_sub(ids.len())));
    let params: Vec<Value> = padded.map(|id| (*id).into()).collect();
    let places: Vec<String> = (1..=params.len()).map(|n| format!("${n}")).collect();
    conn.query(&format!("{CARDS}({})", places.join(", ")), &params, |row| {
        Ok(CardRow {
            id: row.get(0)?,
            title: row.get(1)?,
            room_type: row.get(2)?,
            property_type: row.get(3)?,
            city: row.get(4)?,
            neighbourhood: row.get(5)?,
            lat: row.get(6)?,
            lng: row.get(7)?,
            capacity: row.get(8)?,
            bedrooms: row.get(9)?,
            beds: row.get(10)?,
            bathrooms_halves: row.get(11)?,
            rating_count: row.get(12)?,
            rating_sum_centi: row.get(13)?,
            review_count: row.get(14)?,
            instant_book: row.get(15)?,
            top_host: row.get(16)?,
            photo_url: row.get(17)?,
            price_minor: row.get(18)?,
            currency: row.known(19, Currency::parse)?,
        })
    })
}
