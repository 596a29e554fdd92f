//! Personal data: who holds some, how they are handed to their owner, and how they are erased (docs/API.md, "Your data").
//!
//! Every feature that stores something about people implements [`PersonalData`]; `app` puts them together as [`Holders`].
//! `archive.rs` is the file that an export becomes, `tombstones.rs` the list outside the database by which a restored backup
//! learns who was erased meanwhile.

mod archive;
mod tombstones;

pub use archive::Archive;
pub use tombstones::Tombstones;

use super::db::{Conn, DbResult, Tx};
use crate::values::{Instant, UserId};
use std::sync::Arc;

/// The name of everybody who was erased.
pub const NOBODY: &str = "Deleted user";

/// Why somebody cannot be erased yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blocker {
    /// Stable, for programs.
    pub reason: &'static str,
    /// A sentence, for people.
    pub message: String,
}

/// A feature that stores something about people.
pub trait PersonalData: Send + Sync {
    /// Writes what is stored about `user` into the archive. Sees one cut of the database.
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()>;

    /// What has to end before `user` can be erased. Asked when erasure is asked for, and once more when it is due.
    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>>;

    /// What `user` has and will not have any more, as a sentence for the letter that says when they are erased.
    fn forfeits(&self, _conn: &mut Conn<'_>, _user: UserId) -> DbResult<Option<String>> {
        Ok(None)
    }

    /// Erases what tells who `user` was, for good. May run again for somebody who was erased before: a restored backup.
    fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()>;
}

/// All that store something about people, in the order in which they erase; cheap to clone.
#[derive(Clone)]
pub struct Holders(Arc<[Box<dyn PersonalData>]>);

impl Holders {
    #[must_use]
    pub fn new(all: Vec<Box<dyn PersonalData>>) -> Self {
        Self(all.into())
    }

    /// Everything about `user`, as a ZIP file. Give it one cut (`Db::snapshot`).
    pub fn export(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<u8>> {
        let mut archive = Archive::new();
        self.0.iter().try_for_each(|holder| holder.export(conn, user, &mut archive))?;
        archive.finish()
    }

    /// Everything that keeps `user` from being erased.
    pub fn blockers(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        let mut blockers = Vec::new();
        for holder in self.0.iter() {
            blockers.extend(holder.blocks_erasure(conn, user)?);
        }
        Ok(blockers)
    }

    /// Everything that `user` loses by being erased, a sentence each.
    pub fn forfeits(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<String>> {
        let mut losses = Vec::new();
        for holder in self.0.iter() {
            losses.extend(holder.forfeits(conn, user)?);
        }
        Ok(losses)
    }

    /// Erases `user` everywhere, whatever may block it.
    pub fn erase(&self, tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
        self.0.iter().try_for_each(|holder| holder.erase(tx, now, user))
    }
}
