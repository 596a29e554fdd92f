//! SQL of quotes and coupons.

pub(super) mod coupons;
pub(super) mod quotes;

use crate::platform::db::{DbError, DbResult, Json, Row};
use serde::de::DeserializeOwned;

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number, i an instant.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    [&quotes::STATEMENTS[..], &coupons::STATEMENTS].concat()
}

fn text(value: &impl serde::Serialize) -> DbResult<Json> {
    serde_json::to_string(value).map(Json).map_err(|e| DbError::Column { column: 0, reason: e.to_string() })
}

fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> DbResult<T> {
    let Json(text) = row.get(column)?;
    serde_json::from_str(&text).map_err(|e| DbError::Column { column, reason: e.to_string() })
}
