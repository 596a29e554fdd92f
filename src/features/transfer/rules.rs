//! The shape of a line: which columns of which tables stand in it, and how each is written as JSON.

use crate::platform::db::{Json, Value};
use crate::values::{Instant, Night};
use serde_json::{Map, Value as Member, json};
use uuid::Uuid;

/// The format of the lines that this release writes, and reads.
pub(super) const FORMAT: i64 = 1;

/// How a column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Int,
    Bool,
    Real,
    Json,
    Instant,
    Night,
    Uuid,
}

/// A table of which a home has rows.
#[derive(Debug)]
pub(super) struct Table {
    pub name: &'static str,
    /// The member of the line.
    pub member: &'static str,
    /// Without the listing's id.
    pub columns: &'static [(&'static str, Kind)],
    /// In which order the rows are written, so that equal homes make equal lines.
    pub order: &'static str,
}

use Kind::{Bool, Instant as At, Int, Json as Doc, Night as Date, Real, Text, Uuid as Id};

/// What a line tells of the listing itself. Its host stands apart; versions are each instance's own.
#[rustfmt::skip]
pub(super) const LISTING: &[(&str, Kind)] = &[
    ("source", Text), ("external_id", Text), ("source_hash", Text), ("state", Text), ("state_note", Text), ("withheld", Bool), ("approved_at", At),
    ("title", Text), ("language", Text), ("room_type", Text), ("property_type", Text), ("city", Text), ("country", Text), ("neighbourhood", Text),
    ("lat", Real), ("lng", Real), ("public_lat", Real), ("public_lng", Real), ("zone", Text), ("currency", Text), ("price_minor", Int),
    ("capacity", Int), ("bedrooms", Int), ("beds", Int), ("bathrooms_halves", Int), ("bathroom_shared", Bool), ("amenities", Doc),
    ("amenities_other", Doc), ("instant_book", Bool), ("registration_number", Text), ("photo_url", Text), ("max_infants", Int), ("max_pets", Int),
    ("min_nights", Int), ("max_nights", Int), ("notice_days", Int), ("cutoff_minute", Int), ("window_days", Int), ("window_strict", Bool),
    ("preparation_nights", Int), ("arrival_days", Int), ("departure_days", Int), ("gap_nights", Int), ("fill_gaps", Bool), ("unit_count", Int),
    ("arrival_min_nights", Doc),
    ("notice_as_request", Bool), ("check_in_minute", Int), ("check_out_minute", Int), ("short_policy", Text), ("long_policy", Text), ("rooms", Doc),
    ("accessibility", Doc), ("custom", Doc), ("pricing", Doc), ("rating_count", Int), ("rating_sum_centi", Int), ("review_scores", Doc),
    ("review_count", Int), ("edited_fields", Doc), ("created_at", At), ("updated_at", At),
];

/// Columns of `listings` that no line has.
#[cfg(test)]
const APART: [&str; 4] = ["id", "host_id", "calendar_version", "version"];

/// What belongs to a listing. Stays are bookings' and are not moved.
#[rustfmt::skip]
pub(super) const TABLES: &[Table] = &[
    Table { name: "listing_texts", member: "texts", order: "language", columns: &[
        ("language", Text), ("title", Text), ("summary", Text), ("description", Text), ("neighbourhood_text", Text), ("house_rules", Text)] },
    Table { name: "calendar_blocks", member: "blocks", order: "from_night, to_night, id", columns: &[
        ("id", Id), ("from_night", Date), ("to_night", Date), ("reason", Text), ("note", Text), ("created_at", At)] },
    Table { name: "external_nights", member: "external", order: "feed, slot, from_night, to_night", columns: &[
        ("feed", Text), ("slot", Int), ("from_night", Date), ("to_night", Date)] },
    Table { name: "day_overrides", member: "days", order: "source, from_night, to_night", columns: &[
        ("source", Text), ("from_night", Date), ("to_night", Date), ("price_minor", Int), ("min_nights", Int), ("max_nights", Int),
        ("closed_to_arrival", Bool), ("closed_to_departure", Bool)] },
];

/// What a member of a line is in the database; the error says what it must be.
pub(super) fn value(kind: Kind, member: &Member) -> Result<Value, &'static str> {
    if member.is_null() {
        return Ok(Value::Null);
    }
    let text = member.as_str();
    match kind {
        Kind::Text => text.map(Value::from).ok_or("must be a text"),
        Kind::Int => member.as_i64().map(Value::from).ok_or("must be a whole number"),
        Kind::Bool => member.as_bool().map(Value::from).ok_or("must be true or false"),
        Kind::Real => member.as_f64().map(Value::from).ok_or("must be a number"),
        Kind::Json if member.is_object() || member.is_array() => Ok(Json(member.to_string()).into()),
        Kind::Json => Err("must be an object or an array"),
        Kind::Instant => text.and_then(Instant::parse).map(Value::from).ok_or("must be a time, RFC 3339"),
        Kind::Night => text.and_then(Night::parse).map(Value::from).ok_or("must be a date, YYYY-MM-DD"),
        Kind::Uuid => text.and_then(|text| Uuid::parse_str(text).ok()).map(Value::from).ok_or("must be an id"),
    }
}

/// Whether a home that reads as `current` is what `line` says already. Who hosts it, and members that a line does not have, are not
/// asked.
pub(super) fn is_as_told(current: &Map<String, Member>, line: &Map<String, Member>) -> bool {
    line.iter().filter(|(name, _)| *name != "host").all(|(name, told)| match (told, current.get(name)) {
        (Member::Object(told), Some(Member::Object(now))) if name == "listing" => told.iter().all(|(column, told)| now.get(column) == Some(told)),
        (told, Some(now)) => told == now,
        (told, None) => *told == json!(null),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_of_the_tables_is_in_a_line() {
        const SCHEMA: &str = include_str!("../../../schema.sql");
        let columns = |table: &str| -> Vec<&str> {
            let (_, rest) = SCHEMA.split_once(&format!("CREATE TABLE IF NOT EXISTS {table} (\n")).unwrap();
            let (body, _) = rest.split_once("\n);").unwrap();
            let names = body.lines().filter_map(|line| line.split_whitespace().next());
            names.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).collect()
        };
        let known: Vec<&str> = LISTING.iter().map(|(name, _)| *name).chain(APART).collect();
        for column in columns("listings") {
            assert!(known.contains(&column), "listings.{column} is new: add it to LISTING, or to APART");
        }
        for table in TABLES {
            for column in columns(table.name).into_iter().filter(|column| *column != "listing_id") {
                assert!(table.columns.iter().any(|(name, _)| *name == column), "{}.{column} is new: add it to TABLES", table.name);
            }
        }
    }

    #[test]
    fn members_are_read_by_their_kind() {
        for (kind, good, bad) in [
            (Kind::Text, json!("x"), json!(1)),
            (Kind::Int, json!(-1), json!(1.5)),
            (Kind::Bool, json!(false), json!("false")),
            (Kind::Real, json!(1.5), json!("1.5")),
            (Kind::Json, json!([]), json!("[]")),
            (Kind::Instant, json!("2026-06-01T12:00:00Z"), json!("2026-06-01")),
            (Kind::Night, json!("2026-06-01"), json!("2026-06-01T12:00:00Z")),
            (Kind::Uuid, json!("019e830e-1a00-7e18-838a-baca3e669859"), json!("x")),
        ] {
            assert!(value(kind, &good).is_ok() && value(kind, &bad).is_err(), "{kind:?}");
            assert_eq!(value(kind, &json!(null)), Ok(Value::Null));
        }
    }
}
