//! What a listing shows first.

use super::super::store::{cover, homes};
use super::change::reconsider;
use crate::platform::config::Config;
use crate::platform::db::{DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::platform::keys::Keys;
use crate::values::{Instant, ListingId};
use serde_json::json;

/// What is needed to know whether staff want to look at a home again.
#[derive(Clone, Copy)]
pub struct Publisher<'a> {
    pub config: &'a Config,
    pub keys: &'a Keys,
}

/// Something about the photos has changed, and `photo_url` is the first one now: raises the version of the listing, submits it again
/// where staff look at all new photos (V2), and tells everybody. From then on the photo is the host's, and no import replaces it.
pub fn set_cover(tx: &mut Tx<'_>, now: Instant, publisher: Publisher<'_>, listing: ListingId, photo_url: Option<&str>) -> DbResult<()> {
    cover::set(tx, now, listing, photo_url)?;
    if let Some(held) = homes::find(tx, publisher.keys, listing)? {
        reconsider(tx, now, publisher.config, &held, &["photos"])?;
    }
    events::append(tx, Kind::ListingChanged, listing.0, &json!({}), now)
}
