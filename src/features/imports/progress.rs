//! How an import tells how far it is, how it is asked to stop, and how much it writes at a time.

use std::ops::ControlFlow;

/// What an import is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Reading all files once; counted in bytes.
    Checking,
    /// Writing hosts; counted in hosts.
    Hosts,
    /// Writing listings with their calendars; counted in listings.
    Listings,
    /// Writing reviews; counted in reviews, the total is not known before.
    Reviews,
}

/// Somebody who watches an import.
pub trait Progress: Sync {
    /// Called every now and then with what is done of how much (0: unknown); `Break` stops the import.
    ///
    /// A stopped import keeps what it has written and is completed by running it again.
    fn report(&self, stage: Stage, done: u64, of: u64) -> ControlFlow<()>;
}

/// Nobody watches.
#[derive(Debug, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn report(&self, _: Stage, _: u64, _: u64) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
}

/// How much is written in one transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pace {
    /// Guests are being served from the same database: pieces of about 5 ms.
    Shared,
    /// The import has the database to itself: big pieces, far fewer commits.
    Alone,
}

impl Pace {
    /// Rows after which a piece is written.
    pub(super) fn rows(self) -> usize {
        match self {
            Self::Shared => 250,
            Self::Alone => 20_000,
        }
    }
}
