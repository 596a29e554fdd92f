//! The homes, hosts and guests that are made for it, all with the mark of their source, and what the tables hold of their bookings.

use super::rules::{Found, Had, Stays};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::values::{Instant, ListingId, Night, UserId};
use serde_json::json;

/// What tells them from everything real.
const SOURCE: &str = "stress";
const TITLE: &str = "Not a home: made to be booked by a stress run";

const ACCOUNTS: &str = "SELECT COUNT(*) FROM accounts";
const REAL_HOMES: &str = "SELECT COUNT(*) FROM listings WHERE source IS NULL OR source <> $1";
const PERSON: &str =
    "INSERT INTO users (id, source, external_id, name, about, location, languages, identity_verified, top_host, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, '', '', '[]', FALSE, FALSE, 1, $5, $5) ON CONFLICT (source, external_id) WHERE source IS NOT NULL DO NOTHING";
const HOST: &str = "SELECT id FROM users WHERE source = $1 AND external_id = 'host'";
const HOME: &str =
    "INSERT INTO listings (id, host_id, source, external_id, state, title, room_type, property_type, city, country, neighbourhood, lat, lng, public_lat, public_lng,
    zone, currency, price_minor, capacity, bathroom_shared, amenities, amenities_other, instant_book, max_infants, max_pets, min_nights, max_nights, notice_days,
    cutoff_minute, window_days, window_strict, preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, rating_count, rating_sum_centi,
    review_scores, review_count, calendar_version, edited_fields, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, 'published', $5, 'entire_home', 'entire_loft', 'Nowhere', 'US', '', 0, 0, 0, 0, 'UTC', 'USD', 10000, 4, FALSE, '[]', '[]', TRUE, 0, 0,
    1, 30, 0, 1080, 730, FALSE, 0, 127, 127, 0, TRUE, 1, 0, 0, '{}', 0, 1, '[]', 1, $6, $6)
    ON CONFLICT (source, external_id) WHERE source IS NOT NULL DO NOTHING";
const TEXT: &str = "INSERT INTO listing_texts (listing_id, language, description, neighbourhood_text) VALUES ($1, '', $2, '')";
const HOMES: &str = "SELECT id FROM listings WHERE source = $1 ORDER BY created_at, id LIMIT $2";
const STAYS: &str = "SELECT check_in, check_out, created_at, ended_at FROM bookings WHERE listing_id = $1";
const OVERLAPS: &str = "SELECT COUNT(*) FROM bookings a JOIN bookings b ON b.listing_id = a.listing_id AND b.id > a.id AND b.check_in < a.check_out AND a.check_in < b.check_out
    WHERE a.listing_id = $1 AND a.state IN ('pending_payment', 'requested', 'confirmed', 'in_stay') AND b.state IN ('pending_payment', 'requested', 'confirmed', 'in_stay')";
const NIGHTS: &str = "SELECT b.check_in, b.check_out, (SELECT COUNT(*) FROM booked_nights n WHERE n.booking_id = b.id AND n.listing_id = b.listing_id
        AND n.night >= b.check_in AND n.night < b.check_out AND n.kind = CASE WHEN b.state = 'confirmed' THEN 'booking' ELSE 'hold' END)
    FROM bookings b WHERE b.listing_id = $1 AND b.state IN ('pending_payment', 'requested', 'confirmed')";
const STRAY: &str = "SELECT COUNT(*) FROM booked_nights n LEFT JOIN bookings b ON b.id = n.booking_id
    WHERE n.listing_id = $1 AND (b.id IS NULL OR b.state NOT IN ('pending_payment', 'requested', 'confirmed', 'in_stay', 'completed')
        OR n.night < b.check_in OR n.night >= b.check_out)";
const UNPAID: &str = "SELECT COUNT(*) FROM bookings b WHERE b.listing_id = $1 AND (b.state = 'confirmed')
        <> (b.total_minor = COALESCE((SELECT SUM(p.captured_minor - p.refunded_minor) FROM payments p WHERE p.booking_id = b.id), 0))
    AND b.state IN ('confirmed', 'withdrawn', 'expired')";

/// How many people have an account here.
pub(super) fn accounts(conn: &mut Conn<'_>) -> DbResult<i64> {
    Ok(conn.first(ACCOUNTS, &[], |row| row.get(0))?.unwrap_or(0))
}

/// How many homes there are that were not made for this.
pub(super) fn real_homes(conn: &mut Conn<'_>) -> DbResult<i64> {
    Ok(conn.first(REAL_HOMES, &[SOURCE.into()], |row| row.get(0))?.unwrap_or(0))
}

/// The homes, which those who come later share.
pub(super) fn homes(tx: &mut Tx<'_>, now: Instant, count: u16) -> DbResult<Vec<ListingId>> {
    tx.execute(PERSON, &[UserId::new().into(), SOURCE.into(), "host".into(), "Stress host".into(), now.into()])?;
    let host: Option<UserId> = tx.first(HOST, &[SOURCE.into()], |row| row.get(0))?;
    for number in 0..count {
        let id = ListingId::new();
        let params = [id.into(), host.into(), SOURCE.into(), format!("home {number}").into(), TITLE.into(), now.into()];
        if tx.execute(HOME, &params)? == 1 {
            tx.execute(TEXT, &[id.into(), TITLE.into()])?;
            events::append(tx, Kind::ListingChanged, id.0, &json!({}), now)?;
        }
    }
    tx.query(HOMES, &[SOURCE.into(), i64::from(count).into()], |row| row.get(0))
}

/// Somebody to book.
pub(super) fn guest(tx: &mut Tx<'_>, now: Instant) -> DbResult<UserId> {
    let id = UserId::new();
    tx.execute(PERSON, &[id.into(), SOURCE.into(), format!("guest {id}").into(), "Stress guest".into(), now.into()])?;
    Ok(id)
}

/// Every stay that was ever booked at a home, whatever has become of it.
pub(super) fn stays(conn: &mut Conn<'_>, home: ListingId) -> DbResult<Stays> {
    conn.query(STAYS, &[home.into()], |row| Ok(Had { nights: (row.get(0)?, row.get(1)?), made: row.get(2)?, ended: row.get(3)? }))
}

/// What does not fit at a home.
pub(super) fn found(conn: &mut Conn<'_>, home: ListingId) -> DbResult<Found> {
    let mut count = |sql| conn.first(sql, &[home.into()], |row| row.get::<i64>(0)).map(|found| found.unwrap_or(0));
    let (overlaps, stray, unpaid) = (count(OVERLAPS)?, count(STRAY)?, count(UNPAID)?);
    let mut half = stray;
    conn.each(NIGHTS, &[home.into()], |row| {
        let (check_in, check_out): (Night, Night) = (row.get(0)?, row.get(1)?);
        half += i64::from(row.get::<i64>(2)? != i64::from(check_in.days_until(check_out)));
        Ok(())
    })?;
    Ok(Found { overlaps, half, unpaid })
}
