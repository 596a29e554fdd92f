//! The paper: invoices, receipts and statements as HTML and PDF, numbered without gaps.
//!
//! Whoever knows what happened makes an `Invoice`, `Receipt` or `Statement` of [`rules::paper`], and [`issue`]s its sheet in the same
//! transaction. A document keeps what it said; [`numbering`] gives it its number a moment later, and then it can be handed out.

mod jobs;
pub mod rules;
mod service;
mod store;

pub use jobs::numbering;
pub use rules::html::html;
pub use rules::paper::{Invoice, Item, Movement, Party, Receipt, Sheet, Statement, StayFacts, TaxItem};
pub use rules::pdf::pdf;
pub use rules::series::{Document, Issue, Kind};
pub use service::{issue, number_waiting};
pub use store::{STATEMENTS, by_source, one};
