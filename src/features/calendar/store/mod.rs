//! SQL of the calendar: terms, causes and overrides of one listing. Nothing is stored as a union; `rules` joins.
//! What hosts change is in `edits.rs`, `settings.rs` and `units.rs`, what stays take in `nights.rs`, who did it in `log.rs`.

pub(super) mod causes;
pub(super) mod edits;
pub(super) mod log;
pub(super) mod nights;
pub(super) mod settings;
pub(super) mod units;

use super::rules::seasons::{self, Season};
use super::rules::times::Times;
use super::rules::{Causes, DayOverride, Held, SEASONS, Terms, earliest_arrival, lay};
use crate::platform::db::{Conn, DbError, DbResult, Json, Row};
use crate::values::{BookingId, Currency, Instant, ListingId, LocalMoment, Money, Night, NightRange, Zone};
use std::num::{NonZeroI64, NonZeroU16};

/// Days before `from` whose causes still matter: the longest gap that the gap rule looks at (30), the longest
/// preparation (7), and one. Whoever reads from here on gets the answers of somebody who read the whole past.
pub const LOOK_BACK: i32 = 38;

const TERMS: &str = "SELECT state, capacity, max_infants, max_pets, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict,
                     preparation_nights, arrival_days, departure_days, gap_nights, fill_gaps, unit_count, arrival_min_nights, notice_as_request,
                     zone, currency, price_minor, check_in_minute, check_out_minute
                     FROM listings WHERE id = $1";
const BLOCKS: &str = "SELECT from_night, to_night FROM calendar_blocks WHERE listing_id = $1 AND to_night > $2 ORDER BY from_night";
const EXTERNAL: &str = "SELECT from_night, to_night, slot FROM external_nights WHERE listing_id = $1 AND to_night > $2 ORDER BY from_night";
const BOOKED: &str = "SELECT slot, night, booking_id, gap, slot, pinned FROM booked_nights
                     WHERE listing_id = $1 AND night >= $2 AND (expires_at IS NULL OR expires_at > $3) ORDER BY slot, night";
const OVERRIDES: &str = "SELECT source, from_night, to_night, price_minor, min_nights, max_nights, closed_to_arrival, closed_to_departure
                     FROM day_overrides WHERE listing_id = $1 AND to_night > $2 ORDER BY source, from_night";

const SEASONAL: &str = "SELECT pricing FROM listings WHERE id = $1";

/// Every statement that must find its rows by an index, for the test that looks at the engines' plans, each with a letter for what its
/// parameters are: Uuid, Date, Instant, Number, Text, Bool, Json.
#[must_use]
pub fn statements() -> Vec<(&'static str, &'static str)> {
    let own = [(TERMS, "U"), (BLOCKS, "UD"), (EXTERNAL, "UD"), (BOOKED, "UDI"), (OVERRIDES, "UD"), (SEASONAL, "U")];
    let rooms = [&own[..], &causes::STATEMENTS, &edits::STATEMENTS, &log::STATEMENTS, &nights::STATEMENTS, &settings::STATEMENTS, &units::STATEMENTS];
    rooms.concat()
}

/// What the calendar must know of a listing besides its days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    pub terms: Terms,
    pub times: Times,
    pub notice: Notice,
    /// Base price of a night.
    pub base: Money,
}

/// How soon a host takes guests without being asked (A9).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    pub days: u8,
    pub cutoff_minute: Option<u16>,
    /// Whoever comes later asks for the stay instead of being refused; then the terms themselves name no notice.
    pub as_request: bool,
}

impl Notice {
    /// Whether a guest who arrives on `check_in` has to ask first.
    #[must_use]
    pub fn must_ask(&self, check_in: Night, local: LocalMoment) -> bool {
        self.as_request && check_in < earliest_arrival(self.days, self.cutoff_minute, local)
    }
}

/// The terms of a listing, whatever its state (`terms.bookable` says whether it is published); `None` when there is none.
pub fn terms(conn: &mut Conn<'_>, listing: ListingId) -> DbResult<Option<Listed>> {
    conn.first(TERMS, &[listing.into()], |row| {
        Ok(Listed {
            terms: terms_in(row, 1, row.get::<String>(0)? == "published")?,
            times: Times { zone: row.known(18, Zone::parse)?, check_in_minute: row.small(21)?, check_out_minute: row.small(22)? },
            notice: Notice { days: row.small(6)?, cutoff_minute: row.small_or_null(7)?, as_request: row.get(17)? },
            base: Money::new(row.get(20)?, row.known(19, Currency::parse)?),
        })
    })
}

