//! Plumbing without business: the database, the event log, HTTP, configuration, telemetry.
//! Nothing here knows what a listing or a booking is.

pub mod cache;
pub mod cursor;
pub mod db;
pub mod events;
pub mod instance;
pub mod wire;
