//! Search: which listings match, in which order, with which counts.
//!
//! `ask.rs` reads the parameters (`dates.rs` those of the dates), `engine/` answers from memory, `card.rs` renders the page, `service.rs` puts these
//! together; `load.rs` and `follow.rs` keep the engine in step with the database, `resume.rs` and `snapshots.rs` bring
//! it over a restart. Nothing here decides a booking.

mod api;
mod ask;
mod card;
mod dates;
mod engine;
mod follow;
mod load;
mod news;
mod resume;
mod service;
mod snapshots;
mod store;
mod suggest;

pub use api::{DOORS, SearchApi};
pub use ask::Ask;
pub use dates::Flex;
pub use engine::facets::{Facets, Histogram};
pub use engine::listing::RoomType;
pub use engine::query::{Answer, BestDates, Hit, PriceBasis, Sort};
pub use load::Origin;
pub use service::{Holdings, Limits, Opened, Page, Search, check, check_snapshot, reindex};
pub use store::statements;
pub use suggest::Suggestion;
