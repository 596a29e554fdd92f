//! What feeds hold about people: the calendars a host has connected.

use super::service::{World, exports as service};
use super::store::{exports, feeds, personal};
use crate::platform::audit::Actor;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::events::{self, Kind};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::platform::tools::Tools;
use crate::values::{Instant, Origin, UserId};
use serde_json::json;

/// See [`PersonalData`]. Addresses and tokens are secrets of other sites and of this one; an export names what they are for.
pub struct FeedData {
    world: World,
}

impl FeedData {
    #[must_use]
    pub fn new(tools: &Tools) -> Self {
        Self { world: World::of(tools, Origin::inside("erasure")) }
    }
}

impl PersonalData for FeedData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("calendar_feeds")?;
        personal::feeds(conn, user, |feed| archive.item(feed))?;
        archive.list("calendar_exports")?;
        personal::exports(conn, user, |export| archive.item(export))
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        personal::delete_exports(tx, user)?;
        for listing in exports::listings_of_helper(tx, user)? {
            service::end_for(tx, now, &self.world, Actor::System, listing, user)?;
        }
        for (listing, feed) in personal::feed_ids(tx, user)? {
            feeds::delete(tx, listing, feed)?;
            events::append(tx, Kind::CalendarChanged, listing.0, &json!({}), now)?;
        }
        Ok(())
    }
}
