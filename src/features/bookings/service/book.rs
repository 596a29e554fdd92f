//! A stay is booked, or asked for: the quote becomes a booking, and its nights are held (T1, T2).

use super::{World, letters, money, steps};
use crate::features::accounts;
use crate::features::bookings::rules::booking::{Booking, Transition};
use crate::features::bookings::rules::code;
use crate::features::bookings::rules::state::{Side, State};
use crate::features::bookings::store::place::{Place, place};
use crate::features::bookings::store::{bookings as rows, transitions};
use crate::features::calendar::{self, Claim, Lifetime};
use crate::features::quotes::{self, Quote, QuoteId};
use crate::platform::access::{Principal, Relation};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::values::{BookingId, Instant, Stay, UserId, Zone};
use anyhow::Context as _;

/// Unpaid holds that a guest may have at once, and holds and requests together (S-ABUSE-1).
const HOLDS: usize = 3;
const HOLDS_AND_REQUESTS: usize = 5;
/// So long the same guest cannot hold nights again that they let go.
const PAUSE_SECONDS: i64 = 600;
/// A host has so long to answer (T2).
const ANSWER_HOURS: i64 = 24;
/// Codes are tried so often; with 10¹² of them the second try is one in a million years.
const CODES: u32 = 8;

/// What a guest wants.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub quote: QuoteId,
    /// To the host; may be empty.
    pub message: String,
    /// A token of the payment provider; `None`: the guest pays in a further call.
    pub method: Option<String>,
}

/// Holds the nights of a quote for the guest who asked for it, and asks for the money that is due now. A home that takes guests at once
/// waits for the payment; another one waits for its host.
///
/// Refuses with 404 and 409 as [`quotes::load`] does, with 403 `own_listing`, with 409 `quote_used`, `dates_unavailable` and `hold_limit`,
/// and with what the coupon says.
pub(crate) fn book(tx: &mut Tx<'_>, now: Instant, world: &World, caller: &Principal, wish: &Wish) -> Result<Booking> {
    let guest = caller.user;
    let quote = quotes::load(tx, now, Some(guest), wish.quote)?;
    let place = place(tx, quote.listing)?.ok_or_else(|| Error::not_found("There is no such listing, or it is not published."))?;
    not_ones_own(tx, caller, &quote, &place)?;
    if let Some(first) = rows::of_quote(tx, wish.quote)? {
        return Err(used(first));
    }
    let stay = quote.asked.stay()?;
    let instant = place.instant_book && !must_ask(&quote, &place, now)?;
    let until = held_until(world, &quote, instant, now);
    let id = BookingId::new();
    take(tx, now, world, &quote, (id, guest), stay, until)?;
    within_limits(tx, now, guest, &quote, stay)?;
    if let Some(coupon) = quote.coupon {
        quotes::redeem(tx, now, coupon, guest, id)?;
    }
    let mut booking = made(now, id, quote, wish, place, (guest, instant, until));
    if let Some(method) = &wish.method {
        money::provider_of(world, method)?.clone_into(&mut booking.provider);
    }
    write(tx, world, &mut booking, Side::Guest, stay)?;
    if money::ask_first(tx, now, world, &mut booking, wish.method.as_deref())? == money::Asked::NothingDue && instant {
        steps::confirm(tx, now, world, &mut booking)?;
    }
    if !instant {
        letters::requested(tx, now, world, &booking)?;
    }
    Ok(booking)
}

/// Nobody books their own home, or one that they help with.
fn not_ones_own(tx: &mut Tx<'_>, caller: &Principal, quote: &Quote, place: &Place) -> Result<()> {
    let own = || Error::refused(Kind::Forbidden, "own_listing", "This is your own home; block the nights in its calendar instead.");
    if place.host == caller.user {
        return Err(own());
    }
    match crate::features::listings::relation_of(tx, caller.user, quote.listing)? {
        Relation::Stranger | Relation::Themselves => Ok(()),
        _ => Err(own()),
    }
}

fn used(first: BookingId) -> Error {
    Error::refused(Kind::Conflict, "quote_used", "This quote was booked already.").with_data("booking_id", first.0.to_string().into())
}

