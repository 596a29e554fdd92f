//! Taking nights and giving them back. Everything here is for the transaction of whoever books, under the listing lock.

use super::super::rules::units::{self, Held};
use super::super::rules::{Days, Party, Rule, Terms, explain, nearest};
use super::super::store::{self, LOOK_BACK, nights};
use super::log::{LogEntry, LogKind, tell};
use super::{Calendar, calendar_in_any_state};
use crate::features::listings;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Kind, Refusal, Refused};
use crate::platform::events;
use crate::values::{BookingId, Instant, ListingId, LocalMoment, Night, NightRange, Stay, UserId};
use serde_json::json;

pub use nights::Taken as TakenNights;

/// Days to each side of the dates asked for in which other dates are looked for, and how many of them are offered.
const REACH_DAYS: i32 = 60;
const MOST_NEAREST: usize = 3;

/// Nights somebody wants.
#[derive(Debug, Clone)]
pub struct Claim {
    pub listing: ListingId,
    pub stay: Stay,
    pub party: Party,
    pub booking: BookingId,
    pub lifetime: Lifetime,
    /// Who asks; `None`: the house itself.
    pub by: Option<UserId>,
    /// Rules that do not bind whoever asks (a host who enters a stay). That nights are taken always binds.
    pub waived: Vec<Rule>,
}

/// For how long nights are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lifetime {
    Booking,
    /// Free again at that instant, whoever removes the rows.
    Hold {
        expires_at: Instant,
    },
}

/// Nights that were taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The unit.
    pub slot: u16,
    /// Nights of preparation that the stay keeps from now on, whatever the host changes.
    pub gap: u8,
    /// Bookings whose holds had run out and were removed: they have expired, which the caller writes down.
    pub lapsed: Vec<BookingId>,
    /// Bookings that were put into another unit.
    pub moved: Vec<BookingId>,
}

/// Nights that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unavailable {
    /// In the order of A7, the first is the main one.
    pub reasons: Vec<Rule>,
    /// The nearest stays of the same length that can be booked.
    pub nearest: Vec<Stay>,
    /// As in [`Claimed`], for callers that keep what was written and answer no.
    pub lapsed: Vec<BookingId>,
}

impl Refusal for Unavailable {
    fn refused(&self) -> Refused {
        let mut refused = Refused::new(Kind::Conflict, "dates_unavailable", "These dates cannot be booked; `reasons` says why.");
        let reasons: Vec<&str> = self.reasons.iter().map(|rule| rule.code()).collect();
        let dates = |stay: &Stay| json!({"check_in": stay.check_in().to_string(), "check_out": stay.check_out().to_string()});
        refused.data.insert("reasons".to_owned(), json!(reasons));
        refused.data.insert("nearest_available".to_owned(), self.nearest.iter().map(dates).collect());
        refused
    }
}

