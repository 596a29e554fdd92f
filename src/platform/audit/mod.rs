//! The audit trail: who did what, when, from where. Written in the transaction of the change, kept 400 days.
//!
//! An entry is never changed; the database itself refuses (`platform/db/guards.rs`). What an insider with the right to
//! drop guards changes, removes, swaps or inserts shows all the same: within a second the [`sealer`] numbers committed
//! entries and chains them by SHA-256 (`chain.rs`), and the newest link is signed with a key that is not in the database.
//! [`verify`] walks the chain and names the first number that is wrong. Start with `entry.rs`.

mod actions;
mod chain;
mod entry;
mod read;
mod sealer;
mod store;
mod truncate;
mod verify;

pub use actions::{ACTIONS, Action, find as action};
pub use entry::{Actor, Entry, append, hashed};
pub use read::{Cursor, Filter, Row, export_jsonl, list, list_sql};
pub use sealer::{seal_all, sealer};
pub use truncate::{KEPT_DAYS, truncate};
pub use verify::{check, verify, verify_in};

pub use crate::platform::chain::{Fault, Link, Report};
pub use crate::values::Origin;
