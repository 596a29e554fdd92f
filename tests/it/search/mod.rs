//! Search through the public door, on both engines: is what it says true, fresh, and safe from odd questions?
#![expect(clippy::float_arithmetic, reason = "coordinates and means are measured, here as in the engine")]

mod bad_input;
mod cards;
pub(crate) mod dice;
mod draw;
mod equality;
mod flexible;
mod follow;
mod homes;
mod index;
mod lot;
mod prices;
mod restless;
mod rules;
mod snapshot;
mod stage;
mod street;
mod words;
