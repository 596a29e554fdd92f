//! Plumbing without business: the database, the event log, the audit trail, HTTP, configuration, telemetry.
//! Nothing here knows what a listing or a booking is.

pub mod access;
pub mod audit;
pub mod cache;
pub mod chain;
pub mod config;
pub mod cursor;
pub mod db;
pub mod error;
pub mod events;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod instance;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod outbound;
pub mod privacy;
pub mod private;
pub mod tasks;
pub mod telemetry;
pub mod tls;
pub mod tools;
pub mod wire;

pub use error::{Error, FieldError, Kind, Refusal, Refused, Result};
pub use tools::Tools;
