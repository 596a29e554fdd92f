//! What calendars hold about people: what a host wrote beside closed nights, the names of their units, and what somebody changed.

use super::store::{log, units};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};

/// See [`PersonalData`]. The log stays after an erasure, with an id that is nobody's any more; it holds no words of anybody. The notes
/// of blocks go with the listings.
pub struct CalendarData;

impl PersonalData for CalendarData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("calendar_blocks")?;
        super::store::edits::blocks_of_host(conn, user, |block| archive.item(block))?;
        archive.list("listing_units")?;
        units::of_host(conn, user, |unit| archive.item(unit))?;
        archive.list("calendar_changes")?;
        log::of_actor(conn, user, |entry| archive.item(entry))
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        units::forget_names(tx, user)
    }
}
