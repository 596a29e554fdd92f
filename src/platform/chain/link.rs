//! The links, pure: each is `SHA-256(hash of the link before, bytes of the entry)`; before the first stand 32 zero bytes.

use crate::platform::instance::hex;
use sha2::{Digest, Sha256};

pub type Hash = [u8; 32];

/// A place in a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// 1 for the first entry ever.
    pub seq: i64,
    pub hash: Hash,
}

impl Link {
    /// What stands before the first entry.
    pub const START: Self = Self { seq: 0, hash: [0; 32] };

    /// The link of the entry that follows, which has these bytes.
    #[must_use]
    pub fn next(&self, bytes: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(self.hash);
        hash.update(bytes);
        Self { seq: self.seq + 1, hash: hash.finalize().into() }
    }
}

impl std::fmt::Display for Link {
    /// Number and hash as an operator can note them down.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.seq, hex(&self.hash))
    }
}

/// The columns of an entry as bytes: a version, then each column in order: 0 for NULL, or 1, the length as eight bytes (big end
/// first) and the value. The version rises when columns are added, so that no old bytes read as new ones.
pub fn columns<'a>(version: u8, columns: impl IntoIterator<Item = Option<&'a [u8]>>) -> Vec<u8> {
    let mut bytes = vec![version];
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