/// Whether the guest comes too soon to come without being asked back (A9).
fn must_ask(quote: &Quote, place: &Place, now: Instant) -> Result<bool> {
    let zone = Zone::parse(&quote.promise.zone).context("the zone of a quote is unknown")?;
    Ok(place.notice.must_ask(quote.asked.check_in, zone.local(now)))
}

fn held_until(world: &World, quote: &Quote, instant: bool, now: Instant) -> Instant {
    if instant {
        return now.plus_seconds(i64::from(world.config.bookings.hold_minutes) * 60);
    }
    now.plus_seconds(ANSWER_HOURS * 3_600).min(quote.check_in_at)
}

/// Takes the nights; whoever let them lapse expires.
fn take(tx: &mut Tx<'_>, now: Instant, world: &World, quote: &Quote, (id, guest): (BookingId, UserId), stay: Stay, until: Instant) -> Result<()> {
    let claim = Claim {
        listing: quote.listing,
        stay,
        party: quote.asked.guests().party,
        booking: id,
        lifetime: Lifetime::Hold { expires_at: until },
        by: Some(guest),
        waived: Vec::new(),
    };
    let claimed = calendar::claim(tx, now, &claim)??;
    steps::lapsed(tx, now, world, &claimed.lapsed)
}

/// What one guest may hold. Their account is held after the listing, so that two requests of theirs are counted one after the other.
fn within_limits(tx: &mut Tx<'_>, now: Instant, guest: UserId, quote: &Quote, stay: Stay) -> Result<()> {
    accounts::held(tx, guest)?;
    let held = rows::live_holds(tx, guest, now)?;
    let unpaid = held.iter().filter(|state| **state == State::PendingPayment).count();
    if unpaid >= HOLDS || held.len() >= HOLDS_AND_REQUESTS {
        let detail = "You hold nights elsewhere already: pay for them, or withdraw them first.";
        return Err(Error::refused(Kind::Conflict, "hold_limit", detail));
    }
    if rows::let_lapse(tx, quote.listing, guest, now.plus_seconds(-PAUSE_SECONDS), stay)? {
        let detail = "You held these nights a moment ago and let them go; others may have them for ten minutes.";
        let mut refused = Refused::new(Kind::Conflict, "hold_limit", detail);
        refused.retry_after_seconds = u32::try_from(PAUSE_SECONDS).ok();
        return Err(refused.into());
    }
    Ok(())
}

fn made(now: Instant, id: BookingId, quote: Quote, wish: &Wish, place: Place, (guest, instant, until): (UserId, bool, Instant)) -> Booking {
    Booking {
        id,
        code: String::new(),
        listing: quote.listing,
        host: place.host,
        guest: Some(guest),
        guest_name: String::new(),
        made_by: guest,
        quote: Some(quote.id),
        state: if instant { State::PendingPayment } else { State::Requested },
        asked: quote.asked,
        promise: quote.promise,
        currency: quote.currency,
        coupon: quote.coupon,
        provider: String::new(),
        message: wish.message.clone(),
        house_rules: place.house_rules,
        check_in_at: quote.check_in_at,
        check_out_at: quote.check_out_at,
        due_at: Some(until),
        accepted_at: None,
        confirmed_at: None,
        ended_at: None,
        no_show_at: None,
        outcome: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

/// Writes a new booking and the first line of its history.
pub(super) fn write(tx: &mut Tx<'_>, world: &World, booking: &mut Booking, side: Side, stay: Stay) -> Result<()> {
    for _ in 0..CODES {
        booking.code = code::fresh();
        if rows::insert(tx, booking, stay)? {
            let step = Transition {
                number: 1,
                act: None,
                from: None,
                to: booking.state,
                side,
                actor: Some(booking.made_by),
                reason: String::new(),
                at: booking.created_at,
            };
            transitions::append(tx, booking.id, &step, Some(&world.origin.request_id))?;
            return Ok(());
        }
        if let Some(quote) = booking.quote
            && let Some(first) = rows::of_quote(tx, quote)?
        {
            return Err(used(first));
        }
    }
    Err(anyhow::anyhow!("no code for a booking was free in {CODES} tries").into())
}
