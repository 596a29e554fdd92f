//! The master key: 256 random bits that never stand in the database or in a backup of it.
//!
//! It is made at the first start in `keys/master.key` of the data folder (readable by its owner only), or given as a
//! setting (`STOPOVER_KEYS__MASTER_FILE`), which several nodes of one instance need: what one node seals the others open.
//! Nothing uses it as it is; every purpose derives a key of its own. [`Keys::seal`] keeps secrets that must be read
//! again (second factors, letters under way); what only has to be compared is stored as a digest.

mod file;
mod store;

use super::db::{Db, DbError, Lane};
use super::instance::Secret;
use anyhow::{Context, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use sha2::{Digest, Sha256};
use std::path::Path;
use subtle::ConstantTimeEq;

/// Bytes of a nonce of XChaCha20: long enough to be drawn at random.
const NONCE_BYTES: usize = 24;
/// First byte of everything sealed, so that another way of sealing can be told apart.
const SEALED_V1: u8 = 1;

/// Keys of one instance, derived from its master key.
#[derive(Debug)]
pub struct Keys {
    master: Secret,
    sealing: [u8; 32],
}

/// What was sealed cannot be opened: damaged, moved to another row, or sealed under another master key.
#[derive(Debug, thiserror::Error)]
#[error("a sealed value of the database cannot be opened with this master key")]
pub struct Unopened;

impl Keys {
    /// Reads the key (from `setting`, or from the data folder, where it is made when `db` has never had one) and checks that it is the
    /// one this database knows. Blocks.
    ///
    /// Errors: the file cannot be read or is open to others, the text is no key, the database belongs to another key.
    pub fn open(db: &Db, data_dir: &Path, setting: Option<&str>) -> anyhow::Result<Self> {
        let known = db.read_blocking(store::fingerprint)?;
        let bytes = match setting {
            Some(text) => parse(text).context("the setting keys.master is no key: it takes 32 bytes as 43 characters of URL-safe base64")?,
            None => file::read_or_make(&data_dir.join("keys"), known.is_none())?,
        };
        let keys = Self::from_bytes(bytes);
        let own = keys.fingerprint();
        let stored = db.write_blocking(Lane::Urgent, {
            let own = own.clone();
            move |tx, _| store::keep_first(tx, &own)
        })?;
        if stored != own {
            bail!(
                "this database was used with another master key; put that key's file into {} or name it in STOPOVER_KEYS__MASTER_FILE",
                data_dir.join("keys").display()
            );
        }
        Ok(keys)
    }

    /// For tests and for tools that work without a database.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let master = Secret::from_bytes(bytes);
        Self { sealing: master.derive("seal"), master }
    }

    /// A key for one purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; 32] {
        self.master.derive(purpose)
    }

    /// Seals `plain`, bound to `place` (a column and its row, such as `totp 0198…`): moved elsewhere it does not open.
    /// Text, so that it fits any column.
    #[must_use]
    pub fn seal(&self, place: &str, plain: &[u8]) -> String {
        let mut nonce = [0_u8; NONCE_BYTES];
        rand::fill(&mut nonce[..]);
        let cipher = XChaCha20Poly1305::new(&self.sealing.into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: place.as_bytes() });
        // An empty text instead would be lost without a word.
        let sealed = sealed.expect("this cipher refuses only texts of more than 256 GiB");
        let mut bytes = Vec::with_capacity(1 + NONCE_BYTES + sealed.len());
        bytes.push(SEALED_V1);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        BASE64.encode(bytes)
    }

    /// Opens what [`Keys::seal`] made for the same `place`.
    pub fn unseal(&self, place: &str, sealed: &str) -> Result<Vec<u8>, Unopened> {
        let bytes = BASE64.decode(sealed).map_err(|_text| Unopened)?;
        let Some((&SEALED_V1, rest)) = bytes.split_first() else { return Err(Unopened) };
        let (nonce, text) = rest.split_first_chunk::<NONCE_BYTES>().ok_or(Unopened)?;
        let cipher = XChaCha20Poly1305::new(&self.sealing.into());
        cipher.decrypt(&XNonce::from(*nonce), Payload { msg: text, aad: place.as_bytes() }).map_err(|_damaged| Unopened)
    }

    /// Tells whether two keys are the same without telling the key.
    fn fingerprint(&self) -> String {
        BASE64.encode(&self.derive("fingerprint of the master key")[..12])
    }
}

impl From<Unopened> for super::error::Error {
    fn from(unopened: Unopened) -> Self {
        Self::Broken(unopened.into())
    }
}

impl From<Unopened> for DbError {
    fn from(unopened: Unopened) -> Self {
        Self::Unusable(unopened.to_string())
    }
}

/// A fresh secret of 256 bits as 43 characters of URL-safe base64: tokens, links, session ids.
#[must_use]
pub fn fresh_secret() -> String {
    let mut bytes = [0_u8; 32];
    rand::fill(&mut bytes[..]);
    BASE64.encode(bytes)
}

/// What is stored of a secret that only has to be recognised: SHA-256 in URL-safe base64. Fit for random secrets of
/// 80 bits and more, never for passwords.
#[must_use]
pub fn digest(secret: &str) -> String {
    BASE64.encode(Sha256::digest(secret.as_bytes()))
}

/// Compares two secrets without telling by its duration where they differ; their length it does tell.
#[must_use]
pub fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

fn parse(text: &str) -> anyhow::Result<[u8; 32]> {
    let bytes = BASE64.decode(text.trim())?;
    bytes.try_into().map_err(|bytes: Vec<u8>| anyhow::anyhow!("it has {} bytes", bytes.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_opens_only_at_its_place_and_undamaged() {
        let keys = Keys::from_bytes([3; 32]);
        let sealed = keys.seal("totp 1", b"JBSWY3DP");
        assert_eq!(keys.unseal("totp 1", &sealed).unwrap(), b"JBSWY3DP");
        assert_ne!(sealed, keys.seal("totp 1", b"JBSWY3DP"), "two sealings look alike");
        assert!(keys.unseal("totp 2", &sealed).is_err());
        assert!(Keys::from_bytes([4; 32]).unseal("totp 1", &sealed).is_err());
        for at in 0..sealed.len() {
            let mut damaged = sealed.clone().into_bytes();
            damaged[at] = if damaged[at] == b'A' { b'B' } else { b'A' };
            assert!(keys.unseal("totp 1", std::str::from_utf8(&damaged).unwrap()).is_err(), "{at}");
            assert!(keys.unseal("totp 1", &sealed[..at]).is_err(), "{at}");
        }
    }

    #[test]
    fn secrets_are_compared_and_digested() {
        assert!(same(b"abc", b"abc") && !same(b"abc", b"abd") && !same(b"abc", b"ab"));
        assert_eq!(fresh_secret().len(), 43);
        assert_ne!(fresh_secret(), fresh_secret());
        assert_eq!(digest("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
        assert!(!format!("{:?}", Keys::from_bytes([65; 32])).contains("65"));
    }
}
