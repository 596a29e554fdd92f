//! Makes the tables of `schema.sql` and knows which version of them this release needs.

use super::{Backend, Db, DbError, DbResult, Lane, Tx};

/// The whole current schema, loaded as it is by both engines.
pub const SCHEMA: &str = include_str!("../../../schema.sql");
/// Rises with every change of `schema.sql` that has left the house.
pub const SCHEMA_VERSION: i64 = 3;

/// Any number nobody else uses: two nodes that start at once make the tables one after the other.
const LOCK: i64 = 0x53_43_48_45_4d_41;

const VERSION: &str = "SELECT value FROM instance WHERE name = 'schema_version'";

/// The version that the database says it has; `None` when that is no number.
fn found(tx: &mut Tx<'_>) -> DbResult<Option<i64>> {
    Ok(tx.first(VERSION, &[], |row| row.get::<String>(0))?.and_then(|version| version.parse().ok()))
}

pub(super) fn ensure(db: &Db) -> DbResult<()> {
    let found: Option<i64> = db.write_blocking(Lane::Urgent, |tx, _| {
        if matches!(tx.engine(), super::Engine::Postgres) {
            tx.first("SELECT CAST(pg_advisory_xact_lock($1) AS TEXT)", &[LOCK.into()], |_| Ok(()))?;
        }
        // The version comes first: an older schema must not be laid over a newer release's tables.
        tx.batch("CREATE TABLE IF NOT EXISTS instance (name TEXT PRIMARY KEY, value TEXT NOT NULL)")?;
        let version: Option<String> = tx.first(VERSION, &[], |row| row.get(0))?;
        if version.is_some_and(|version| version != SCHEMA_VERSION.to_string()) {
            return found(tx);
        }
        tx.batch(SCHEMA)?;
        super::guards::put_up(tx)?;
        tx.execute("INSERT INTO instance (name, value) VALUES ('schema_version', $1) ON CONFLICT (name) DO NOTHING", &[SCHEMA_VERSION.to_string().into()])?;
        found(tx)
    })?;
    match found {
        Some(SCHEMA_VERSION) => Ok(()),
        Some(newer) if newer > SCHEMA_VERSION => Err(DbError::Unusable(format!(
            "this database was made by a newer Stopover (schema {newer}, this binary knows {SCHEMA_VERSION}); start the newer release"
        ))),
        other => Err(DbError::Unusable(format!("this database has the schema version {other:?}, which this release cannot upgrade"))),
    }
}

impl Db {
    /// Reads the whole database and looks for damage: a damaged page says nothing of itself until somebody needs it.
    /// PostgreSQL keeps its own checksums and is only asked whether it answers.
    pub fn inspect(&self) -> DbResult<()> {
        let statement = match &self.inner.engine {
            Backend::Sqlite(_) => "PRAGMA quick_check(1)",
            Backend::Postgres(_) => "SELECT 'ok'",
        };
        let found: Option<String> = self.read_blocking(|conn| conn.first(statement, &[], |row| row.get(0)))?;
        match found.as_deref() {
            Some("ok") => Ok(()),
            other => Err(DbError::Unusable(format!("the database is damaged: {}; restore a backup", other.unwrap_or("no answer")))),
        }
    }

    /// A short name of the engine and its version, for `doctor` and the log.
    pub fn describe(&self) -> DbResult<String> {
        match &self.inner.engine {
            Backend::Sqlite(_) => Ok(format!("SQLite {}", rusqlite::version())),
            Backend::Postgres(_) => self.read_blocking(|conn| {
                let version: Option<String> = conn.first("SELECT current_setting('server_version')", &[], |row| row.get(0))?;
                Ok(format!("PostgreSQL {}", version.unwrap_or_default()))
            }),
        }
    }
}
