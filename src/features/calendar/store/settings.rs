//! SQL of the availability rules, which are columns of the listing.

use super::super::rules::settings::Settings;
use crate::platform::db::{Conn, DbError, DbResult, Json, Tx};
use crate::values::{Instant, ListingId};

const READ: &str = "SELECT min_nights, max_nights, arrival_min_nights, notice_days, notice_as_request, cutoff_minute, window_days, window_strict,
    preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, edited_fields FROM listings WHERE id = $1";
const WRITE: &str = "UPDATE listings SET min_nights = $2, max_nights = $3, arrival_min_nights = $4, notice_days = $5, notice_as_request = $6,
    cutoff_minute = $7, window_days = $8, window_strict = $9, preparation_nights = $10, arrival_days = $11, departure_days = $12, gap_nights = $13,
    fill_gaps = $14, edited_fields = $15, version = version + 1, updated_at = $16 WHERE id = $1";

pub(in super::super) const STATEMENTS: [(&str, &str); 2] = [(READ, "U"), (WRITE, "UNNJNBNNBNNNNBJI")];

/// The rules of a listing, and the names of the fields that its host has edited.
pub(in super::super) fn read(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<(Settings, Vec<String>)>> {
    conn.first(READ, &[listing.into()], |row| {
        let settings = Settings {
            min_nights: row.small(0)?,
            max_nights: row.small(1)?,
            arrival_min_nights: super::weekdays_in(row, 2)?,
            notice_days: row.small(3)?,
            notice_as_request: row.get(4)?,
            cutoff_minute: row.small_or_null(5)?,
            window_days: row.small(6)?,
            window_strict: row.get(7)?,
            preparation_nights: row.small(8)?,
            arrival_days: row.small(9)?,
            departure_days: row.small(10)?,
            gap_nights: row.small(11)?,
            fill_gaps: row.get(12)?,
        };
        let Json(edited) = row.get(13)?;
        let edited = serde_json::from_str(&edited).map_err(|error| DbError::Column { column: 13, reason: error.to_string() })?;
        Ok((settings, edited))
    })
}

/// Writes all rules; what an import brings again must leave `edited` alone.
pub(in super::super) fn write(tx: &mut Tx<'_>, listing: ListingId, to: &Settings, edited: &[String], now: Instant) -> DbResult<()> {
    let weekdays = if to.arrival_min_nights == [0; 7] { "[]".to_owned() } else { serde_json::json!(to.arrival_min_nights).to_string() };
    let values = [
        listing.into(),
        to.min_nights.into(),
        to.max_nights.into(),
        Json(weekdays).into(),
        to.notice_days.into(),
        to.notice_as_request.into(),
        to.cutoff_minute.into(),
        to.window_days.into(),
        to.window_strict.into(),
        to.preparation_nights.into(),
        to.arrival_days.into(),
        to.departure_days.into(),
        to.gap_nights.into(),
        to.fill_gaps.into(),
        Json(serde_json::json!(edited).to_string()).into(),
        now.into(),
    ];
    tx.execute(WRITE, &values)?;
    Ok(())
}
