//! SQL of the moved clock: one row of the table `instance`.

use crate::platform::db::{Conn, DbError, DbResult, Tx};

const NAME: &str = "clock_ahead";

/// How many microseconds the clock of this database is ahead of the machine's.
pub(super) fn ahead(conn: &mut Conn<'_>) -> DbResult<i64> {
    let stored: Option<String> = conn.first("SELECT value FROM instance WHERE name = $1", &[NAME.into()], |row| row.get(0))?;
    let Some(stored) = stored else { return Ok(0) };
    stored.parse().map_err(|_no_number| DbError::Unusable(format!("the row `{NAME}` of the table `instance` holds no number: {stored}")))
}

pub(super) fn set_ahead(tx: &mut Tx<'_>, micros: i64) -> DbResult<()> {
    const SET: &str = "INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
    tx.execute(SET, &[NAME.into(), micros.to_string().into()])?;
    Ok(())
}
