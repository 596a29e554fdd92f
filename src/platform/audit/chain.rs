//! The chain, pure: the bytes of an entry, the hash of a link, and the two signatures that tie it to the master key.
//!
//! Each link is `SHA-256(hash of the link before, bytes of the entry)`; before the first stand 32 zero bytes. The bytes of an
//! entry are a version, then each column in order: 0 for NULL, or 1, the length as eight bytes (big end first) and the value.
//! A hash alone can be made anew by whoever can write to the database; so the newest link (the head) and the link before
//! the oldest that is kept (the checkpoint) are signed with a key that is not in the database.

use crate::platform::db::{DbResult, Row};
use crate::platform::instance::hex;
use crate::platform::instance::tag;
use crate::platform::keys::{Keys, same};
use crate::values::{Instant, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(super) type Hash = [u8; 32];

/// First byte of everything hashed; rises when columns are added, so that no old bytes read as new ones.
const VERSION: u8 = 1;

/// A place in the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// 1 for the first entry ever.
    pub seq: i64,
    pub hash: Hash,
}

impl Link {
    /// What stands before the first entry.
    pub(super) const START: Self = Self { seq: 0, hash: [0; 32] };

    /// The link of the entry that follows.
    pub(super) fn next(&self, entry: &Stored) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update(entry.bytes());
        Self { seq: self.seq + 1, hash: hash.finalize().into() }
    }
}

impl std::fmt::Display for Link {
    /// Number and hash as an operator can note them down.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, hex(&self.hash))
    }
}

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
        let mut bytes = vec![VERSION];
        for column in columns {
            match column {
                None => bytes.push(0),
                Some(value) => {
                    bytes.push(1);
                    bytes.extend_from_slice(&(value.len() as u64).to_be_bytes());
                    bytes.extend_from_slice(value);
                }
            }
        }
        bytes
    }
}

/// A seal with the entry it belongs to.
pub(super) struct Sealed {
    /// Its hash is all zeros where it cannot be read.
    pub(super) link: Link,
    /// The entry is not there.
    pub(super) gone: bool,
    /// `None` also when a column holds what cannot be there.
    pub(super) entry: Option<Stored>,
}

/// What signs heads and checkpoints.
pub(super) struct Signer {
    head: [u8; 32],
    checkpoint: [u8; 32],
}

impl Signer {
    pub(super) fn new(keys: &Keys) -> Self {
        Self { head: keys.derive("audit head"), checkpoint: keys.derive("audit checkpoint") }
    }

    /// The newest link with its signature, as text: `seq hash signature`.
    pub(super) fn sign_head(&self, link: &Link) -> String {
        let signature = tag(&self.head, &[&link.seq.to_be_bytes(), &link.hash]);
        format!("{} {} {}", link.seq, BASE64.encode(link.hash), BASE64.encode(signature))
    }

    /// The link of [`Signer::sign_head`]'s text; `None` when it was not signed with this key.
    pub(super) fn open_head(&self, text: &str) -> Option<Link> {
        let mut parts = text.split(' ');
        let (seq, hash) = (parts.next()?.parse().ok()?, BASE64.decode(parts.next()?).ok()?);
        let link = Link { seq, hash: hash.try_into().ok()? };
        same(self.sign_head(&link).as_bytes(), text.as_bytes()).then_some(link)
    }

    /// The signature of a checkpoint; it covers that of the checkpoint before, so that none can be taken out.
    pub(super) fn sign_checkpoint(&self, link: &Link, at: Instant, before: Option<&Hash>) -> Hash {
        let before = before.map_or(&[][..], |signature| &signature[..]);
        tag(&self.checkpoint, &[&link.seq.to_be_bytes(), &link.hash, &at.0.to_be_bytes(), before])
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
        assert_eq!(Link::START.next(&entry()).to_string(), expected);
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
    fn a_head_opens_only_as_it_was_signed() {
        let signer = Signer::new(&Keys::from_bytes([1; 32]));
        let link = Link::START.next(&entry());
        let text = signer.sign_head(&link);
        assert_eq!(signer.open_head(&text), Some(link));
        assert_eq!(Signer::new(&Keys::from_bytes([2; 32])).open_head(&text), None);
        for bent in ["", " ", "1", &text.replacen('1', "2", 1), &format!("0{text}"), &format!("{text} "), &text[..text.len() - 1]] {
            assert_eq!(signer.open_head(bent), None, "{bent}");
        }
    }

    #[test]
    fn a_checkpoint_is_signed_with_the_one_before() {
        let signer = Signer::new(&Keys::from_bytes([1; 32]));
        let (link, at) = (Link::START.next(&entry()), Instant(5));
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
