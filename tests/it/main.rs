//! The integration tests: one binary, one file per story. `support/` holds the stage: databases, clock, plans.
//!
//! `make test` runs everything on SQLite and on a throw-away PostgreSQL cluster; no test is ever skipped.
#![allow(clippy::unwrap_used, clippy::too_many_lines, reason = "a test that cannot go on stops at the line where that shows")]

mod support;

mod accounts;
mod audit;
mod binary;
mod bookings;
mod calendar;
mod cancellation;
mod db;
mod db_schema;
mod db_writer;
mod documents;
mod edge;
mod events;
mod feeds;
mod homes;
mod hosting;
mod imports;
mod jobs;
mod ledger;
mod mail;
mod media;
mod payments;
mod payouts;
mod pricing;
mod quotes;
mod reading;
mod search;
mod stress;
mod tidy;
mod time_travel;
mod transfer;
