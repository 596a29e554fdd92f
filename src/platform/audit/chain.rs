//! What the audit trail gives the chain (`platform/chain`), pure: the bytes of an entry, and the signature of a checkpoint.
//!
//! The newest link is signed by the chain; the link before the oldest entry that is kept (the checkpoint) is signed here, with a
//! key that is not in the database either.

use crate::platform::chain::{self, Hash, Link};
use crate::platform::db::{DbResult, Row};
use crate::platform::instance::tag;
use crate::platform::keys::Keys;
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// First byte of everything hashed; rises when columns are added, so that no old bytes read as new ones.
const VERSION: u8 = 1;

/// An entry as it is stored, unjudged: all its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) id: Uuid,
    pub(super) at: Instant,
    pub(super) actor: String,
    pub(super) actor_id: Option<UserId>,
    pub(super) on_behalf_of: Option<UserId>,
    pub(super) action: String,
    pub(super) object_kind: Option<String>,
    pub(super) object_id: Option<Uuid>,
    pub(super) reason: Option<String>,
    pub(super) diff: String,
    pub(super) request_id: String,
    pub(super) address: Option<String>,
}

impl Stored {
    /// Reads the columns `store::COLUMNS` from `first` on.
    pub(super) fn read(row: &Row<'_>, first: usize) -> DbResult<Self> {
        Ok(Self {
            id: row.get(first)?,
            at: row.get(first + 1)?,
            actor: row.get(first + 2)?,
            actor_id: row.get(first + 3)?,
            on_behalf_of: row.get(first + 4)?,
            action: row.get(first + 5)?,
            object_kind: row.get(first + 6)?,
            object_id: row.get(first + 7)?,
            reason: row.get(first + 8)?,
            diff: row.get(first + 9)?,
            request_id: row.get(first + 10)?,
            address: row.get(first + 11)?,
        })
    }

    /// The bytes that are hashed: no two different entries have the same.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let at = self.at.0.to_be_bytes();
        let columns: [Option<&[u8]>; 12] = [
            Some(self.id.as_bytes()),
            Some(&at),
            Some(self.actor.as_bytes()),
            self.actor_id.as_ref().map(|id| &id.0.as_bytes()[..]),
            self.on_behalf_of.as_ref().map(|id| &id.0.as_bytes()[..]),
            Some(self.action.as_bytes()),
            self.object_kind.as_ref().map(String::as_bytes),
            self.object_id.as_ref().map(|id| &id.as_bytes()[..]),
            self.reason.as_ref().map(String::as_bytes),
            Some(self.diff.as_bytes()),
            Some(self.request_id.as_bytes()),
            self.address.as_ref().map(String::as_bytes),
        ];
        chain::columns(VERSION, columns)
    }
}

/// What signs checkpoints.
pub(super) struct Signer([u8; 32]);

impl Signer {
    pub(super) fn new(keys: &Keys) -> Self {
        Self(keys.derive("audit checkpoint"))
    }

    /// The signature of a checkpoint; it covers that of the checkpoint before, so that none can be taken out.
    pub(super) fn sign_checkpoint(&self, link: &Link, at: Instant, before: Option<&Hash>) -> Hash {
        let before = before.map_or(&[][..], |signature| &signature[..]);
        tag(&self.0, &[&link.seq.to_be_bytes(), &link.hash, &at.0.to_be_bytes(), before])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> Stored {
        Stored {
            id: Uuid::from_u128(1),
            at: Instant(1),
            actor: "user".into(),
            actor_id: Some(UserId(Uuid::from_u128(2))),
            on_behalf_of: None,
            action: "user.suspended".into(),
            object_kind: Some("user".into()),
            object_id: Some(Uuid::from_u128(3)),
            reason: None,
            diff: "{}".into(),
            request_id: "r".into(),
            address: None,
        }
    }

    /// Whoever checks an export with a program of their own relies on these bytes.
    #[test]
    fn the_bytes_of_an_entry_never_change() {
        // Made by ten lines of Python from the words at the head of this file.
        let expected = "1:61af08b66a92bb9ab034b6c32ea3834de58a3191179b32b79e7e2dfa5f9c2f46";
        assert_eq!(Link::START.next(&entry().bytes()).to_string(), expected);
    }

    #[test]
    fn every_column_counts_and_none_runs_into_the_next() {
        let changes: [fn(&mut Stored); 13] = [
            |e| e.id = Uuid::from_u128(9),
            |e| e.at = Instant(9),
            |e| e.actor = "system".into(),
            |e| e.actor_id = None,
            |e| e.on_behalf_of = Some(UserId(Uuid::from_u128(9))),
            |e| e.action = "user.restored".into(),
            |e| e.object_kind = None,
            |e| e.object_id = None,
            |e| e.reason = Some(String::new()),
            |e| e.diff = "{} ".into(),
            |e| (e.diff, e.request_id) = ("{}r".into(), String::new()),
            |e| (e.request_id, e.address) = (String::new(), Some("r".into())),
            |e| e.address = Some(String::new()),
        ];
        let mut seen = vec![entry().bytes()];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            seen.push(changed.bytes());
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 14);
    }

    #[test]
    fn a_checkpoint_is_signed_with_the_one_before() {
        let signer = Signer::new(&Keys::from_bytes([1; 32]));
        let (link, at) = (Link::START.next(&entry().bytes()), Instant(5));
        let alone = signer.sign_checkpoint(&link, at, None);
        assert_eq!(alone, signer.sign_checkpoint(&link, at, None));
        for other in [
            signer.sign_checkpoint(&link, at, Some(&alone)),
            signer.sign_checkpoint(&link, Instant(6), None),
            signer.sign_checkpoint(&Link { seq: 2, ..link }, at, None),
            signer.sign_checkpoint(&Link { hash: [0; 32], ..link }, at, None),
        ] {
            assert_ne!(alone, other);
        }
    }
}
