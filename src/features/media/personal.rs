//! What photos tell about people: a host's homes, and what the host called the files.

use super::store;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`].
pub struct PhotoData;

impl PersonalData for PhotoData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        archive.list("photos")?;
        store::of_host(conn, user, |photo| {
            archive.item(&json!({
                "id": photo.id, "listing_id": photo.listing.0, "alt": photo.alt, "file_name": photo.file_name, "width": photo.width,
                "height": photo.height, "files": photo.files, "created_at": photo.created_at.to_string(),
            }))
        })
    }

    fn blocks_erasure(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Vec<Blocker>> {
        Ok(Vec::new())
    }

    /// Photos of homes go with their host, and their files with the next sweep: nobody is to take them back.
    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        for hash in store::delete_of_host(tx, user)? {
            store::release(tx, &hash, Instant(0))?;
        }
        Ok(())
    }
}