/// Takes the nights of a stay, or says why not. Removes holds that have run out, and puts stays that may be moved into other units
/// where that makes room (A3). On `Err` nothing was taken.
pub fn claim(tx: &mut Tx<'_>, now: Instant, claim: &Claim) -> DbResult<Result<Claimed, Unavailable>> {
    let unavailable = |reasons, nearest, lapsed| Ok(Err(Unavailable { reasons, nearest, lapsed }));
    if !listings::lock_calendar(tx, claim.listing)? {
        return unavailable(vec![Rule::ListingNotBookable], Vec::new(), Vec::new());
    }
    let lapsed = nights::drop_expired(tx, claim.listing, now)?;
    let Some(Calendar { listed, days, local }) = calendar_in_any_state(tx, claim.listing, None, now)? else {
        return unavailable(vec![Rule::ListingNotBookable], Vec::new(), lapsed);
    };
    let terms = &listed.terms;
    let others = |rules| (rules, nearest(terms, &days, claim.stay, claim.party, local, REACH_DAYS, MOST_NEAREST));
    let failed = failures(claim, terms, &days, local);
    if !failed.is_empty() {
        let (reasons, nearest) = others(failed);
        return unavailable(reasons, nearest, lapsed);
    }
    let Some((slot, moves)) = find_unit(tx, claim, terms, &days, local, now)? else {
        let (reasons, nearest) = others(vec![Rule::NoSingleUnit]);
        return unavailable(reasons, nearest, lapsed);
    };
    nights::rearrange(tx, claim.listing, &moves)?;
    let until = match claim.lifetime {
        Lifetime::Booking => None,
        Lifetime::Hold { expires_at } => Some(expires_at),
    };
    // The lock keeps everybody out who asks here; the key of the table keeps out whoever does not.
    if !nights::take(tx, claim.listing, slot, claim.stay, claim.booking, until, terms.preparation)? {
        nights::give_back(tx, claim.booking)?;
        let (reasons, nearest) = others(vec![Rule::DatesUnavailable]);
        return unavailable(reasons, nearest, lapsed);
    }
    let moved: Vec<BookingId> = moves.into_iter().map(|(booking, _)| booking).collect();
    log_claim(tx, now, claim, slot, &moved)?;
    Ok(Ok(Claimed { slot, gap: terms.preparation, lapsed, moved }))
}

/// The rules that keep the claim out.
fn failures(claim: &Claim, terms: &Terms, days: &Days, local: LocalMoment) -> Vec<Rule> {
    let binds = |rule: Rule| matches!(rule, Rule::DatesUnavailable | Rule::NoSingleUnit) || !claim.waived.contains(&rule);
    let rules = explain(terms, days, claim.stay, claim.party, local).into_iter();
    rules.filter(|(rule, verdict)| !verdict.passes && binds(*rule)).map(|(rule, _)| rule).collect()
}

/// Bookings with the units that they go to.
pub(super) type Moves = Vec<(BookingId, u16)>;

/// The unit for the stay, and which bookings go where to make room for it.
fn find_unit(conn: &mut Conn<'_>, claim: &Claim, terms: &Terms, days: &Days, local: LocalMoment, now: Instant) -> DbResult<Option<(u16, Moves)>> {
    if terms.units == 1 {
        return Ok(Some((0, Vec::new())));
    }
    let since = local.today.plus(-LOOK_BACK);
    let (bookings, mut held): (Vec<BookingId>, Vec<Held>) = store::booked(conn, claim.listing, since, now)?.into_iter().unzip();
    held.extend(store::external(conn, claim.listing, since)?);
    if days.held.is_empty() {
        // What was counted together is placed together: all keep the preparation that the terms ask for.
        held.iter_mut().for_each(|held| held.gap = terms.preparation);
    }
    let new = Held { gap: terms.preparation, ..Held::from(claim.stay.range()) };
    let Some((placed, slot)) = units::arrange(terms.units, &held, new, |held| held.stays_put(local.today)) else { return Ok(None) };
    Ok(Some((slot, moves(&bookings, &held, &placed))))
}

/// The bookings whose unit is another one now.
pub(super) fn moves(bookings: &[BookingId], held: &[Held], placed: &[u16]) -> Moves {
    let all = bookings.iter().zip(held).zip(placed);
    all.filter(|((_, held), slot)| held.slot != Some(**slot)).map(|((booking, _), slot)| (*booking, *slot)).collect()
}

fn log_claim(tx: &mut Tx<'_>, now: Instant, claim: &Claim, slot: u16, moved: &[BookingId]) -> DbResult<()> {
    let (kind, until) = match claim.lifetime {
        Lifetime::Booking => (LogKind::Booking, None),
        Lifetime::Hold { expires_at } => (LogKind::Hold, Some(expires_at.to_string())),
    };
    let became = json!({"booking_id": claim.booking.0, "unit": slot, "expires_at": until, "moved": moved});
    let entry = LogEntry { actor: claim.by, kind, ranges: vec![claim.stay.range()], was: json!({}), became };
    tell(tx, now, claim.listing, events::Kind::CalendarChanged, &entry)
}

