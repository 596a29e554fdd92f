//! A stay is called off (T12): what would happen, and that it happens as it was shown (C10).

use super::acts::{Deed, on_record, opened};
use super::read::{first_unslept, free_unslept, side_of};
use super::{By, World, alter, books, deposits, letters, money, steps};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::{Act, Side, State, invalid};
use crate::features::bookings::store::{bookings as rows, instalments};
use crate::features::cancellation::{Arrival, Cause, Decision, Outcome, Settings, Terms, outcome};
use crate::features::{calendar, quotes};
use crate::platform::access::{Action, Principal};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{BookingId, Instant, NightRange, Zone};
use anyhow::Context as _;

/// By whose doing, where staff call off: they may act for either side, or decide themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum As {
    Guest,
    Host,
    /// A host whose reason staff accept: damage, a guest who broke the rules, force majeure (C11).
    ExcusedHost,
    Refund(i64),
}

/// What would happen if somebody called the stay off at `at`.
pub(crate) fn preview(conn: &mut Conn<'_>, world: &World, caller: &Principal, id: BookingId, by: Option<As>, at: Instant) -> Result<(Booking, Outcome)> {
    let booking = rows::one(conn, id)?.ok_or_else(super::read::not_found)?;
    let side = side_of(conn, caller, &booking, Action::CancelBooking)?;
    let cause = cause(&booking, side, by, deposits::is_missing(conn, &booking)?)?;
    if !matches!(booking.state, State::Confirmed | State::InStay) {
        return Err(invalid(booking.state, Act::Cancel, side));
    }
    let outcome = worked_out(conn, world, &booking, cause, at)?;
    Ok((booking, outcome))
}

/// Calls the stay off. With the hash of a preview it is refused with 409 `outcome_changed` where something else would happen now.
pub(crate) fn cancel(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, by: Option<As>, hash: Option<&str>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::CancelBooking)?;
    let cause = cause(&booking, side, by, deposits::is_missing(tx, &booking)?)?;
    on_record(tx, now, world, deed, side, "cancel")?;
    if !matches!(booking.state, State::Confirmed | State::InStay) {
        return Err(invalid(booking.state, Act::Cancel, side));
    }
    let outcome = worked_out(tx, world, &booking, cause, now)?;
    let known = outcome.hash().context("an outcome cannot be written")?;
    if hash.is_some_and(|hash| hash != known) {
        let refused = Error::refused(Kind::Conflict, "outcome_changed", "Something else would happen now than you were shown. Look at it again.");
        return Err(refused.with_data("preview_hash", known.into()).with_data("refund", outcome.refund.into()));
    }
    carry_out(tx, now, world, &mut booking, &outcome, &By::of(deed.caller, side, deed.reason))?;
    Ok(booking)
}

/// An instalment was not paid: the house calls the stay off.
pub(super) fn unpaid(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking) -> Result<()> {
    let outcome = worked_out(tx, world, booking, of_guest(booking, Cause::Unpaid), now)?;
    carry_out(tx, now, world, booking, &outcome, &By::system("unpaid_instalment"))
}

/// What a guest brings about, by calling off or by not paying. One who never came has lost the nights to come as well: nothing goes back unless the host
/// grants it, so it must not come back this way (C13).
fn of_guest(booking: &Booking, cause: Cause) -> Cause {
    if booking.no_show_at.is_some() { Cause::NoShow { granted: 0 } } else { cause }
}

/// Whose doing it is: everybody for themselves; staff say for whom, or what they decide. A host whose guest leaves no deposit is excused.
fn cause(booking: &Booking, side: Side, by: Option<As>, no_deposit: bool) -> Result<Cause> {
    match (side, by) {
        // Guests without an account have nobody else to speak for them.
        (Side::Host | Side::CoHost, Some(As::Guest)) if booking.guest.is_none() => Ok(of_guest(booking, Cause::Guest)),
        (Side::Guest, None) | (Side::Staff, Some(As::Guest)) => Ok(of_guest(booking, Cause::Guest)),
        (Side::Host | Side::CoHost, None) => Ok(Cause::Host { excused: no_deposit }),
        (Side::System, None) => Ok(of_guest(booking, Cause::Unpaid)),
        (Side::Staff, Some(As::Host)) => Ok(Cause::Host { excused: false }),
        (Side::Staff, Some(As::ExcusedHost)) => Ok(Cause::Host { excused: true }),
        (Side::Staff, Some(As::Refund(amount))) => Ok(Cause::Staff(Decision::Refund(amount))),
        (Side::Staff, None) => Err(Error::refused(Kind::Unacceptable, "missing_field", "Staff say for whom they call off, or how much is refunded.")),
        _ => Err(Error::refused(Kind::Forbidden, "forbidden", "Only staff may decide that.")),
    }
}

fn worked_out(conn: &mut Conn<'_>, world: &World, booking: &Booking, cause: Cause, at: Instant) -> Result<Outcome> {
    let zone = Zone::parse(&booking.promise.zone).context("the zone of a booking is unknown")?;
    let terms = Terms {
        rules: &booking.promise.policy,
        arrival: Arrival { stay: booking.stay()?, zone: &zone, minute: booking.promise.check_in_minute },
        confirmed_at: booking.confirmed_at.unwrap_or(booking.created_at),
        prices: std::slice::from_ref(&booking.promise.price),
        settings: &Settings::of(&world.config.cancellation, booking.currency),
    };
    let outcome = outcome(&terms, cause, at, &money::so_far(conn, booking)?);
    match cause {
        // No more than was paid (C12); less than they say would be another decision than theirs.
        Cause::Staff(Decision::Refund(asked)) if outcome.refund < asked => {
            let most = outcome.refund;
            Err(Error::refused(Kind::Conflict, "refund_too_large", format!("{most} can be given back, not {asked}.")).with_data("most", most.into()))
        }
        _ => Ok(outcome),
    }
}

fn carry_out(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, outcome: &Outcome, by: &By) -> Result<()> {
    booking.outcome = Some(serde_json::to_string(outcome).context("an outcome cannot be written")?);
    steps::step(tx, now, world, booking, Act::Cancel, by, now)?;
    alter::lapse(tx, now, world, booking)?;
    let unslept = first_unslept(booking, now)?;
    free_unslept(tx, now, booking, by.user)?;
    let no_deposit = deposits::is_missing(tx, booking)?;
    let by_host = matches!(outcome.cause, Cause::Host { .. }) && !no_deposit && world.config.cancellation.host_keeps_nights_blocked;
    if let (true, Some(user)) = (by_host && unslept < booking.asked.check_out, by.user) {
        // C11: whoever lets a guest down does not sell the nights again.
        let nights = NightRange::new(unslept, booking.asked.check_out);
        calendar::block(tx, now, user, booking.listing, nights, &format!("Given up: booking {}", booking.code))?;
    }
    if outcome.kept.base == 0 {
        quotes::give_back(tx, booking.id)?;
    }
    instalments::cancel(tx, booking.id)?;
    money::let_go(tx, now, booking)?;
    deposits::called_off(tx, now, world, booking)?;
    books::cancelled(tx, now, booking, outcome)?;
    if outcome.refund > 0 {
        money::give_back(tx, now, world, booking, outcome.refund, &format!("booking:{}:cancelled", booking.id))?;
    }
    letters::cancelled(tx, now, world, booking, outcome.refund)?;
    Ok(())
}
