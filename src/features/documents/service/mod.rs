//! Use cases of documents: `issue.rs` gives one its number, `write.rs` writes all that follow from a booking, `read.rs` shows them to whom they concern.

pub(super) mod issue;
pub(super) mod read;
pub(super) mod write;
