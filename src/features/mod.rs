//! The business, one folder each, all with the same rooms: `api`, `service`, `rules`, `store`, `jobs`.
//! Imports go only one way between them (see `ARCHITECTURE.md`).

pub mod accounts;
pub mod availability;
pub mod bookings;
pub mod calendar;
pub mod cancellation;
pub mod claims;
pub mod credit;
pub mod documents;
pub mod feeds;
pub mod imports;
pub mod ledger;
pub mod listings;
pub mod media;
pub mod payments;
pub mod payouts;
pub mod pricing;
pub mod quotes;
pub mod reviews;
pub mod search;
pub mod stress;
pub mod transfer;
