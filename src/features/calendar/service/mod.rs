//! One listing's calendar, gathered from its causes.

pub(super) mod claim;
pub(super) mod edit;
pub(super) mod log;
pub(super) mod settings;
pub(super) mod units;

use super::rules::Days;
use super::store::{self, Listed};
use crate::platform::db::{Conn, DbResult};
use crate::values::{Instant, ListingId, LocalMoment, Night};

/// A listing's terms and days as a guest meets them at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    pub listed: Listed,
    /// Taken nights from today on (and what the rules must know of the days before).
    pub days: Days,
    /// What the wall clock of the listing shows.
    pub local: LocalMoment,
}

/// The calendar of a published listing at `now`; `None` when there is no such listing or it is not published.
///
/// Overrides reach back to `from` where that is before today, so that prices of past days can be shown.
/// Reads several tables: call it in a snapshot where they must agree.
pub fn calendar_of(conn: &mut Conn<'_>, listing: ListingId, from: Option<Night>, now: Instant) -> DbResult<Option<Calendar>> {
    let found = calendar_in_any_state(conn, listing, from, now)?;
    Ok(found.filter(|calendar| calendar.listed.terms.bookable))
}

/// [`calendar_of`], for those who may see a listing before it is published.
pub fn calendar_in_any_state(conn: &mut Conn<'_>, listing: ListingId, from: Option<Night>, now: Instant) -> DbResult<Option<Calendar>> {
    let Some(listed) = store::terms(conn, listing)? else { return Ok(None) };
    let local = listed.times.zone.local(now);
    let causes = store::causes(conn, listing, local.today, now)?;
    let overrides = store::overrides(conn, listing, from.map_or(local.today, |from| from.min(local.today)))?;
    let days = Days::new(&listed.terms, &causes, overrides);
    Ok(Some(Calendar { listed, days, local }))
}
