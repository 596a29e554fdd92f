//! SQL of the operator's own fields.

use super::super::rules::custom::{Field, Kind};
use crate::platform::db::{Conn, DbError, DbResult, Json, Tx};
use crate::values::Instant;

/// All fields, by key; there are never more than fifty.
pub(in super::super) fn all(conn: &mut Conn<'_>) -> DbResult<Vec<Field>> {
    conn.query("SELECT key, label, kind, choices, required, searchable, version FROM custom_fields ORDER BY key", &[], |row| {
        let Json(choices) = row.get(3)?;
        Ok(Field {
            key: row.get(0)?,
            label: row.get(1)?,
            kind: row.known(2, Kind::parse)?,
            choices: serde_json::from_str(&choices).map_err(|e| DbError::Column { column: 3, reason: e.to_string() })?,
            required: row.get(4)?,
            searchable: row.get(5)?,
            version: row.get(6)?,
        })
    })
}

/// Adds a field. `false`: there is one with this key.
pub(in super::super) fn insert(tx: &mut Tx<'_>, now: Instant, field: &Field) -> DbResult<bool> {
    const INSERT: &str = "INSERT INTO custom_fields (key, label, kind, choices, required, searchable, version, created_at, updated_at)
        VALUES ($1, $2, $3, $4, $5, $6, 1, $7, $7) ON CONFLICT (key) DO NOTHING";
    let choices = Json(serde_json::Value::from(field.choices.as_slice()).to_string());
    let (key, label) = (field.key.as_str(), field.label.as_str());
    let params = [key.into(), label.into(), field.kind.name().into(), choices.into(), field.required.into(), field.searchable.into(), now.into()];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// Writes a field anew; its kind stays.
pub(in super::super) fn update(tx: &mut Tx<'_>, now: Instant, field: &Field) -> DbResult<()> {
    const UPDATE: &str = "UPDATE custom_fields SET label = $2, choices = $3, required = $4, searchable = $5, version = version + 1, updated_at = $6
        WHERE key = $1";
    let choices = Json(serde_json::Value::from(field.choices.as_slice()).to_string());
    let (key, label) = (field.key.as_str(), field.label.as_str());
    tx.execute(UPDATE, &[key.into(), label.into(), choices.into(), field.required.into(), field.searchable.into(), now.into()]).map(|_rows| ())
}

/// Takes a field away. `false`: there is none.
pub(in super::super) fn delete(tx: &mut Tx<'_>, key: &str) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM custom_fields WHERE key = $1", &[key.into()])? == 1)
}
