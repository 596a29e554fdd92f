//! What reviews hold about people: who wrote them.

use super::store;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, NOBODY, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. A review outlives its author's account: others rely on it, so it stays without their name (V5).
pub struct AuthorData;

impl PersonalData for AuthorData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("reviews")?;
        store::written_by(conn, user, |listing, review| {
            archive.item(&json!({
                "id": review.id.0, "listing_id": listing.0, "author_name": review.author_name, "written_on": review.written_on.to_string(),
                "overall": review.overall, "body": review.body,
            }))
        })
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        store::forget_author(tx, user, NOBODY)
    }
}
