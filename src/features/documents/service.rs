//! Documents are issued, and numbered.

use super::rules::series::Issue;
use super::store;
use crate::platform::db::{DbResult, Tx};
use crate::values::Instant;
use uuid::Uuid;

/// Keeps a document in the caller's transaction and answers its id: that of before where one of the same source is there. Its year is
/// that of the date on its sheet.
pub fn issue(tx: &mut Tx<'_>, now: Instant, ask: &Issue<'_>) -> DbResult<Uuid> {
    let id = Uuid::now_v7();
    let year = i64::from(ask.sheet.issued.date().year());
    if store::insert(tx, id, year, ask, now)? {
        return Ok(id);
    }
    store::id_of(tx, ask.source)
}

/// Numbers up to `limit` documents that are committed, in the order in which they were issued; answers how many.
pub fn number_waiting(tx: &mut Tx<'_>, limit: i64) -> DbResult<usize> {
    store::lock(tx)?;
    let waiting = store::waiting(tx, limit)?;
    for document in &waiting {
        store::set_number(tx, document)?;
    }
    Ok(waiting.len())
}
