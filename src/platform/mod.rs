//! Plumbing without business: the database, the event log, HTTP, configuration, telemetry.
//! Nothing here knows what a listing or a booking is.

pub mod db;
pub mod events;
