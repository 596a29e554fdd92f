//! Search through the public door, on both engines: is what it says true, fresh, and safe from odd questions?

mod bad_input;
mod cards;
mod dice;
mod draw;
mod equality;
mod follow;
mod homes;
mod index;
mod lot;
mod rules;
mod stage;
mod street;
mod words;
