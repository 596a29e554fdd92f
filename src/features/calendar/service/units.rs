//! The units of a listing: how many, and what they are called.

use super::super::rules::units::{Held, crowded, place};
use super::super::store::{self, LOOK_BACK, nights, units};
use super::claim::moves;
use super::log::{LogEntry, LogKind, tell};
use crate::features::listings;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::events;
use crate::values::{BookingId, Instant, ListingId, NightRange, UserId};
use serde_json::{Value, json};

/// The names of all units, the first one's first; empty where none was given. `None`: no such listing.
pub(crate) fn unit_names(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Vec<String>>> {
    let Some(listed) = store::terms(conn, listing)? else { return Ok(None) };
    let mut names = vec![String::new(); listed.terms.units.into()];
    for (slot, name) in units::names(conn, listing)? {
        if let Some(place) = names.get_mut(usize::from(slot)) {
            *place = name;
        }
    }
    Ok(Some(names))
}

/// Gives a listing as many units as there are names. Refuses with 409 `units_taken` as [`set_unit_count`] does.
pub(crate) fn set_units(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, listing: ListingId, names: &[String]) -> Result<Vec<BookingId>> {
    let count = u16::try_from(names.len()).unwrap_or(u16::MAX);
    let was = unit_names(tx, listing)?.unwrap_or_default();
    let lapsed = set_unit_count(tx, now, by, listing, count)?;
    if was != names {
        units::set_names(tx, listing, names, now)?;
        // How many have a name; which, is the host's own.
        let named = |names: &[String]| json!({"named": names.iter().filter(|name| !name.is_empty()).count()});
        let entry = LogEntry { actor: by, kind: LogKind::Units, ranges: Vec::new(), was: named(&was), became: named(names) };
        tell(tx, now, listing, events::Kind::ListingChanged, &entry)?;
    }
    Ok(lapsed)
}

/// Sets how many units a listing has (1 to 500). Fewer are refused with 409 `units_taken` and the nights on which more are taken, or
/// whose stays keep a unit that would go (A4). Answers the bookings whose holds had run out and were removed.
pub fn set_unit_count(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, listing: ListingId, count: u16) -> Result<Vec<BookingId>> {
    let not_found = || Error::not_found("There is no such listing, or it is not yours.");
    if !listings::lock_calendar(tx, listing)? {
        return Err(not_found());
    }
    let listed = store::terms(tx, listing)?.ok_or_else(not_found)?;
    let was = listed.terms.units;
    if was == count {
        return Ok(Vec::new());
    }
    let lapsed = nights::drop_expired(tx, listing, now)?;
    if count < was {
        make_room(tx, now, listing, &listed, count)?;
    }
    units::set_count(tx, listing, count, now)?;
    let entry = LogEntry { actor: by, kind: LogKind::Units, ranges: Vec::new(), was: json!({"count": was}), became: json!({"count": count}) };
    tell(tx, now, listing, events::Kind::ListingChanged, &entry)?;
    Ok(lapsed)
}

/// The number of units as listings change it: by the same rules.
pub struct CalendarUnits;

impl listings::UnitKeeper for CalendarUnits {
    fn set_units(&self, tx: &mut Tx<'_>, now: Instant, by: UserId, listing: ListingId, count: u16) -> Result<()> {
        set_unit_count(tx, now, Some(by), listing, count).map(drop)
    }
}

/// Puts every stay to come into the units that are left, or refuses.
fn make_room(tx: &mut Tx<'_>, now: Instant, listing: ListingId, listed: &store::Listed, count: u16) -> Result<()> {
    let today = listed.times.zone.local(now).today;
    let since = today.plus(-LOOK_BACK);
    let booked = store::booked(tx, listing, since, now)?.into_iter().filter(|(_, held)| held.range.to > today);
    let (bookings, mut held): (Vec<BookingId>, Vec<Held>) = booked.unzip();
    held.extend(store::external(tx, listing, since)?.into_iter().filter(|held| held.range.to > today));
    let to_come: Vec<Held> = held.iter().map(|held| Held { range: NightRange::new(held.range.from.max(today), held.range.to), ..*held }).collect();
    let crowded = crowded(&to_come, count);
    if !crowded.is_empty() {
        return Err(in_use("More units than that are taken on some nights to come.", &crowded));
    }
    let ranges = |keeps: &dyn Fn(&Held) -> bool| held.iter().filter(|held| keeps(held)).map(|held| held.range).collect::<Vec<_>>();
    let homeless = ranges(&|held| held.stays_put(today) && held.slot.is_some_and(|slot| slot >= count));
    if !homeless.is_empty() {
        return Err(in_use("Stays that are under way, or pinned, are in units that would go.", &homeless));
    }
    let Some(placed) = place(count, &held, |held| held.stays_put(today)) else {
        let kept = ranges(&|held| held.stays_put(today));
        return Err(in_use("The stays to come cannot be put beside those that keep their unit.", &kept));
    };
    Ok(nights::rearrange(tx, listing, &moves(&bookings, &held, &placed))?)
}

fn in_use(detail: &str, ranges: &[NightRange]) -> Error {
    let ranges: Vec<Value> = ranges.iter().map(|range| json!({"from": range.from.to_string(), "to": range.to.to_string()})).collect();
    Error::refused(Kind::Conflict, "units_taken", detail).with_data("nights", Value::Array(ranges))
}
