//! A connection of either engine, and a write transaction over one.

use super::error::{DbError, DbResult};
use super::url::Engine;
use super::value::{Params, Row, Value};
use postgres::fallible_iterator::FallibleIterator;
use postgres::types::ToSql;
use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use uuid::Uuid;

/// A connection that a closure of [`super::Db::read`] or [`super::Db::write`] may use.
pub struct Conn<'a> {
    handle: Handle<'a>,
    /// The error that cost a PostgreSQL transaction its life, kept in case the closure rewords it.
    pub(super) lost: Option<DbError>,
    /// What the first failed statement said, kept in case the closure carries on as if nothing had happened.
    failed: Option<String>,
}

enum Handle<'a> {
    Sqlite(&'a rusqlite::Connection),
    Postgres { client: &'a mut (dyn PgAny + 'a), statements: &'a mut Statements },
}

/// What a PostgreSQL client and a transaction have in common.
trait PgAny {
    fn prepare(&mut self, sql: &str) -> Result<postgres::Statement, postgres::Error>;
    fn rows(&mut self, statement: &postgres::Statement, params: &[Value]) -> Result<postgres::RowIter<'_>, postgres::Error>;
    fn run(&mut self, statement: &postgres::Statement, params: &[&(dyn ToSql + Sync)]) -> Result<u64, postgres::Error>;
    fn batch(&mut self, sql: &str) -> Result<(), postgres::Error>;
}

macro_rules! pg_any {
    ($type:ty) => {
        impl PgAny for $type {
            fn prepare(&mut self, sql: &str) -> Result<postgres::Statement, postgres::Error> {
                self.prepare(sql)
            }
            fn rows(&mut self, statement: &postgres::Statement, params: &[Value]) -> Result<postgres::RowIter<'_>, postgres::Error> {
                self.query_raw(statement, params)
            }
            fn run(&mut self, statement: &postgres::Statement, params: &[&(dyn ToSql + Sync)]) -> Result<u64, postgres::Error> {
                self.execute(statement, params)
            }
            fn batch(&mut self, sql: &str) -> Result<(), postgres::Error> {
                self.batch_execute(sql)
            }
        }
    };
}
pg_any!(postgres::Client);
pg_any!(postgres::Transaction<'_>);

/// Prepared statements of one PostgreSQL connection, by their text.
pub(super) type Statements = HashMap<String, postgres::Statement>;

impl<'a> Conn<'a> {
    fn over(handle: Handle<'a>) -> Self {
        Self { handle, lost: None, failed: None }
    }

    pub(super) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self::over(Handle::Sqlite(connection))
    }

    pub(super) fn client(client: &'a mut postgres::Client, statements: &'a mut Statements) -> Self {
        Self::over(Handle::Postgres { client, statements })
    }

    pub(super) fn transaction<'b: 'a>(transaction: &'a mut postgres::Transaction<'b>, statements: &'a mut Statements) -> Self {
        Self::over(Handle::Postgres { client: transaction, statements })
    }

    #[must_use]
    pub fn engine(&self) -> Engine {
        match self.handle {
            Handle::Sqlite(_) => Engine::Sqlite,
            Handle::Postgres { .. } => Engine::Postgres,
        }
    }

    /// Lifts the time limit of statements until the transaction ends; SQLite has none.
    pub(super) fn take_all_time(&mut self) -> DbResult<()> {
        match &mut self.handle {
            Handle::Sqlite(_) => Ok(()),
            Handle::Postgres { client, .. } => Ok(client.batch("SET LOCAL statement_timeout = 0")?),
        }
    }

    /// Every row of the answer, made into `T` by `read`.
    pub fn query<T>(&mut self, sql: &str, params: Params<'_>, mut read: impl FnMut(&Row<'_>) -> DbResult<T>) -> DbResult<Vec<T>> {
        let mut rows = Vec::new();
        self.each(sql, params, |row| {
            rows.push(read(row)?);
            Ok(())
        })?;
        Ok(rows)
    }

    /// The only row of the answer, or `None`; further rows are not looked at.
    pub fn first<T>(&mut self, sql: &str, params: Params<'_>, read: impl FnMut(&Row<'_>) -> DbResult<T>) -> DbResult<Option<T>> {
        Ok(self.query(sql, params, read)?.into_iter().next())
    }

    /// Hands every row to `take` as it arrives, without keeping the answer in memory.
    pub fn each(&mut self, sql: &str, params: Params<'_>, mut take: impl FnMut(&Row<'_>) -> DbResult<()>) -> DbResult<()> {
        let answer = self.handle.each(sql, params, &mut take);
        self.note(answer)
    }

    /// Passes an answer on and remembers when it says that the statement failed or the transaction is lost.
    fn note<T>(&mut self, answer: DbResult<T>) -> DbResult<T> {
        if let Err(error) = &answer
            && !matches!(error, DbError::Column { .. })
        {
            self.failed.get_or_insert_with(|| error.to_string());
        }
        match answer {
            Err(DbError::Retry(cause)) => {
                let copy = cause.to_string();
                self.lost = Some(DbError::Retry(cause));
                Err(DbError::Retry(copy.into()))
            }
            other => other,
        }
    }
}

