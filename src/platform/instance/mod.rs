//! What makes this instance itself: a secret that is made on the first start and travels with the database.
//!
//! Nothing uses the secret as it is; every purpose (cursors, the offset of public locations) derives its own key,
//! so that a key learned in one place opens nothing elsewhere. SQL is in [`store`].

mod store;

use super::db::{Db, DbError, DbResult, Lane};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The instance's secret: 256 random bits. Never printed, never sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret([u8; 32]);

impl Secret {
    /// A key for one purpose: HMAC-SHA256 of its name under the secret.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        tag(&self.0, &[purpose.as_bytes()])
    }

    /// For tests and for tools that work without a database.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The instance's secret, made now if this database has none. Blocks; call it once, at the start.
///
/// Two nodes that start at once agree: the first row stays, and both read it back.
pub fn secret(db: &Db) -> DbResult<Secret> {
    let mut fresh = [0_u8; 32];
    rand::fill(&mut fresh[..]);
    let stored = db.write_blocking(Lane::Urgent, move |tx, _| store::keep_first(tx, "secret", &BASE64.encode(fresh)))?;
    let bytes = BASE64.decode(stored).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.map(Secret).ok_or_else(|| DbError::Unusable("the table `instance` holds a damaged secret; restore that row from a backup".into()))
}

/// Lower-case hexadecimal digits, two a byte.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).collect()
}

/// HMAC-SHA256 over several parts; each part is preceded by its length, so that no two lists of parts look alike.
pub fn tag(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    // HMAC pads its key with zeros to the 64 bytes of a block; doing it here makes the length a matter of types.
    let mut block = [0_u8; 64];
    block[..32].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_purpose_has_its_own_key() {
        let secret = Secret::from_bytes([7; 32]);
        assert_eq!(secret.derive("cursor"), secret.derive("cursor"));
        assert_ne!(secret.derive("cursor"), secret.derive("location"));
        assert_ne!(secret.derive("cursor"), Secret::from_bytes([8; 32]).derive("cursor"));
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(tag(&[0; 32], &[b"ab", b"c"]), tag(&[0; 32], &[b"a", b"bc"]));
    }
}
