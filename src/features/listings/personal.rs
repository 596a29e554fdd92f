//! What listings hold about people: the homes of a host.

use super::store::homes::opened;
use super::store::{self, hosted};
use crate::platform::db::{Conn, DbError, DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::platform::keys::Keys;
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;
use std::sync::Arc;

/// What stands where a title was.
const TITLE: &str = "Deleted listing";

/// See [`PersonalData`]. A published listing does not keep its host: it is archived and emptied with them. What keeps them are
/// stays to come, which are for bookings to say.
pub struct HostData {
    keys: Arc<Keys>,
}

impl HostData {
    #[must_use]
    pub fn new(keys: Arc<Keys>) -> Self {
        Self { keys }
    }
}

impl PersonalData for HostData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("listings")?;
        hosted::listings(conn, user, |listing| archive.item(listing))?;
        archive.list("listing_texts")?;
        hosted::texts(conn, user, |text| archive.item(text))?;
        archive.list("listing_private")?;
        hosted::privates(conn, user, |id, sealed| {
            let private = opened(&self.keys, id, sealed)?;
            let private = serde_json::to_value(private).map_err(|error| DbError::Unusable(error.to_string()))?;
            archive.item(&json!({"listing_id": id.0, "private": private}))
        })
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        hosted::empty(tx, now, user, TITLE)?;
        for listing in store::of_host(tx, user)? {
            events::append(tx, Kind::ListingChanged, listing.0, &json!({}), now)?;
        }
        Ok(())
    }
}
