//! Keys that are being used now, and what the edge does with one before and after the handler.

use super::store::{self, Kept, Known};
use crate::platform::db::{Db, DbError};
use crate::platform::error::{Error, FieldError, Kind, Refused, Result};
use crate::platform::instance::tag;
use crate::platform::keys;
use crate::values::UserId;
use parking_lot::Mutex;
use poem::http::HeaderMap;
use poem::http::header::HeaderName;
use poem::{FromRequest, Request, RequestBody};
use serde_json::json;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

const HEADER: HeaderName = HeaderName::from_static("idempotency-key");
const LONGEST_KEY: usize = 255;

/// A key with all that it belongs to.
type Name = (UserId, String, String);

/// The keys of a node: which of them run now, and how requests are compared.
pub struct Keys {
    db: Db,
    /// Requests may hold passwords: without this key nobody can try them against what is stored.
    secret: [u8; 32],
    running: Arc<Mutex<HashSet<Name>>>,
}

/// One use of a key.
#[derive(Debug)]
pub struct Claim {
    pub(super) user: UserId,
    pub(super) path: String,
    pub(super) key: String,
    pub(super) fingerprint: Vec<u8>,
    pub(super) secret: bool,
    fate: AtomicU8,
    running: Arc<Mutex<HashSet<Name>>>,
    over: AtomicBool,
}

/// What has become of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fate {
    /// The handler has not asked to do anything once.
    Open,
    /// The transaction is under way, perhaps without anybody who waits for it.
    Writing,
    /// The answer stands in the database, or must not.
    Settled,
    /// The transaction decided against it, and was undone; the refusal is worth keeping.
    Refused,
    /// The answer stands in the database, and another one came of what was done afterwards: it takes its place.
    Amended,
}

/// The right to do something once: an argument of a handler, for `db.write_once`. Without a key it is the right to do it.
#[derive(Debug, Clone, Default)]
pub struct Once(pub(super) Option<Arc<Claim>>);

/// How a request with a key begins.
pub enum Start {
    /// It is new, or has no key.
    Do(Once),
    /// It was answered before.
    Again(Kept),
}

impl Keys {
    #[must_use]
    pub fn new(db: Db, keys: &keys::Keys) -> Self {
        Self { db, secret: keys.derive("fingerprints of requests"), running: Arc::default() }
    }

    /// Looks at the key of a POST of `user`. `secret`: its answer is not stored.
    ///
    /// Refusals: the key cannot be read, was used for another request (422), is in use now (409), or its answer was a
    /// secret (409).
    pub async fn begin(&self, user: UserId, request: &Request, body: &[u8], secret: bool) -> Result<Start> {
        let Some(key) = read(request.headers())? else { return Ok(Start::Do(Once(None))) };
        let claim = Arc::new(self.claim(user, request, key, body, secret)?);
        let asked = Arc::clone(&claim);
        let now = self.db.now();
        match self.db.read(move |conn| store::find(conn, &asked, now).map_err(Error::from)).await? {
            None | Some(Known::Ours) => Ok(Start::Do(Once(Some(claim)))),
            Some(Known::Same(kept)) => again(kept).map(Start::Again),
            Some(Known::Other) => Err(reused()),
        }
    }

    fn claim(&self, user: UserId, request: &Request, key: &str, body: &[u8], secret: bool) -> Result<Claim> {
        let path = request.uri().path().to_owned();
        let name = (user, path.clone(), key.to_owned());
        if !self.running.lock().insert(name) {
            return Err(still_running());
        }
        let fingerprint = tag(&self.secret, &[request.uri().query().unwrap_or_default().as_bytes(), body]).to_vec();
        Ok(Claim {
            user,
            path,
            key: key.to_owned(),
            fingerprint,
            secret,
            fate: AtomicU8::new(Fate::Open as u8),
            running: Arc::clone(&self.running),
            over: AtomicBool::new(false),
        })
    }

    /// Stores an answer that no transaction has stored.
    pub async fn settle(&self, claim: &Arc<Claim>, answer: Kept) -> Result<(), DbError> {
        let claim = Arc::clone(claim);
        self.db
            .write(move |tx, now| match store::claim(tx, &claim, now)? {
                Known::Ours => store::keep(tx, &claim, &answer),
                Known::Same(_) if claim.fate.load(Ordering::Acquire) == Fate::Amended as u8 => store::keep(tx, &claim, &answer),
                // Another node has been there first; its answer stands.
                Known::Same(_) | Known::Other => Ok(()),
            })
            .await
    }
}

