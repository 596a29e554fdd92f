//! Hashing passwords without falling over: off the async threads, few at once, and a short queue (S-AUTH 3).
//!
//! A hash takes 19 MiB and some tens of milliseconds of a core by design; a flood of logins must not take all of either.

use crate::platform::config::Argon2Settings;
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::keys::same;
use crate::platform::tasks::aside;
use anyhow::anyhow;
use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use parking_lot::Mutex;
use prometheus::{IntCounter, Registry};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::sync::Semaphore;

/// How many may wait for their turn.
const QUEUE: usize = 32;

/// The one place where passwords are hashed; cheap to clone.
#[derive(Clone)]
pub(crate) struct Hashing(Arc<Inner>);

struct Inner {
    argon2: Argon2<'static>,
    settings: Argon2Settings,
    room: Arc<Semaphore>,
    waiting: AtomicUsize,
    computed: IntCounter,
    /// What hashing works in, one for each that runs at once.
    memory: Mutex<Vec<Vec<Block>>>,
    /// A hash that no password has: compared with when there is no account, so that it takes as long.
    nobody: String,
}

/// What comparing a password with a hash gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Compared {
    pub right: bool,
    /// The hash under today's parameters, when the stored one was made under weaker ones.
    pub renewed: Option<String>,
}

struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Hashing {
    /// Errors: settings that argon2id does not take.
    pub(crate) fn new(settings: Argon2Settings) -> anyhow::Result<Self> {
        let params = Params::new(settings.memory_kib, settings.rounds, settings.lanes, None).map_err(|error| anyhow!("argon2id: {error}"))?;
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let computed = IntCounter::new("password_hashes_total", "Passwords hashed or compared with a hash.")?;
        // Half the cores at most: the other half goes on answering everybody else.
        let cores = std::thread::available_parallelism().map_or(1, |cores| (cores.get() / 2).max(1));
        let (room, memory) = (Arc::new(Semaphore::new(cores)), Mutex::default());
        let nobody = nobody(&argon2).map_err(|error| anyhow!("hashing failed: {error}"))?;
        Ok(Self(Arc::new(Inner { argon2, settings, room, waiting: AtomicUsize::new(0), computed, memory, nobody })))
    }

    /// Shows how much is hashed among the numbers of the server.
    pub(super) fn register(&self, registry: &Registry) -> anyhow::Result<()> {
        match registry.register(Box::new(self.0.computed.clone())) {
            // A second one over the same numbers, as in a test, counts for itself.
            Err(prometheus::Error::AlreadyReg) | Ok(()) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// A PHC string with a fresh salt. Errors: 503 `overloaded` when too many are waiting.
    pub(crate) async fn hash(&self, password: String) -> Result<String> {
        let inner = Arc::clone(&self.0);
        self.run(move || inner.hash(&password)).await
    }

    /// [`Hashing::hash`] for commands. Blocks.
    pub(crate) fn hash_now(&self, password: &str) -> anyhow::Result<String> {
        self.0.hash(password)
    }

    /// Compares; without a `stored` hash it takes as long and is wrong. Errors: 503 `overloaded` when too many are waiting.
    pub(crate) async fn compare(&self, password: String, stored: Option<String>) -> Result<Compared> {
        let inner = Arc::clone(&self.0);
        self.run(move || inner.compare(&password, stored.as_deref())).await
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> Result<T> {
        let permit = match Arc::clone(&self.0.room).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_taken) => {
                let before = self.0.waiting.fetch_add(1, Ordering::Relaxed);
                let _waiting = Waiting(&self.0.waiting);
                if before >= QUEUE {
                    return Err(full());
                }
                Arc::clone(&self.0.room).acquire_owned().await.map_err(|closed| anyhow!(closed))?
            }
        };
        // The permit goes with the work: a client that gives up does not make room for another hash before its own is done.
        self.0.computed.inc();
        let task = aside(move || {
            let done = work();
            drop(permit);
            done
        });
        Ok(task.await.map_err(|error| anyhow!(error))??)
    }
}

impl Inner {
    fn compare(&self, password: &str, stored: Option<&str>) -> anyhow::Result<Compared> {
        let unreadable = |error: &dyn std::fmt::Display| anyhow!("a stored password hash cannot be read: {error}");
        let parsed = PasswordHash::new(stored.unwrap_or(&self.nobody)).map_err(|error| unreadable(&error))?;
        let params = Params::try_from(&parsed).map_err(|error| unreadable(&error))?;
        let (Some(salt), Some(expected), true) = (&parsed.salt, &parsed.hash, parsed.algorithm == Algorithm::Argon2id.ident()) else {
            return Err(unreadable(&"it is not argon2id, or not whole"));
        };
        let weaker = params.m_cost() < self.settings.memory_kib || params.t_cost() < self.settings.rounds;
        let mut found = vec![0; expected.len()];
        self.fill(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), password, salt, &mut found)?;
        let right = same(&found, expected.as_bytes()) && stored.is_some();
        let renewed = if right && weaker { Some(self.hash(password)?) } else { None };
        Ok(Compared { right, renewed })
    }

    /// A PHC string with a fresh salt.
    fn hash(&self, password: &str) -> anyhow::Result<String> {
        let (mut salt, mut tag) = ([0_u8; 16], [0_u8; 32]);
        rand::fill(&mut salt[..]);
        self.fill(&self.argon2, password, &salt, &mut tag)?;
        phc(&self.argon2, &salt, &tag).map_err(|error| anyhow!("hashing failed: {error}"))
    }

    /// Hashes in memory that is kept for the next one: an allocator that is asked for 19 MiB again and again, by one thread
    /// after another, keeps them for each.
    fn fill(&self, argon2: &Argon2<'_>, password: &str, salt: &[u8], tag: &mut [u8]) -> anyhow::Result<()> {
        let mut memory = self.memory.lock().pop().unwrap_or_default();
        memory.resize(argon2.params().block_count(), Block::new());
        let done = argon2.hash_password_into_with_memory(password.as_bytes(), salt, tag, &mut memory);
        self.memory.lock().push(memory);
        done.map_err(|error| anyhow!("hashing failed: {error}"))
    }
}

