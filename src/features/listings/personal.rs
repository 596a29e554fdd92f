//! What listings hold about people: the homes of a host.

use super::store::{self, hosted};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// What stands where a title was.
const TITLE: &str = "Deleted listing";

/// See [`PersonalData`]. A published listing does not keep its host: it is archived and emptied with them. What keeps them are
/// stays to come, which are for bookings to say.
pub struct HostData;

impl PersonalData for HostData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("listings")?;
        hosted::listings(conn, user, |listing| archive.item(listing))?;
        archive.list("listing_texts")?;
        hosted::texts(conn, user, |text| archive.item(text))
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
