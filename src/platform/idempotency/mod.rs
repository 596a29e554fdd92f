//! `Idempotency-Key`: a POST that is sent again is answered again, and done once (docs/API.md).
//!
//! The edge ([`Keys`]) reads the key of a caller who is logged in, answers from what is stored, refuses a copy while the
//! first one runs, and hands the handler a [`Once`]. The handler gives it to `db.write_once`, which stores the answer in the
//! transaction of the effect: there is never one without the other, whatever dies in between. What a handler decided
//! without such a transaction (a refusal, an answer that changed nothing) the edge stores afterwards.
//!
//! A key belongs to one caller and one path, and lives 72 hours. `store.rs` has the SQL, `claim.rs` what runs now.

mod claim;
mod store;
mod sweeper;
mod write;

pub use claim::{Claim, Keys, Once, Start};
pub use store::{FIND, FORGET, Kept, SWEEP, forget};
pub use sweeper::sweeper;
pub use write::Repeatable;

/// How long an answer is kept: longer than clients try again, and than our own jobs do.
pub const KEPT_SECONDS: i64 = 72 * 3_600;
