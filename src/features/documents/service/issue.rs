//! A document is issued: it gets the next number of its series in the transaction in which it is written, or neither happens.

use crate::features::documents::rules::series::Issue;
use crate::features::documents::store;
use crate::platform::db::{DbResult, Tx};
use crate::values::Instant;
use uuid::Uuid;

/// Writes a document down and answers its id: that of before where one of the same source is there.
///
/// Whoever issues in the same series meanwhile waits for this transaction. Issue for a host before you issue for the platform: everybody in the same
/// order, so that nobody waits in a circle.
pub fn issue(tx: &mut Tx<'_>, now: Instant, ask: &Issue<'_>) -> DbResult<Uuid> {
    let last = store::hold_series(tx, &ask.issuer(), ask.kind(), ask.year())?;
    // Looked up while the series is held: somebody else may have issued the same.
    if let Some(known) = store::id_of(tx, ask.source)? {
        return Ok(known);
    }
    let id = Uuid::now_v7();
    store::insert(tx, now, id, ask, last)?;
    Ok(id)
}
