//! Homes out of this instance and back in, whole: one JSON object a line (docs/IMPORT.md, "JSON Lines").
//!
//! [`export`] writes them, [`import`] reads them back; the same file again changes nothing. `rules.rs` is the shape of a line,
//! `store.rs` the tables behind it. Both block.

mod rules;
mod service;
mod store;

pub use service::{House, Outcome, Wish, export, import, is_known};
