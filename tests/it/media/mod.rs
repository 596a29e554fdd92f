//! Photos of listings as hosts and visitors meet them: every story on both engines.

mod bucket;
mod cleanup;
mod files;
mod photos;
pub(crate) mod stage;
mod uploads;
