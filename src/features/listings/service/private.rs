//! What only confirmed guests are told, for features that carry homes about.

use super::super::rules::home::Private;
use super::super::store::homes;
use crate::platform::db::{Conn, DbError, DbResult, Tx};
use crate::platform::keys::Keys;
use crate::values::ListingId;
use serde_json::Value;

/// The private part of a home in clear, as an object; with empty texts where there is none.
pub fn private_part(conn: &mut Conn<'_>, keys: &Keys, listing: ListingId) -> DbResult<Value> {
    let private = homes::private(conn, keys, listing)?;
    serde_json::to_value(private).map_err(|error| DbError::Unusable(error.to_string()))
}

/// Puts a private part in the place of the one that is there.
pub fn set_private_part(tx: &mut Tx<'_>, keys: &Keys, listing: ListingId, private: &Value) -> DbResult<()> {
    let private: Private = serde_json::from_value(private.clone()).map_err(|error| DbError::Unusable(format!("private: {error}")))?;
    homes::write_private(tx, keys, listing, &private)
}
