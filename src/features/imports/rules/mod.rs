//! Pure rules of the import: texts, single fields, and days folded into ranges.

pub(super) mod days;
pub(super) mod fields;
pub(super) mod ownership;
pub(super) mod text;