impl Claim {
    pub(super) fn meets(&self, fate: Fate) {
        self.fate.store(fate as u8, Ordering::Release);
    }

    /// Whether an answer of this status is to be stored now that the handler is done.
    #[must_use]
    pub fn wants(&self, status: u16) -> bool {
        let fate = self.fate.load(Ordering::Acquire);
        let done = fate == Fate::Open as u8 && (200..400).contains(&status);
        let refused = fate == Fate::Refused as u8 && (400..500).contains(&status);
        let amended = fate == Fate::Amended as u8 && status < 500;
        done || refused || amended
    }

    /// Nothing is done under this key any more: whoever sends the request again is not to be told to wait. A transaction that is
    /// still under way, because its request was given up, keeps the key until it ends.
    pub fn end(&self) {
        if self.fate.load(Ordering::Acquire) != Fate::Writing as u8 {
            self.leave();
        }
    }

    fn leave(&self) {
        if !self.over.swap(true, Ordering::AcqRel) {
            self.running.lock().remove(&(self.user, self.path.clone(), self.key.clone()));
        }
    }
}

/// The last to let go is the request or its transaction, whichever ends later.
impl Drop for Claim {
    fn drop(&mut self) {
        self.leave();
    }
}

impl Once {
    /// The claim, when the request has a key.
    #[must_use]
    pub fn claim(&self) -> Option<&Arc<Claim>> {
        self.0.as_ref()
    }
}

/// As a handler's argument. The header is in the document of every POST.
impl<'a> FromRequest<'a> for Once {
    async fn from_request(request: &'a Request, _body: &mut RequestBody) -> poem::Result<Self> {
        Ok(request.extensions().get::<Self>().cloned().unwrap_or_default())
    }
}

fn read(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut all = headers.get_all(HEADER).iter();
    let Some(key) = all.next() else { return Ok(None) };
    let readable = |key: &[u8]| (1..=LONGEST_KEY).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    match key.to_str() {
        Ok(text) if all.next().is_none() && readable(key.as_bytes()) => Ok(Some(text)),
        _ => {
            let message = format!("must be one key of 1 to {LONGEST_KEY} visible ASCII characters");
            let refused = Error::refused(Kind::Malformed, "invalid_parameter", format!("Idempotency-Key: {message}"));
            Err(refused.with_error(FieldError::new("/header/Idempotency-Key", "invalid_parameter", message)))
        }
    }
}

/// The stored answer, unless it was a secret.
pub(super) fn again(kept: Kept) -> Result<Kept> {
    if kept.body.is_some() {
        return Ok(kept);
    }
    let detail = "This was done before, with the same Idempotency-Key. Its answer held a secret, which is shown once and not stored; if it was lost, revoke what was made and make it anew.";
    let refused = Error::refused(Kind::Conflict, "already_done", detail);
    Err(refused.with_data("outcome", json!({ "status": kept.status, "location": kept.location })))
}

pub(super) fn reused() -> Error {
    let detail = "This Idempotency-Key was used for another request to this address; take a new key for a new request.";
    Error::refused(Kind::Unacceptable, "idempotency_key_reused", detail)
}

fn still_running() -> Error {
    let mut refused = Refused::new(Kind::Conflict, "still_running", "The first request with this Idempotency-Key is still being worked on; ask again shortly.");
    refused.retry_after_seconds = Some(1);
    refused.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii_of_reasonable_length() {
        let of = |lines: &[&[u8]]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(HEADER, poem::http::HeaderValue::from_bytes(line).unwrap());
            }
            read(&headers).map(|key| key.map(str::to_owned)).map_err(|error| error.to_string())
        };
        assert_eq!(of(&[]), Ok(None));
        for good in ["a", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\"", &"~".repeat(255)] {
            assert_eq!(of(&[good.as_bytes()]), Ok(Some(good.to_owned())));
        }
        for bad in [&b""[..], b"a b", b"a\tb", b"caf\xc3\xa9", &[b'x'; 256]] {
            assert!(of(&[bad]).unwrap_err().contains("visible ASCII"), "{bad:?}");
        }
        assert!(of(&[b"a", b"b"]).is_err(), "two keys are none");
    }
}
