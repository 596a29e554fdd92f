//! Imports: homes, hosts, calendars and reviews that come from elsewhere, in bulk, as often as one likes.
//!
//! Two ways in: a city of Inside Airbnb ([`inside_airbnb`]) and a folder of plain CSV files ([`csv`], docs/IMPORT.md);
//! [`demo`] is the first one with files that ship inside the binary. All three read everything once before they
//! write anything (`survey.rs`), then write listing by listing, each with its calendar in one transaction
//! (`service.rs`), so that an interrupted import leaves no half listing and is simply run again.
//! They block: call them from a thread that may wait.

mod airbnb;
mod book;
mod demo;
mod draft;
mod files;
mod folder;
mod hosts;
mod piece;
mod progress;
mod report;
mod reviews;
mod rules;
mod service;
mod store;
mod survey;
mod table;

pub use airbnb::{InsideAirbnbAsk, inside_airbnb};
pub use demo::demo;
pub use files::ImportFile;
pub use folder::{CsvAsk, csv};
pub use progress::{Pace, Progress, Silent, Stage};
pub use report::{BadRow, Clash, ImportError, Outcome, Report};
pub use store::unfinished;
