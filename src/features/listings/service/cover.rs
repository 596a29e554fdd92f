//! What a listing shows first.

use super::super::store::cover;
use crate::platform::db::{DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::values::{Instant, ListingId};
use serde_json::json;

/// Something about the photos has changed, and `photo_url` is the first one now: raises the version of the listing and tells
/// everybody. From then on the photo is the host's, and no import replaces it.
pub fn set_cover(tx: &mut Tx<'_>, now: Instant, listing: ListingId, photo_url: Option<&str>) -> DbResult<()> {
    cover::set(tx, now, listing, photo_url)?;
    events::append(tx, Kind::ListingChanged, listing.0, &json!({}), now)
}
