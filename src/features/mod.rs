//! The business, one folder each, all with the same rooms: `api`, `service`, `rules`, `store`, `jobs`.

pub mod calendar;
pub mod pricing;
pub mod search;
