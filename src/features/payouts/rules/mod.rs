//! Decisions and arithmetic of payouts: which part of a stay is released when (`parts.rs`), accounts (`accounts.rs`), how payouts stand
//! (`terms.rs`), what of the books is a host's (`statement.rs`) and how it is written (`paper.rs`).

pub mod accounts;
pub mod paper;
pub mod parts;
pub mod statement;
pub mod terms;
