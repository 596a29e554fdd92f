//! The business, one folder each. Imports go only one way between them (see `ARCHITECTURE.md`).

pub mod imports;
pub mod listings;
