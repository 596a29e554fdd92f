//! SQL: homes, their texts and calendars, and reviews.

use super::super::piece::{Change, Piece, unhex};
use super::super::rules::ownership::stays;
use super::bulk::Bulk;
use crate::platform::db::{Conn, DbError, DbResult, Json, Tx, Value};
use crate::values::{Instant, ListingId, Night};
use std::sync::LazyLock;

/// The columns of `listings` that an import owns, as far as no host has edited them.
pub(in super::super) const HOME_OWNED: [&str; 32] = [
    "host_id",
    "state",
    "title",
    "room_type",
    "property_type",
    "city",
    "country",
    "neighbourhood",
    "lat",
    "lng",
    "public_lat",
    "public_lng",
    "zone",
    "currency",
    "price_minor",
    "capacity",
    "bedrooms",
    "beds",
    "bathrooms_halves",
    "bathroom_shared",
    "amenities",
    "amenities_other",
    "instant_book",
    "registration_number",
    "photo_url",
    "max_pets",
    "min_nights",
    "max_nights",
    "rating_count",
    "rating_sum_centi",
    "review_scores",
    "review_count",
];

/// Rows bring: id, source, external_id, source_hash, created_at, updated_at, then [`HOME_OWNED`]. 5 infants and the
/// widest window are the import's own terms (docs/IMPORT.md).
static HOMES: LazyLock<Bulk> = LazyLock::new(|| {
    let columns = HOME_OWNED.join(", ");
    let into = format!(
        "listings (id, source, external_id, source_hash, created_at, updated_at, {columns}, max_infants, notice_days, cutoff_minute, window_days, \
         window_strict, preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, calendar_version, edited_fields, version)"
    );
    Bulk::new(&into, 6 + HOME_OWNED.len(), ", 5, 0, NULL, 1095, FALSE, 0, 127, 127, 0, TRUE, 1, 0, '[]', 1", "")
});
static TEXTS: LazyLock<Bulk> = LazyLock::new(|| Bulk::new("listing_texts (listing_id, language, description, neighbourhood_text)", 4, "", ""));
static TAKEN: LazyLock<Bulk> = LazyLock::new(|| Bulk::new("external_nights (listing_id, feed, from_night, to_night)", 4, "", ""));
static OVERRIDES: LazyLock<Bulk> =
    LazyLock::new(|| Bulk::new("day_overrides (listing_id, source, from_night, to_night, price_minor, min_nights, max_nights)", 7, "", ""));
static REVIEWS: LazyLock<Bulk> = LazyLock::new(|| {
    Bulk::new(
        "reviews (id, listing_id, source, external_id, author_name, written_on, body, created_at)",
        8,
        "",
        "ON CONFLICT (source, external_id) WHERE source IS NOT NULL DO UPDATE \
         SET listing_id = excluded.listing_id, author_name = excluded.author_name, written_on = excluded.written_on, body = excluded.body \
         WHERE reviews.listing_id <> excluded.listing_id OR reviews.author_name <> excluded.author_name \
         OR reviews.written_on <> excluded.written_on OR reviews.body <> excluded.body",
    )
});

/// A home of an earlier import.
#[derive(Debug, Clone)]
pub(in super::super) struct Known {
    pub id: ListingId,
    pub hash: [u8; 16],
    /// Fields a host has changed.
    pub edited: Vec<String>,
}

/// Hands every home of `source` to `take`: its id there, its city, and what is known of it.
pub(in super::super) fn known_homes(conn: &mut Conn<'_>, source: &str, mut take: impl FnMut(&str, &str, Known)) -> DbResult<()> {
    conn.each("SELECT external_id, city, id, source_hash, edited_fields FROM listings WHERE source = $1", &[source.into()], |row| {
        let edited: Json = row.get(4)?;
        let edited = serde_json::from_str(&edited.0).map_err(|error| DbError::Column { column: 4, reason: error.to_string() })?;
        let hash: Option<String> = row.get(3)?;
        let (external_id, city): (String, String) = (row.get(0)?, row.get(1)?);
        take(&external_id, &city, Known { id: row.get(2)?, hash: unhex(&hash.unwrap_or_default()), edited });
        Ok(())
    })
}

/// Writes what is new in a piece: homes, texts, and the calendars of new and changed homes.
pub(in super::super) fn write_piece_rows(tx: &mut Tx<'_>, piece: &Piece) -> DbResult<()> {
    HOMES.insert(tx, &piece.homes)?;
    TEXTS.insert(tx, &piece.texts)?;
    TAKEN.insert(tx, &piece.taken)?;
    OVERRIDES.insert(tx, &piece.overrides)?;
    Ok(())
}

/// Writes a changed home over the old one, leaves what the host has edited, and clears the import's part of its calendar.
/// Raising `calendar_version` first is the listing lock.
pub(in super::super) fn replace_home(tx: &mut Tx<'_>, change: &Change, feed: &str, now: Instant) -> DbResult<()> {
    let mut sets = String::from("calendar_version = calendar_version + 1, version = version + 1");
    let mut values: Vec<Value> = vec![change.id.into(), change.hash.as_str().into(), now.into()];
    for (column, value) in HOME_OWNED.iter().zip(&change.owned) {
        if !stays(column, &change.edited, change.price_unknown) {
            values.push(value.clone());
            sets.push_str(&format!(", {column} = ${}{}", values.len(), own_reviews(column)));
        }
    }
    tx.execute(&format!("UPDATE listings SET {sets}, source_hash = $2, updated_at = $3 WHERE id = $1"), &values)?;
    for (column, text) in [("description", &change.description), ("neighbourhood_text", &change.neighbourhood_text)] {
        if !stays(column, &change.edited, change.price_unknown) {
            let sql = format!("UPDATE listing_texts SET {column} = $2 WHERE listing_id = $1 AND language = ''");
            tx.execute(&sql, &[change.id.into(), text.into()])?;
        }
    }
    tx.execute("DELETE FROM external_nights WHERE listing_id = $1 AND feed = $2", &[change.id.into(), feed.into()])?;
    tx.execute("DELETE FROM day_overrides WHERE listing_id = $1 AND source = $2", &[change.id.into(), feed.into()])?;
    Ok(())
}

/// What guests of this instance have added to an aggregate that the import seeds.
fn own_reviews(column: &str) -> &'static str {
    match column {
        "rating_count" => " + (SELECT COUNT(*) FROM reviews r WHERE r.listing_id = $1 AND r.source IS NULL AND r.overall IS NOT NULL)",
        "rating_sum_centi" => " + (SELECT CAST(COALESCE(SUM(r.overall), 0) AS BIGINT) * 100 FROM reviews r WHERE r.listing_id = $1 AND r.source IS NULL)",
        "review_count" => " + (SELECT COUNT(*) FROM reviews r WHERE r.listing_id = $1 AND r.source IS NULL)",
        _ => "",
    }
}

/// Nights of a listing that guests of this instance have taken, in order.
pub(in super::super) fn booked_nights(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Vec<Night>> {
    conn.query("SELECT DISTINCT night FROM booked_nights WHERE listing_id = $1 ORDER BY night", &[listing.into()], |row| row.get(0))
}

/// Writes reviews (rows of: id, listing, source, external id, author, date, body, created_at); answers how many are new
/// or different. No external id may come twice in `rows`.
pub(in super::super) fn write_reviews(tx: &mut Tx<'_>, rows: &[Value]) -> DbResult<u64> {
    REVIEWS.insert(tx, rows)
}
