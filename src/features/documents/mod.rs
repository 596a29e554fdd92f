//! The paper: invoices and credit notes, numbered without gaps, and receipts; as data, HTML and PDF (docs/RULES.md, "Papers").
//!
//! When a stay has ended, `service/write.rs` issues who charged what ([`rules::charges`]): the host's invoice to the guest, the platform's for its fees;
//! what is given back later makes credit notes. An issued document is data and never changes; [`html()`] and [`pdf()`] lay it out when it is asked for.
//! Receipts are read from the books each time.

mod api;
mod jobs;
mod personal;
pub mod rules;
mod service;
mod store;

pub use api::{DOORS, apis};
pub use jobs::{check, jobs};
pub use personal::DocumentData;
pub use rules::html::html;
pub use rules::paper::{Invoice, Item, Movement, Party, Receipt, Sheet, Statement, StayFacts, TaxItem};
pub use rules::pdf::pdf;
pub use rules::series::{Document, Issue, Kind, Role};
pub use service::issue::issue;
pub use store::STATEMENTS;
