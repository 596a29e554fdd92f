//! What every feature is handed: the database, the clock, the settings, the numbers. No globals.

use super::config::{Config, Hidden};
use super::db::Db;
use super::keys::Keys;
use super::telemetry::Metrics;
use crate::values::Clock;
use std::sync::Arc;

/// The world as a feature may see it; cheap to clone. Tests put a stopped clock and a database of their own in.
///
/// The last clone must be dropped on a plain thread, not on an async one: closing PostgreSQL connections blocks.
#[derive(Clone)]
pub struct Tools {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub config: Arc<Config>,
    pub metrics: Arc<Metrics>,
    pub keys: Arc<Keys>,
}

impl Tools {
    /// Opens the database of `config`. Blocks; call it off the async threads.
    pub fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let db = Db::open(&config.database()?, Arc::clone(&clock))?;
        let keys = Keys::open(&db, &config.data_dir, config.keys.master.as_ref().map(Hidden::expose))?;
        Ok(Self { keys: Arc::new(keys), db, clock, config: Arc::new(config), metrics: Arc::new(Metrics::new()?) })
    }
}
