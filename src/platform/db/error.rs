//! What can go wrong in a database, the same for both engines.

/// The answer of a database call.
pub type DbResult<T> = Result<T, DbError>;

/// A database call that failed. "Nothing found" is never an error; it is an `Option` or an empty list.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// A primary key or unique index refused a second row. Prefer `ON CONFLICT … DO NOTHING` and the row count.
    #[error("a row with this key exists already")]
    Unique,
    /// A CHECK, NOT NULL or foreign key refused.
    #[error("the database refused the values: {0}")]
    Constraint(String),
    /// The transaction lost against another one, or its connection went away before COMMIT; nothing was written.
    #[error("the transaction lost against another one")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The connection went away during COMMIT: it is unknown whether the transaction stands.
    #[error("the connection was lost while committing; the outcome is unknown")]
    Unknown,
    /// No room on the disk.
    #[error("the disk is full")]
    Full,
    /// Too many writes wait already, or no connection was free in time; ask again later.
    #[error("the database is too busy")]
    Overloaded,
    /// The database has been closed.
    #[error("the database is closed")]
    Closed,
    /// The closure panicked; its writes were undone.
    #[error("a database closure panicked: {0}")]
    Panicked(String),
    /// The schema, the library or the settings are not usable; the text says what to do.
    #[error("{0}")]
    Unusable(String),
    /// A column held something else than the code expects.
    #[error("column {column} cannot be read: {reason}")]
    Column { column: usize, reason: String },
    /// Everything else the engine reports.
    #[error("database error")]
    Engine(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<rusqlite::Error> for DbError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ffi;
        let Some(code) = error.sqlite_error() else { return Self::Engine(error.into()) };
        match code.extended_code {
            ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_ROWID => Self::Unique,
            other if other & 0xff == ffi::SQLITE_CONSTRAINT => Self::Constraint(error.to_string()),
            other if other & 0xff == ffi::SQLITE_BUSY || other & 0xff == ffi::SQLITE_LOCKED => Self::Retry(error.into()),
            other if other & 0xff == ffi::SQLITE_FULL => Self::Full,
            _ => Self::Engine(error.into()),
        }
    }
}

impl From<postgres::Error> for DbError {
    fn from(error: postgres::Error) -> Self {
        use postgres::error::SqlState;
        let Some(state) = error.code() else {
            return if error.is_closed() || std::error::Error::source(&error).is_some_and(|s| s.is::<std::io::Error>()) {
                Self::Retry(error.into())
            } else {
                Self::Engine(error.into())
            };
        };
        match state {
            &SqlState::UNIQUE_VIOLATION => Self::Unique,
            &SqlState::T_R_SERIALIZATION_FAILURE
            | &SqlState::T_R_DEADLOCK_DETECTED
            | &SqlState::LOCK_NOT_AVAILABLE
            | &SqlState::ADMIN_SHUTDOWN
            | &SqlState::CRASH_SHUTDOWN
            | &SqlState::CANNOT_CONNECT_NOW => Self::Retry(error.into()),
            &SqlState::DISK_FULL => Self::Full,
            other if other.code().starts_with("23") => Self::Constraint(error.to_string()),
            _ => Self::Engine(error.into()),
        }
    }
}

impl From<r2d2::Error> for DbError {
    /// No connection in time: too much is going on, or the server cannot be reached.
    fn from(error: r2d2::Error) -> Self {
        tracing::warn!(%error, "no database connection was free in time");
        Self::Overloaded
    }
}

impl DbError {
    /// Whether running the same transaction again may succeed and is safe.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry(_))
    }
}
