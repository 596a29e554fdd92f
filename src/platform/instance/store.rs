//! SQL of the table `instance`: named values that belong to the instance as a whole.

use crate::platform::db::{DbError, DbResult, Tx};

/// Stores `value` under `name` unless something is there already; answers what is there afterwards.
pub(super) fn keep_first(tx: &mut Tx<'_>, name: &str, value: &str) -> DbResult<String> {
    tx.execute("INSERT INTO instance (name, value) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING", &[name.into(), value.into()])?;
    let kept = tx.first("SELECT value FROM instance WHERE name = $1", &[name.into()], |row| row.get(0))?;
    kept.ok_or_else(|| DbError::Unusable(format!("the row `{name}` of the table `instance` vanished while it was read")))
}
