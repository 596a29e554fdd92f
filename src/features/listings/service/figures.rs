//! What a host looks back on: views, nights, occupancy; and the list of what one hosts or helps with.

use super::standing::{State, allowed};
use crate::features::listings::rules::months::{Counted, Month, count, months_up_to};
use crate::features::listings::store::figures as store;
use crate::platform::access::{Action, Principal};
use crate::platform::db::{Conn, DbError, DbResult, Tx};
use crate::platform::error::{Error, Result};
use crate::values::{Currency, Instant, ListingId, Night, NightRange, UserId, Zone};
use uuid::Uuid;

pub(in super::super) use store::OwnListing;

/// How long views are kept: the months that can be asked for, and some days.
const KEPT_DAYS: i32 = 36 * 31 + 10;

/// The figures of a month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct MonthFigures {
    pub month: Month,
    pub views: i64,
    pub nights: Counted,
}

/// The figures of a listing, oldest month first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Figures {
    pub zone: String,
    pub currency: Currency,
    pub months: Vec<MonthFigures>,
}

/// The last `count` months of a listing, that of today at the listing included. Reads several tables: give it one cut.
pub(in super::super) fn figures(conn: &mut Conn<'_>, now: Instant, caller: &Principal, listing: ListingId, months: i32) -> Result<Figures> {
    let standing = allowed(conn, Some(caller), listing, Action::SeeEarnings)?;
    let gone = || Error::not_found("There is no such listing.");
    let (base, created_at) = store::base(conn, listing)?.ok_or_else(gone)?;
    let zone = Zone::parse(&standing.zone).ok_or_else(|| DbError::Unusable(format!("no zone: {}", standing.zone)))?;
    let since = zone.local(created_at).today;
    let months = months_up_to(zone.local(now).today, months);
    let (Some(first), Some(last)) = (months.first(), months.last()) else { return Err(gone()) };
    let whole = NightRange::new(first.nights().from, last.nights().to);
    let (taken, views) = (store::taken(conn, listing, whole)?, store::views(conn, listing, whole)?);
    let of_month = |month: &Month| {
        let range = month.nights();
        // Before it was here no night could be booked.
        let here = NightRange::new(range.from.max(since), range.to);
        let views = views.iter().filter(|(day, _)| range.contains(*day)).map(|(_, views)| views).sum();
        MonthFigures { month: *month, views, nights: count(here, standing.units, base, &taken) }
    };
    Ok(Figures { zone: standing.zone, currency: standing.currency, months: months.iter().map(of_month).collect() })
}

/// One page of what somebody hosts or helps with, newest first: at most `limit`, and whether more follow. `last` is the last one of
/// the page before.
pub(in super::super) fn mine(
    conn: &mut Conn<'_>,
    user: UserId,
    last: Option<ListingId>,
    state: Option<State>,
    limit: usize,
) -> DbResult<(Vec<OwnListing>, bool)> {
    let before = last.unwrap_or(ListingId(Uuid::max()));
    // One more than asked for tells whether anything follows.
    let most = i64::try_from(limit).unwrap_or(100) + 1;
    let mut found = store::hosted(conn, user, before, state, most)?;
    found.extend(store::helped(conn, user, before, state, most)?);
    found.sort_by_key(|one| std::cmp::Reverse(one.id));
    let more = found.len() > limit;
    found.truncate(limit);
    Ok((found, more))
}

/// Adds views to the day that it is at each listing. Those of listings that are gone are dropped.
pub(in super::super) fn note_views(tx: &mut Tx<'_>, now: Instant, counted: &[(ListingId, i64)]) -> DbResult<()> {
    for (listing, views) in counted {
        if let Some(zone) = store::zone(tx, *listing)? {
            store::add_views(tx, *listing, zone.local(now).today, *views)?;
        }
    }
    Ok(())
}

/// Drops views that nobody can ask for any more.
pub(in super::super) fn forget_old_views(tx: &mut Tx<'_>, now: Instant) -> DbResult<u64> {
    store::prune_views(tx, Night::in_utc(now).plus(-KEPT_DAYS))
}
