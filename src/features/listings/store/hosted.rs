//! SQL of all that a host has, published or not.

use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx};
use crate::values::{Instant, ListingId, UserId};
use serde_json::{Value, json};

const LISTINGS: &str = "SELECT id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, zone, currency, price_minor, capacity,
    bedrooms, beds, bathrooms_halves, amenities, amenities_other, instant_book, registration_number, photo_url, created_at, updated_at,
    state_note, withheld, language, max_infants, max_pets, unit_count, rooms, accessibility, check_in_minute, check_out_minute, short_policy, long_policy,
    custom, pricing FROM listings WHERE host_id = $1 ORDER BY id";
const TEXTS: &str = "SELECT t.listing_id, t.language, t.description, t.neighbourhood_text, t.title, t.summary, t.house_rules
    FROM listings l JOIN listing_texts t ON t.listing_id = l.id WHERE l.host_id = $1 ORDER BY t.listing_id, t.language";

/// Every listing of a host as its owner may read it, the exact place included.
pub(in super::super) fn listings(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(LISTINGS, &[host.into()], |row| {
        take(&json!({
            "id": row.get::<ListingId>(0)?.0, "state": row.get::<String>(1)?, "title": row.get::<String>(2)?, "room_type": row.get::<String>(3)?,
            "property_type": row.get::<String>(4)?, "city": row.get::<String>(5)?, "country": row.get::<String>(6)?,
            "neighbourhood": row.get::<String>(7)?, "lat": row.get::<f64>(8)?, "lng": row.get::<f64>(9)?, "zone": row.get::<String>(10)?,
            "currency": row.get::<String>(11)?, "price_minor": row.get::<i64>(12)?, "capacity": row.get::<i64>(13)?,
            "bedrooms": row.get::<Option<i64>>(14)?, "beds": row.get::<Option<i64>>(15)?, "bathrooms_halves": row.get::<Option<i64>>(16)?,
            "amenities": list(row, 17)?, "amenities_other": list(row, 18)?, "instant_book": row.get::<bool>(19)?,
            "registration_number": row.get::<Option<String>>(20)?, "photo_url": row.get::<Option<String>>(21)?,
            "created_at": row.get::<Instant>(22)?.to_string(), "updated_at": row.get::<Instant>(23)?.to_string(),
            "state_note": row.get::<Option<String>>(24)?, "withheld": row.get::<bool>(25)?, "language": row.get::<Option<String>>(26)?,
            "max_infants": row.get::<i64>(27)?, "max_pets": row.get::<i64>(28)?, "unit_count": row.get::<i64>(29)?, "rooms": list(row, 30)?,
            "accessibility": list(row, 31)?, "check_in_minute": row.get::<i64>(32)?, "check_out_minute": row.get::<i64>(33)?,
            "short_policy": row.get::<String>(34)?, "long_policy": row.get::<String>(35)?, "custom": list(row, 36)?, "pricing": list(row, 37)?,
        }))
    })
}

/// The long texts of a host's listings.
pub(in super::super) fn texts(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(&Value) -> DbResult<()>) -> DbResult<()> {
    conn.each(TEXTS, &[host.into()], |row| {
        take(&json!({
            "listing_id": row.get::<ListingId>(0)?.0, "language": row.get::<String>(1)?, "description": row.get::<String>(2)?,
            "neighbourhood_text": row.get::<String>(3)?, "title": row.get::<String>(4)?, "summary": row.get::<String>(5)?,
            "house_rules": row.get::<String>(6)?,
        }))
    })
}

/// The sealed private parts of a host's listings.
pub(in super::super) fn privates(conn: &mut Conn<'_>, host: UserId, mut take: impl FnMut(ListingId, &str) -> DbResult<()>) -> DbResult<()> {
    const PRIVATE: &str =
        "SELECT p.listing_id, p.sealed FROM listings l JOIN listing_private p ON p.listing_id = l.id WHERE l.host_id = $1 ORDER BY p.listing_id";
    conn.each(PRIVATE, &[host.into()], |row| take(row.get(0)?, &row.get::<String>(1)?))
}

/// Archives the listings of a host and empties what tells who and where they are; figures and public place stay, for stays point to
/// them.
pub(in super::super) fn empty(tx: &mut Tx<'_>, now: Instant, host: UserId, title: &str) -> DbResult<()> {
    const NOTES: &str = "UPDATE calendar_blocks SET note = '' WHERE note <> '' AND listing_id IN (SELECT id FROM listings WHERE host_id = $1)";
    const GONE: &str = "DELETE FROM listing_texts WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)";
    const SECRETS: &str = "DELETE FROM listing_private WHERE listing_id IN (SELECT id FROM listings WHERE host_id = $1)";
    const EMPTY: &str =
        "UPDATE listings SET state = 'archived', title = $2, lat = public_lat, lng = public_lng, amenities_other = $3, registration_number = NULL,
        photo_url = NULL, state_note = NULL, rooms = $3, custom = $5, pricing = $5, version = version + 1, updated_at = $4 WHERE host_id = $1";
    tx.execute(NOTES, &[host.into()])?;
    tx.execute(GONE, &[host.into()])?;
    tx.execute(EMPTY, &[host.into(), title.into(), Json("[]".into()).into(), now.into(), Json("{}".into()).into()])?;
    tx.execute(SECRETS, &[host.into()])?;
    Ok(())
}

fn list(row: &Row<'_>, column: usize) -> DbResult<Value> {
    let Json(text) = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| DbError::Column { column, reason: e.to_string() })
}
