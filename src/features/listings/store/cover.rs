//! SQL of what a listing shows first.

use crate::platform::db::{DbError, DbResult, Json, Tx};
use crate::values::{Instant, ListingId};

const COLUMN: &str = "photo_url";

/// Writes the first photo, and that it is the host's own.
pub(in super::super) fn set(tx: &mut Tx<'_>, now: Instant, listing: ListingId, photo_url: Option<&str>) -> DbResult<()> {
    const EDITED: &str = "SELECT edited_fields FROM listings WHERE id = $1";
    const SET: &str = "UPDATE listings SET photo_url = $2, edited_fields = $3, version = version + 1, updated_at = $4 WHERE id = $1";
    let Some(Json(text)) = tx.first(EDITED, &[listing.into()], |row| row.get::<Json>(0))? else { return Ok(()) };
    let mut edited: Vec<String> = serde_json::from_str(&text).map_err(|error| DbError::Column { column: 0, reason: error.to_string() })?;
    if !edited.iter().any(|field| field == COLUMN) {
        edited.push(COLUMN.into());
    }
    let edited = Json(serde_json::Value::from(edited).to_string());
    tx.execute(SET, &[listing.into(), photo_url.into(), edited.into(), now.into()])?;
    Ok(())
}
