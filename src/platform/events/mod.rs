//! The event log: what changed, in an order every reader agrees on.
//!
//! A write that others care about appends an event in its own transaction. Promise: whoever has seen `seq = n`
//! never later meets an event ≤ n (proven with many writers in `tests/it/events.rs`). Readers keep memory in step
//! (engine, caches) and apply events in any number: an event names what changed, and the reader looks up how it
//! is now. Work that must happen once is a job, never a reader's doing.

mod reader;
mod store;
mod sweeper;

pub use reader::{Follower, Pulse, Reader};
pub use store::{AFTER, LAST_SEQ, NUMBERED, PRUNE, after, append, holds, last_seq, mark, prune};

pub use sweeper::sweeper;

use crate::values::{EventId, Instant};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What kind of thing changed; the names are stored and never change their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A listing's own fields; `subject` is the listing.
    ListingChanged,
    /// What is free, and at which price; `subject` is the listing.
    CalendarChanged,
    /// Who may enter, as what, and with which sessions and tokens; `subject` is the user.
    AccountChanged,
    /// So many listings at once that readers reload everything; `subject` is the import.
    ListingsReplaced,
}

impl Kind {
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ListingChanged => "listing.changed",
            Self::CalendarChanged => "calendar.changed",
            Self::AccountChanged => "account.changed",
            Self::ListingsReplaced => "listings.replaced",
        }
    }

    /// The kind of a stored name; `None` for one that a newer release wrote.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::ListingChanged, Self::CalendarChanged, Self::AccountChanged, Self::ListingsReplaced].into_iter().find(|kind| kind.name() == name)
    }
}

/// A numbered entry of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    pub seq: i64,
    pub kind: String,
    pub subject: Uuid,
    pub payload: String,
    pub at: Instant,
}

/// A place in the log that is known again: the number, and which event bears it.
///
/// A cache on disk keeps one. In a database brought back from a backup the log grows again from an older place, and the
/// same number is given to another event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    pub seq: i64,
    /// `None`: before the first event, or not known.
    #[serde(default)]
    pub event: Option<EventId>,
}
