//! A host keeps a calendar, and guests' stays find their nights in it. The clock stands at 2026-06-01T12:00Z.

mod claims;
mod editing;
mod races;
mod rules;
mod stage;
mod units;