impl Handle<'_> {
    fn each(&mut self, sql: &str, params: Params<'_>, take: &mut dyn FnMut(&Row<'_>) -> DbResult<()>) -> DbResult<()> {
        match self {
            Handle::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                bind(&mut statement, params)?;
                let mut rows = statement.raw_query();
                while let Some(row) = rows.next()? {
                    take(&Row::Sqlite(row))?;
                }
            }
            Handle::Postgres { client, statements } => {
                let statement = prepare(*client, statements, sql)?;
                let mut rows = client.rows(&statement, params)?;
                while let Some(row) = rows.next()? {
                    take(&Row::Postgres(&row))?;
                }
            }
        }
        Ok(())
    }

    fn execute(&mut self, sql: &str, params: Params<'_>) -> DbResult<u64> {
        match self {
            Handle::Sqlite(connection) => {
                let mut statement = connection.prepare_cached(sql)?;
                bind(&mut statement, params)?;
                Ok(statement.raw_execute()? as u64)
            }
            Handle::Postgres { client, statements } => {
                let statement = prepare(*client, statements, sql)?;
                let params: Vec<&(dyn ToSql + Sync)> = params.iter().map(|value| value as _).collect();
                Ok(client.run(&statement, &params)?)
            }
        }
    }

    fn batch(&mut self, sql: &str) -> DbResult<()> {
        match self {
            Handle::Sqlite(connection) => connection.execute_batch(sql)?,
            Handle::Postgres { client, .. } => client.batch(sql)?,
        }
        Ok(())
    }
}

/// Binds by the digits of the placeholder's name: SQLite numbers `$2, $1` by first appearance, PostgreSQL by name.
fn bind(statement: &mut rusqlite::Statement<'_>, params: &[Value]) -> DbResult<()> {
    let mut highest = 0;
    for place in 1..=statement.parameter_count() {
        let number = statement.parameter_name(place).and_then(|name| name[1..].parse::<usize>().ok()).unwrap_or(0);
        let Some(value) = params.get(number.wrapping_sub(1)) else {
            return Err(DbError::Unusable("a statement has a placeholder without a value".into()));
        };
        highest = highest.max(number);
        statement.raw_bind_parameter(place, value)?;
    }
    // PostgreSQL refuses a value that no placeholder takes; so do we, lest a test on SQLite miss it.
    if highest == params.len() { Ok(()) } else { Err(DbError::Unusable("a statement has a value without a placeholder".into())) }
}