/// The terms in seventeen columns from `first` on: `capacity` to `unit_count` in the order of the schema, `arrival_min_nights` and
/// `notice_as_request`. Where late guests may ask, they name no notice: it refuses nobody.
pub fn terms_in(row: &Row<'_>, first: usize, bookable: bool) -> DbResult<Terms> {
    let as_request: bool = row.get(first + 16)?;
    Ok(Terms {
        bookable,
        capacity: row.small(first)?,
        max_infants: row.small(first + 1)?,
        max_pets: row.small(first + 2)?,
        min_nights: row.small(first + 3)?,
        max_nights: row.small(first + 4)?,
        notice_days: if as_request { 0 } else { row.small(first + 5)? },
        cutoff_minute: if as_request { None } else { row.small_or_null(first + 6)? },
        window_days: row.small(first + 7)?,
        window_strict: row.get(first + 8)?,
        preparation: row.small(first + 9)?,
        arrival_days: row.small(first + 10)?,
        departure_days: row.small(first + 11)?,
        gap_nights: row.small(first + 12)?,
        fill_gaps: row.get(first + 13)?,
        units: row.small(first + 14)?,
        arrival_min_nights: weekdays_in(row, first + 15)?,
    })
}

/// Seven numbers, Monday first; an empty array is seven zeros.
fn weekdays_in(row: &Row<'_>, column: usize) -> DbResult<[u16; 7]> {
    // Next to nobody has any.
    let Json(text) = row.get(column)?;
    if text == "[]" {
        return Ok([0; 7]);
    }
    serde_json::from_str(&text).map_err(|error| DbError::Column { column, reason: error.to_string() })
}

/// What the seasons in a column `pricing` say about the length of stays.
pub fn seasons_in(row: &Row<'_>, column: usize) -> DbResult<Vec<Season>> {
    let Json(text) = row.get(column)?;
    seasons::read(&text).map_err(|error| DbError::Column { column, reason: error.to_string() })
}

/// A stay elsewhere, from three columns: `from_night`, `to_night`, `slot`.
pub fn elsewhere(row: &Row<'_>, first: usize) -> DbResult<Held> {
    Ok(Held { range: range(row, first)?, gap: 0, slot: Some(row.small(first + 2)?), pinned: true })
}

/// A stay of our own on `range`, from three columns: `gap`, `slot`, `pinned`.
pub fn held_in(row: &Row<'_>, range: NightRange, first: usize) -> DbResult<Held> {
    Ok(Held { range, gap: row.small(first)?, slot: Some(row.small(first + 1)?), pinned: row.get(first + 2)? })
}

/// Everything that takes nights from `from` on, each cause for itself; what ended shortly before is included as far
/// as a rule may still look at it. Holds that have expired by `now` are left out, whoever removes them (A14).
pub fn causes(conn: &mut Conn<'_>, listing: ListingId, from: Night, now: Instant) -> DbResult<Causes> {
    causes_but(conn, listing, None, from, now)
}

/// [`causes`], as if one booking were not there.
pub(super) fn causes_but(conn: &mut Conn<'_>, listing: ListingId, without: Option<BookingId>, from: Night, now: Instant) -> DbResult<Causes> {
    let since = from.plus(-LOOK_BACK);
    let others = booked(conn, listing, since, now)?.into_iter().filter(|(booking, _)| Some(*booking) != without);
    let mut stays: Vec<Held> = others.map(|(_, held)| held).collect();
    stays.extend(external(conn, listing, since)?);
    Ok(Causes { blocks: blocks(conn, listing, since)?, stays })
}

/// Blocks of the host that have not ended by `since`.
fn blocks(conn: &mut Conn<'_>, listing: ListingId, since: Night) -> DbResult<Vec<NightRange>> {
    conn.query(BLOCKS, &[listing.into(), since.into()], |row| range(row, 0))
}

/// Ranges taken elsewhere that have not ended by `since`. Whoever is there was told which unit: they stay in it.
pub(super) fn external(conn: &mut Conn<'_>, listing: ListingId, since: Night) -> DbResult<Vec<Held>> {
    conn.query(EXTERNAL, &[listing.into(), since.into()], |row| elsewhere(row, 0))
}

/// Nights of bookings and live holds from `since` on, joined into one stay a booking and unit.
pub(super) fn booked(conn: &mut Conn<'_>, listing: ListingId, since: Night, now: Instant) -> DbResult<Vec<(BookingId, Held)>> {
    let mut runs: Vec<((i64, BookingId), Held)> = Vec::new();
    conn.each(BOOKED, &[listing.into(), since.into(), now.into()], |row| {
        let (unit, night) = ((row.get(0)?, row.get(2)?), row.get(1)?);
        match runs.last_mut() {
            Some((same, held)) if *same == unit && held.range.to == night => held.range.to = night.plus(1),
            _ => runs.push((unit, held_in(row, NightRange::new(night, night.plus(1)), 3)?)),
        }
        Ok(())
    })?;
    Ok(runs.into_iter().map(|((_, booking), held)| (booking, held)).collect())
}

/// Days from `from` on (and a little before, as with [`causes`]) that differ from the listing's terms: the host's word
/// over that of imports, and both over the seasons, field by field.
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
    let seasons = conn.first(SEASONAL, &[listing.into()], |row| seasons_in(row, 0))?.unwrap_or_default();
    if !seasons.is_empty() {
        by_source.push((SEASONS.to_owned(), seasons::overrides(&seasons, from.plus(-LOOK_BACK))));
    }
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
pub(super) fn range(row: &Row<'_>, column: usize) -> DbResult<NightRange> {
    Ok(NightRange::new(row.get(column)?, row.get(column + 1)?))
}
