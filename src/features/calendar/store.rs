//! SQL of the calendar: terms, causes and overrides of one listing. Nothing is stored as a union; `rules` joins.

use super::rules::{Causes, DayOverride, Terms, in_units, lay};
use crate::platform::db::{Conn, DbResult, Row};
use crate::values::{BookingId, Currency, Instant, ListingId, Money, Night, NightRange, Zone};
use std::num::{NonZeroI64, NonZeroU16};

/// Days before `from` whose causes still matter: the longest gap that the gap rule looks at (30), the longest
/// preparation (7), and one. Whoever reads from here on gets the answers of somebody who read the whole past.
pub const LOOK_BACK: i32 = 38;

const TERMS: &str = "SELECT state, capacity, max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict,
                     preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, zone, currency, price_minor
                     FROM listings WHERE id = $1";
const BLOCKS: &str = "SELECT from_night, to_night FROM calendar_blocks WHERE listing_id = $1 AND to_night > $2 ORDER BY from_night";
const EXTERNAL: &str = "SELECT from_night, to_night, slot FROM external_nights WHERE listing_id = $1 AND to_night > $2 ORDER BY from_night";
const BOOKED: &str = "SELECT slot, night, booking_id FROM booked_nights
                     WHERE listing_id = $1 AND night >= $2 AND (expires_at IS NULL OR expires_at > $3) ORDER BY slot, night";
const OVERRIDES: &str = "SELECT source, from_night, to_night, price_minor, min_nights, max_nights, closed_to_arrival, closed_to_departure
                     FROM day_overrides WHERE listing_id = $1 AND to_night > $2 ORDER BY source, from_night";

/// Every statement of this file, for the test that looks at the engines' plans.
pub const STATEMENTS: [&str; 5] = [TERMS, BLOCKS, EXTERNAL, BOOKED, OVERRIDES];

/// What the calendar must know of a listing besides its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub terms: Terms,
    pub zone: Zone,
    /// Base price of a night.
    pub base: Money,
}

/// The terms of a listing, whatever its state (`terms.bookable` says whether it is published); `None` when there is none.
pub fn terms(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Listed>> {
    conn.first(TERMS, &[listing.into()], |row| {
        Ok(Listed {
            terms: terms_in(row, 1, row.get::<String>(0)? == "published")?,
            zone: row.known(16, Zone::parse)?,
            base: Money::new(row.get(18)?, row.known(17, Currency::parse)?),
        })
    })
}

/// The terms in fifteen columns from `first` on: `capacity` to `unit_count`, in the order of the schema.
pub fn terms_in(row: &Row<'_>, first: usize, bookable: bool) -> DbResult<Terms> {
    Ok(Terms {
        bookable,
        capacity: row.small(first)?,
        max_infants: row.small(first + 1)?,
        max_pets: row.small(first + 2)?,
        min_nights: row.small(first + 3)?,
        max_nights: row.small(first + 4)?,
        notice_days: row.small(first + 5)?,
        cutoff_minute: row.small_or_null(first + 6)?,
        window_days: row.small(first + 7)?,
        window_strict: row.get(first + 8)?,
        preparation: row.small(first + 9)?,
        arrival_days: row.small(first + 10)?,
        departure_days: row.small(first + 11)?,
        gap_nights: row.small(first + 12)?,
        fill_gaps: row.get(first + 13)?,
        units: row.small(first + 14)?,
    })
}

/// Everything that takes nights from `from` on, each cause for itself; what ended shortly before is included as far
/// as a rule may still look at it. Holds that have expired by `now` are left out, whoever removes them (A14).
pub fn causes(conn: &mut Conn<'_>, listing: ListingId, from: Night, now: Instant) -> DbResult<Causes> {
    let since = from.plus(-LOOK_BACK);
    let mut stays = booked(conn, listing, since, now)?;
    stays.extend(external(conn, listing, since)?);
    Ok(Causes { blocks: blocks(conn, listing, since)?, stays: in_units(stays) })
}

/// Blocks of the host that have not ended by `since`.
fn blocks(conn: &mut Conn<'_>, listing: ListingId, since: Night) -> DbResult<Vec<NightRange>> {
    conn.query(BLOCKS, &[listing.into(), since.into()], |row| range(row, 0))
}

/// Ranges taken elsewhere that have not ended by `since`, with the unit they are about.
fn external(conn: &mut Conn<'_>, listing: ListingId, since: Night) -> DbResult<Vec<(i64, NightRange)>> {
    conn.query(EXTERNAL, &[listing.into(), since.into()], |row| Ok((row.get(2)?, range(row, 0)?)))
}

/// Nights of bookings and live holds from `since` on, joined into one range a booking and unit; with the unit.
fn booked(conn: &mut Conn<'_>, listing: ListingId, since: Night, now: Instant) -> DbResult<Vec<(i64, NightRange)>> {
    let mut runs: Vec<((i64, BookingId), NightRange)> = Vec::new();
    conn.each(BOOKED, &[listing.into(), since.into(), now.into()], |row| {
        let (unit, night) = ((row.get(0)?, row.get(2)?), row.get(1)?);
        match runs.last_mut() {
            Some((same, run)) if *same == unit && run.to == night => run.to = night.plus(1),
            _ => runs.push((unit, NightRange::new(night, night.plus(1)))),
        }
        Ok(())
    })?;
    Ok(runs.into_iter().map(|((unit, _), run)| (unit, run)).collect())
}

/// Days from `from` on (and a little before, as with [`causes`]) that differ from the listing's terms: the host's word
/// over that of imports, field by field.
pub fn overrides(conn: &mut Conn<'_>, listing: ListingId, from: Night) -> DbResult<Vec<DayOverride>> {
    let mut by_source: Vec<(String, Vec<DayOverride>)> = Vec::new();
    conn.each(OVERRIDES, &[listing.into(), from.plus(-LOOK_BACK).into()], |row| {
        let (source, day): (String, _) = (row.get(0)?, override_in(row, 1)?);
        match by_source.last_mut() {
            Some((same, days)) if *same == source => days.push(day),
            _ => by_source.push((source, vec![day])),
        }
        Ok(())
    })?;
    Ok(lay(by_source.iter().map(|(source, days)| (source.as_str(), days.clone())).collect()))
}

/// A day override in seven columns from `first` on: `from_night` to `closed_to_departure`, in the order of the schema.
pub fn override_in(row: &Row<'_>, first: usize) -> DbResult<DayOverride> {
    Ok(DayOverride {
        range: range(row, first)?,
        price_minor: row.get::<Option<i64>>(first + 2)?.and_then(NonZeroI64::new),
        min_nights: row.small_or_null(first + 3)?.and_then(NonZeroU16::new),
        max_nights: row.small_or_null(first + 4)?.and_then(NonZeroU16::new),
        closed_to_arrival: row.get(first + 5)?,
        closed_to_departure: row.get(first + 6)?,
    })
}

/// Two neighbouring columns as `[from, to)`.
fn range(row: &Row<'_>, column: usize) -> DbResult<NightRange> {
    Ok(NightRange::new(row.get(column)?, row.get(column + 1)?))
}
