//! What prices hold about people: the words of a host in plans (names of seasons and fees).

use super::store;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};

/// See [`PersonalData`]. The plans of a host go with the texts of their listings; the amounts of what was booked stay with the bookings.
pub struct PlanData;

impl PersonalData for PlanData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("listing_pricing")?;
        store::plans(conn, user, |plan| archive.item(plan))
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        store::forget_plans(tx, user)
    }
}
