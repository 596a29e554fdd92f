//! Nights that are taken here and elsewhere, until somebody has seen to them (I9).

use super::{By, World, note};
use crate::features::feeds::store::conflicts::{self as rows, Conflict};
use crate::features::listings;
use crate::platform::access::Action;
use crate::platform::cursor::Limit;
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Result};
use crate::values::Instant;
use serde_json::json;
use uuid::Uuid;

/// One page, newest first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// Those found before this one.
    pub before: Uuid,
    /// Resolved ones too.
    pub all: bool,
    pub limit: Limit,
}

/// Conflicts, the newest first.
pub(crate) fn page(conn: &mut Conn<'_>, by: By<'_>, ask: Ask) -> Result<Vec<Conflict>> {
    listings::allowed(conn, Some(by.caller), by.listing, Action::ViewCalendarCauses)?;
    Ok(rows::of_listing(conn, by.listing, ask.before, ask.all, ask.limit.and_one())?)
}

/// The host has seen to it: it is not told again, even if the other calendar goes on saying so.
pub(crate) fn resolve(tx: &mut Tx<'_>, now: Instant, world: &World, by: By<'_>, id: Uuid) -> Result<()> {
    listings::allowed(tx, Some(by.caller), by.listing, Action::EditCalendar)?;
    if !rows::resolve(tx, now, by.listing, id, "by_host")? {
        return Err(Error::not_found("The listing has no such open conflict."));
    }
    note(tx, now, world, "conflict.resolved", by, json!({"conflict": [id, null]}))?;
    Ok(())
}
