//! Search: which listings match, in which order, with which counts.
//!
//! `ask.rs` reads the parameters, `engine/` answers from memory, `service.rs` puts cards on the page, `follow.rs` keeps
//! the engine in step with the database.

mod engine;
mod follow;
mod load;
mod store;