/// Made up, not computed: a server in which nobody logs in needs no memory for hashing.
fn nobody(argon2: &Argon2<'_>) -> Result<String, argon2::password_hash::Error> {
    let (mut salt, mut tag) = ([0_u8; 16], [0_u8; 32]);
    rand::fill(&mut salt[..]);
    rand::fill(&mut tag[..]);
    phc(argon2, &salt, &tag)
}

fn phc(argon2: &Argon2<'_>, salt: &[u8], tag: &[u8]) -> Result<String, argon2::password_hash::Error> {
    let hash = PasswordHash {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(argon2.params())?,
        salt: Some(Salt::new(salt)?),
        hash: Some(Output::new(tag)?),
    };
    Ok(hash.to_string())
}

fn full() -> Error {
    let mut refused = Refused::new(Kind::Busy, "overloaded", "Too many people are logging in at this moment; please try again shortly.");
    refused.retry_after_seconds = Some(2);
    refused.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn hashes_are_made_compared_and_renewed() {
        let hashing = Hashing::new(Argon2Settings::default()).unwrap();
        let stored = hashing.hash("five green kites".into()).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert_ne!(stored, hashing.hash("five green kites".into()).await.unwrap(), "the salt was not fresh");
        let right = hashing.compare("five green kites".into(), Some(stored.clone())).await.unwrap();
        assert_eq!(right, Compared { right: true, renewed: None });
        assert!(!hashing.compare("five green kitez".into(), Some(stored.clone())).await.unwrap().right);
        assert!(!hashing.compare("five green kites".into(), None).await.unwrap().right);
        let harder = Hashing::new(Argon2Settings { rounds: 3, ..Argon2Settings::default() }).unwrap();
        let renewed = harder.compare("five green kites".into(), Some(stored.clone())).await.unwrap().renewed.unwrap();
        assert!(renewed.starts_with("$argon2id$v=19$m=19456,t=3,p=1$"));
        assert_eq!(harder.compare("wrong".into(), Some(stored)).await.unwrap(), Compared { right: false, renewed: None });
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_flood_is_turned_away_at_once() {
        let hashing = Hashing::new(Argon2Settings::default()).unwrap();
        let tries: Vec<_> = (0..120)
            .map(|_| {
                tokio::spawn({
                    let hashing = hashing.clone();
                    async move { hashing.compare("x".into(), None).await }
                })
            })
            .collect();
        let mut refused = 0;
        for one in tries {
            refused += usize::from(one.await.unwrap().is_err());
        }
        assert!((120 - QUEUE - 20..120).contains(&refused), "{refused} of 120 were refused");
        assert_eq!(hashing.0.waiting.load(Ordering::Relaxed), 0);
    }
}
