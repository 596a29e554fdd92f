//! One listing's calendar, gathered from its causes.

pub(super) mod claim;
pub(super) mod edit;
pub(super) mod log;
pub(super) mod settings;
pub(super) mod units;

use super::rules::{DayOverride, Days, overlay};
use super::store::{self, Listed};
use crate::platform::db::{Conn, DbResult};
use crate::values::{BookingId, Instant, ListingId, LocalMoment, Night, NightRange};
use std::num::NonZeroI64;

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
    gathered(conn, listing, from, None, now)
}

/// The calendar as it would be without one booking, and with these prices for some nights: for a change of that booking, whose nights
/// keep what they were sold for.
pub fn calendar_without(conn: &mut Conn<'_>, listing: ListingId, booking: BookingId, kept: &[(Night, i64)], now: Instant) -> DbResult<Option<Calendar>> {
    let Some(mut calendar) = gathered(conn, listing, None, Some(booking), now)? else { return Ok(None) };
    let price =
        |(night, price): &(Night, i64)| DayOverride { price_minor: NonZeroI64::new(*price), ..DayOverride::plain(NightRange::new(*night, night.plus(1))) };
    let kept: Vec<DayOverride> = kept.iter().map(price).collect();
    calendar.days.overrides = overlay(&kept, &calendar.days.overrides);
    Ok(Some(calendar))
}

fn gathered(conn: &mut Conn<'_>, listing: ListingId, from: Option<Night>, without: Option<BookingId>, now: Instant) -> DbResult<Option<Calendar>> {
    let Some(listed) = store::terms(conn, listing)? else { return Ok(None) };
    let local = listed.times.zone.local(now);
    let causes = store::causes_but(conn, listing, without, local.today, now)?;
    let overrides = store::overrides(conn, listing, from.map_or(local.today, |from| from.min(local.today)))?;
    let days = Days::new(&listed.terms, &causes, overrides);
    Ok(Some(Calendar { listed, days, local }))
}
