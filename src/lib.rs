//! Stopover: a self-hosted short-stay rental marketplace in one binary.

pub mod app;
pub mod cli;
pub mod features;
pub mod platform;
pub mod values;
