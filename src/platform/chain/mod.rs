//! Chains of hashes over tables that only grow: the audit trail and the ledger are two of them.
//!
//! Whoever writes an entry puts its id into a queue as well, nothing else; within a second a sealer ([`seal`]) numbers what it
//! sees committed, without gaps, and ties each entry to the one before (`link.rs`). The newest link is signed with a key that is not in the
//! database. [`walk`] goes along a chain and names the first number that is wrong. What is chained says so by [`Chained`].

mod link;
mod seal;
mod signer;
mod store;
mod walk;

pub use link::{Hash, Link, columns};
pub use seal::{Sealer, seal_all, sealer};
pub use signer::Signer;
pub use store::{hash, last_seal, lock, readable};
pub use walk::{Fault, Report, walk};

use super::db::{Conn, DbResult, Tx};
use super::keys::Keys;
use uuid::Uuid;

/// How a chain is called and where it is kept.
#[derive(Debug)]
pub struct Names {
    /// As in "the … is not being sealed".
    pub words: &'static str,
    /// The table of the entries; it has the columns `id` and `at`.
    pub entries: &'static str,
    /// Seals: `seq`, the entry's id, `hash`.
    pub seals: &'static str,
    /// The queue: entries that have no seal yet.
    pub waiting: &'static str,
    /// How the entry's id is called in seals and queue.
    pub id: &'static str,
    /// The row of `instance` that holds the signed newest link.
    pub head: &'static str,
    /// What the key that signs it is derived from.
    pub purpose: &'static str,
    /// Advisory lock of whoever seals: a number nobody else uses in this database.
    pub lock: i64,
}

/// Entries that are chained.
pub trait Chained: 'static {
    const NAMES: Names;
    /// An entry as it is stored, unjudged.
    type Stored: Send;

    fn id(stored: &Self::Stored) -> Uuid;
    /// The bytes that are hashed: no two different entries have the same.
    fn bytes(stored: &Self::Stored) -> Vec<u8>;
    /// The oldest committed entries that have no seal, at most `limit`.
    fn waiting(conn: &mut Conn<'_>, limit: i64) -> DbResult<Vec<Self::Stored>>;
    /// The seals after `seq` with their entries, in order, at most `limit`.
    fn sealed_after(conn: &mut Conn<'_>, seq: i64, limit: i64) -> DbResult<Vec<Sealed<Self::Stored>>>;

    /// The link before the oldest that is kept, where old ones are deleted.
    fn beginning(_conn: &mut Conn<'_>) -> DbResult<Link> {
        Ok(Link::START)
    }

    /// The same, with all that vouches for it looked at: the number at which that is wrong, and how.
    fn proven_beginning(conn: &mut Conn<'_>, _keys: &Keys) -> DbResult<Result<Link, Fault>> {
        Self::beginning(conn).map(Ok)
    }

    /// What else is to be done with entries in the transaction that seals them.
    fn sealed(_tx: &mut Tx<'_>, _entries: &[Self::Stored]) -> DbResult<()> {
        Ok(())
    }
}

/// A seal with the entry it belongs to.
pub struct Sealed<T> {
    /// Its hash is all zeros where it cannot be read.
    pub link: Link,
    /// The entry is not there.
    pub gone: bool,
    /// `None` also when a column holds what cannot be there.
    pub entry: Option<T>,
}