/// Gives the nights of a hold or a booking back; answers which they were, `None` when it had none.
pub fn release(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, booking: BookingId) -> DbResult<Option<TakenNights>> {
    let Some(taken) = held_nights(tx, booking)? else { return Ok(None) };
    nights::give_back(tx, booking)?;
    let entry = LogEntry { actor: by, kind: LogKind::Release, ranges: vec![taken.range], was: json!({"booking_id": booking.0}), became: json!({}) };
    tell(tx, now, taken.listing, events::Kind::CalendarChanged, &entry)?;
    Ok(Some(taken))
}

/// Gives the nights of a booking from `from` on back, and leaves those before: a stay that ends early. Answers how many there were.
pub fn release_from(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, booking: BookingId, from: Night) -> DbResult<i32> {
    let Some(taken) = held_nights(tx, booking)?.filter(|taken| from < taken.range.to) else { return Ok(0) };
    let freed = NightRange::new(from.max(taken.range.from), taken.range.to);
    nights::give_back_from(tx, booking, from)?;
    let entry = LogEntry { actor: by, kind: LogKind::Release, ranges: vec![freed], was: json!({"booking_id": booking.0}), became: json!({}) };
    tell(tx, now, taken.listing, events::Kind::CalendarChanged, &entry)?;
    Ok(freed.from.days_until(freed.to))
}

/// Lets a hold last until another instant; `false` when it has run out by `now`, or there is none.
pub fn extend(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, booking: BookingId, until: Instant) -> DbResult<bool> {
    let Some(taken) = held_nights(tx, booking)?.filter(|taken| taken.until.is_some_and(|until| now < until)) else { return Ok(false) };
    nights::extend(tx, booking, until)?;
    let said = |until: Instant| json!({"booking_id": booking.0, "expires_at": until.to_string()});
    let was = said(taken.until.unwrap_or(until));
    let entry = LogEntry { actor: by, kind: LogKind::Hold, ranges: vec![taken.range], was, became: said(until) };
    tell(tx, now, taken.listing, events::Kind::CalendarChanged, &entry)?;
    Ok(true)
}

/// Makes a hold a booking; `false` when it has run out by `now`, or there is none.
pub fn confirm(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, booking: BookingId) -> DbResult<bool> {
    let Some(taken) = held_nights(tx, booking)?.filter(|taken| taken.until.is_none_or(|until| now < until)) else { return Ok(false) };
    if let Some(until) = taken.until {
        nights::keep(tx, booking)?;
        let was = json!({"booking_id": booking.0, "expires_at": until.to_string()});
        let entry = LogEntry { actor: by, kind: LogKind::Booking, ranges: vec![taken.range], was, became: json!({"booking_id": booking.0}) };
        tell(tx, now, taken.listing, events::Kind::CalendarChanged, &entry)?;
    }
    Ok(true)
}

/// Keeps a stay in the unit that it has, or lets it be moved again; `false` when it has no nights.
pub fn pin(tx: &mut Tx<'_>, now: Instant, by: Option<UserId>, booking: BookingId, pinned: bool) -> DbResult<bool> {
    let Some(taken) = held_nights(tx, booking)? else { return Ok(false) };
    nights::pin(tx, taken.listing, booking, pinned)?;
    let said = |pinned: bool| json!({"booking_id": booking.0, "pinned": pinned});
    let entry = LogEntry { actor: by, kind: LogKind::Units, ranges: vec![taken.range], was: said(!pinned), became: said(pinned) };
    tell(tx, now, taken.listing, events::Kind::CalendarChanged, &entry)?;
    Ok(true)
}

/// What a booking has, read under the lock of its listing.
fn held_nights(tx: &mut Tx<'_>, booking: BookingId) -> DbResult<Option<TakenNights>> {
    let Some(found) = nights::of_booking(tx, booking)? else { return Ok(None) };
    listings::lock_calendar(tx, found.listing)?;
    nights::of_booking(tx, booking)
}
