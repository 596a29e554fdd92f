//! Calls to elsewhere: the one client through which the server asks other servers (S-SSRF).
//!
//! Where a stranger names the address ([`Policy::Public`]) only the public internet is called, whatever the address looks like and
//! whatever its name resolves to: `target.rs` reads addresses, `address.rs` knows which are public, `names.rs` looks names up and
//! hands on only addresses that were checked, so that nothing can change between check and connection. Where the operator names
//! it ([`Policy::Operator`]) private addresses are called too, and redirects are not followed. `room.rs` bounds how much goes on at once.

mod address;
mod client;
mod names;
mod room;
mod target;
#[cfg(test)]
mod tests;

pub use client::Outbound;
pub use names::{Lookup, SystemLookup};

use std::time::Duration;

/// Whose word the address is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Policy {
    /// A stranger's: public addresses, usual ports, https unless the operator allows http, at most three redirects.
    Public,
    /// The operator's: any address and port, no redirects. `http`: also without TLS.
    Operator { http: bool },
}

/// What a call may cost.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Of the whole call, redirects included.
    pub total: Duration,
    /// Bytes of the body, counted after decompression.
    pub body_bytes: u64,
}

impl Budget {
    /// Twenty seconds, and a body of so many bytes.
    #[must_use]
    pub const fn of(body_bytes: u64) -> Self {
        Self { total: Duration::from_secs(20), body_bytes }
    }
}

/// Why there is no answer. The words are for the log; whoever asked is told a category at most (S-SSRF 9).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    #[error("the address is not called: {0}")]
    Refused(&'static str),
    #[error("the name of the server is not known")]
    UnknownHost,
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the server was too slow")]
    Slow,
    #[error("the answer is larger than it may be")]
    TooLarge,
    #[error("the answer leads elsewhere too often")]
    Redirected,
    #[error("the answer cannot be read")]
    Unreadable,
    #[error("too many calls are under way")]
    Busy,
}
