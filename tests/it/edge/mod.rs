//! What the edge does for every operation: limits, `Idempotency-Key`, `If-Match`. `stage.rs` is a small API of its own.

mod idempotency;
mod if_match;
mod limits;
mod stage;
