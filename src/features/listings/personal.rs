//! What listings hold about people: the homes of a host, and who helps whom.

use super::store::homes::opened;
use super::store::{self, co_hosts, hosted};
use crate::features::accounts;
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
        })?;
        co_hosting(conn, user, archive)
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        let own = accounts::contact(tx, user)?;
        co_hosts::forget(tx, user, own.map(|own| own.email).as_ref())?;
        hosted::empty(tx, now, user, TITLE)?;
        for listing in store::of_host(tx, user)? {
            events::append(tx, Kind::ListingChanged, listing.0, &json!({}), now)?;
        }
        Ok(())
    }
}

/// Whom somebody helps with which listing, and whom they have asked for help.
fn co_hosting(conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
    archive.list("co_hosting")?;
    for (listing, level, since) in co_hosts::of_helper(conn, user)? {
        archive.item(&json!({"listing_id": listing.0, "level": level.name(), "since": since.to_string()}))?;
    }
    archive.list("co_host_invitations")?;
    let own = accounts::contact(conn, user)?;
    let sent = co_hosts::invitations_by(conn, user)?;
    let received = own.map(|own| co_hosts::invitations_to(conn, &own.email)).transpose()?.unwrap_or_default();
    for one in &sent {
        archive.item(&json!({
            "listing_id": one.listing.0, "sent_by_you": true, "email": one.email, "level": one.level.name(), "at": one.created_at.to_string(),
        }))?;
    }
    for one in &received {
        archive.item(&json!({"listing_id": one.listing.0, "sent_by_you": false, "level": one.level.name(), "at": one.created_at.to_string()}))?;
    }
    Ok(())
}