fn prepare(client: &mut (dyn PgAny + '_), statements: &mut Statements, sql: &str) -> DbResult<postgres::Statement> {
    if let Some(statement) = statements.get(sql) {
        return Ok(statement.clone());
    }
    let statement = client.prepare(sql)?;
    // IN lists come in many lengths; a connection forgets all its statements rather than keep thousands.
    if statements.len() >= 500 {
        statements.clear();
    }
    statements.insert(sql.to_owned(), statement.clone());
    Ok(statement)
}

/// A write transaction. Everything a [`Conn`] can, and writes.
pub struct Tx<'a> {
    conn: Conn<'a>,
    pub(super) wrote_events: bool,
    pub(super) wrote_jobs: bool,
    /// What [`Tx::keep`] was told.
    kept: Vec<(&'static str, Uuid)>,
}

impl<'a> Tx<'a> {
    pub(super) fn sqlite(connection: &'a rusqlite::Connection) -> Self {
        Self::over(Conn::sqlite(connection))
    }

    pub(super) fn postgres<'b: 'a>(transaction: &'a mut postgres::Transaction<'b>, statements: &'a mut Statements) -> Self {
        Self::over(Conn::transaction(transaction, statements))
    }

    fn over(conn: Conn<'a>) -> Self {
        Self { conn, wrote_events: false, wrote_jobs: false, kept: Vec::new() }
    }

    /// Runs a statement and says how many rows it wrote.
    pub fn execute(&mut self, sql: &str, params: Params<'_>) -> DbResult<u64> {
        let answer = self.conn.handle.execute(sql, params);
        self.conn.note(answer)
    }

    /// Runs an update that changes nothing, so that the rows it finds are this transaction's until it ends. SQLite has one writer, whom nobody
    /// has to wait for: there it is left out, and no page is written for it.
    pub fn hold(&mut self, lock: &str, params: Params<'_>) -> DbResult<()> {
        match self.conn.engine() {
            Engine::Sqlite => Ok(()),
            Engine::Postgres => self.execute(lock, params).map(|_rows| ()),
        }
    }

    /// Reads rows of one table, which are this transaction's from then until it ends: as they are when nobody else has them any more. SQLite has one
    /// writer, whom nobody has to wait for. Rows that others refer to can still be referred to. What others have added while this waited is not seen: ask for
    /// rows by their key.
    pub fn query_held<T>(&mut self, select: &str, params: Params<'_>, read: impl FnMut(&Row<'_>) -> DbResult<T>) -> DbResult<Vec<T>> {
        match self.conn.engine() {
            Engine::Sqlite => self.conn.query(select, params, read),
            Engine::Postgres => self.conn.query(&format!("{select} FOR NO KEY UPDATE"), params, read),
        }
    }

    /// The only row of [`Tx::query_held`], or `None`.
    pub fn first_held<T>(&mut self, select: &str, params: Params<'_>, read: impl FnMut(&Row<'_>) -> DbResult<T>) -> DbResult<Option<T>> {
        Ok(self.query_held(select, params, read)?.into_iter().next())
    }

    /// Notes that this transaction has locked a row of `table` for good, so that nobody who needs it too asks the database again. The note goes with the
    /// transaction, as the lock does: there are no savepoints within one.
    pub fn keep(&mut self, table: &'static str, id: Uuid) {
        self.kept.push((table, id));
    }

    #[must_use]
    pub fn keeps(&self, table: &'static str, id: Uuid) -> bool {
        self.kept.contains(&(table, id))
    }

    /// Runs several statements without parameters, as in `schema.sql`.
    pub fn batch(&mut self, sql: &str) -> DbResult<()> {
        let answer = self.conn.handle.batch(sql);
        self.conn.note(answer)
    }

    /// The error for a closure that answered `Ok` although one of its statements had failed: PostgreSQL has given the
    /// transaction up by then, and SQLite must not keep half of what PostgreSQL would undo.
    pub(super) fn hidden_failure(&mut self) -> Option<DbError> {
        self.conn.failed.take().map(|said| DbError::Engine(format!("nothing was written, because a statement had failed: {said}").into()))
    }

    /// Says that this transaction appended to the event log, so that its commit wakes the log's readers.
    pub(in crate::platform) fn mark_events(&mut self) {
        self.wrote_events = true;
    }

    /// Says that this transaction stored jobs, so that its commit wakes whoever runs them.
    pub(in crate::platform) fn mark_jobs(&mut self) {
        self.wrote_jobs = true;
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Conn<'a>;
    fn deref(&self) -> &Conn<'a> {
        &self.conn
    }
}

impl DerefMut for Tx<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.conn
    }
}
