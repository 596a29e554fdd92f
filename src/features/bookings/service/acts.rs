//! What people do to a booking: hosts answer, guests pay and withdraw, both sides cancel, guests arrive and leave.

use super::{By, World, deposits, letters, money, silence, steps};
use crate::features::bookings::rules::booking::{Booking, EARLY_HOURS};
use crate::features::bookings::rules::state::{self, Act, Side, State, invalid};
use crate::features::bookings::service::read::side_of;
use crate::features::bookings::store::bookings as rows;
use crate::features::calendar;
use crate::platform::access::{Action, Principal};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{IfMatch, etag, reason};
use crate::values::{BookingId, Instant};
use serde_json::json;

/// Why a host says no; anything else is refused.
pub(crate) const DECLINE_REASONS: &[&str] = &["dates_not_available", "price", "house_rules", "guest_profile", "no_answer_from_guest", "other"];

/// Who acts on which booking.
pub(crate) struct Deed<'a> {
    pub caller: &'a Principal,
    pub booking: BookingId,
    pub if_match: &'a IfMatch,
    /// Words for the history, which staff must have, or the means of payment; may be empty.
    pub reason: &'a str,
}

/// Opens the booking for somebody who may do `action`; the side they are on.
pub(super) fn opened(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, action: Action) -> Result<(Booking, Side)> {
    // Who may not see it learns nothing of it, not even by how long the lock takes.
    let found = rows::one(tx, deed.booking)?.ok_or_else(super::read::not_found)?;
    let side = side_of(tx, deed.caller, &found, action)?;
    let booking = steps::open(tx, now, world, deed.booking)?;
    deed.if_match.check(&etag::of_version(booking.version))?;
    Ok((booking, side))
}

/// Staff act on what is others' (X4): they say why, which stays in the audit trail. Refuses with 422 `invalid_reason` where they do not.
pub(super) fn on_record(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, side: Side, act: &'static str) -> Result<()> {
    if side != Side::Staff {
        return Ok(());
    }
    must_say_why(deed, side)?;
    let entry = Entry {
        action: "booking.acted_on",
        actor: Actor::User(deed.caller.user),
        on_behalf_of: None,
        object: Some(("booking", deed.booking.0)),
        reason: Some(deed.reason),
        diff: json!({"act": [null, act]}),
        origin: &world.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}

/// The same where the act has an entry of its own.
pub(super) fn must_say_why(deed: &Deed<'_>, side: Side) -> Result<()> {
    if side == Side::Staff && deed.reason.trim().is_empty() { Err(reason::missing()) } else { Ok(()) }
}

/// The host agrees. Where the guest's card was authorised the money is taken now, else the guest has a day to pay (T5, T6).
pub(crate) fn accept(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    on_record(tx, now, world, deed, side, "accept")?;
    steps::step(tx, now, world, &mut booking, Act::Accept, &By::of(deed.caller, side, deed.reason), now)?;
    silence::answered(tx, &booking)?;
    let until = booking.due_at.unwrap_or(now);
    if !calendar::extend(tx, now, Some(deed.caller.user), booking.id, until)? {
        return Err(invalid(State::Expired, Act::Accept, side));
    }
    if booking.first_part() == 0 {
        steps::confirm(tx, now, world, &mut booking)?;
    } else {
        money::take(tx, now, &booking)?;
        letters::accepted(tx, now, world, &booking)?;
    }
    Ok(booking)
}

/// The host does not agree (T7).
pub(crate) fn decline(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    on_record(tx, now, world, deed, side, "decline")?;
    steps::step(tx, now, world, &mut booking, Act::Decline, &By::of(deed.caller, side, deed.reason), now)?;
    silence::answered(tx, &booking)?;
    steps::let_go(tx, now, &booking, Some(deed.caller.user))?;
    letters::declined(tx, now, world, &booking, deed.reason)?;
    Ok(booking)
}

/// The guest does not want it any more, before it is sold (T9).
pub(crate) fn withdraw(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::CancelBooking)?;
    let asked_host = booking.state == State::Requested;
    steps::step(tx, now, world, &mut booking, Act::Withdraw, &By::of(deed.caller, side, deed.reason), now)?;
    steps::let_go(tx, now, &booking, Some(deed.caller.user))?;
    if asked_host {
        letters::withdrawn(tx, now, world, &booking)?;
    }
    Ok(booking)
}

/// The guest pays what is due now: the first part of a stay whose nights are held, or the next instalment.
pub(crate) fn pay(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::CancelBooking)?;
    if side != Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The guest pays."));
    }
    money::pay(tx, now, world, &mut booking, deed.reason)?;
    Ok(booking)
}

/// The guest leaves the deposit.
pub(crate) fn pay_deposit(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (booking, side) = opened(tx, now, world, deed, Action::CancelBooking)?;
    if side != Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The guest leaves the deposit."));
    }
    deposits::pay(tx, now, world, &booking, deed.reason)?;
    Ok(booking)
}

/// The guest is there (T10); at most twelve hours before the time.
pub(crate) fn check_in(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    on_record(tx, now, world, deed, side, "check_in")?;
    if state::next(booking.state, Act::CheckIn, side).is_some() && now < booking.check_in_at.plus_seconds(-EARLY_HOURS * 3_600) {
        let detail = format!("Guests may be let in {EARLY_HOURS} hours before check-in at the earliest.");
        let refused = Error::refused(Kind::Conflict, "too_early", detail);
        return Err(refused.with_data("check_in_at", booking.check_in_at.to_string().into()));
    }
    steps::step(tx, now, world, &mut booking, Act::CheckIn, &By::of(deed.caller, side, deed.reason), now)?;
    Ok(booking)
}

/// The guest has left (T11), before their time. The nights that are left over are free again.
pub(crate) fn check_out(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    on_record(tx, now, world, deed, side, "check_out")?;
    steps::step(tx, now, world, &mut booking, Act::CheckOut, &By::of(deed.caller, side, deed.reason), now)?;
    super::read::free_unslept(tx, now, &booking, Some(deed.caller.user))?;
    deposits::moved(tx, now, &booking)?;
    Ok(booking)
}

/// The guest did not come. Nothing changes but that it is known: nothing is refunded unless the host grants it.
pub(crate) fn no_show(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    if side == Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The host says who did not come."));
    }
    if !matches!(booking.state, State::InStay | State::Completed) || booking.no_show_at.is_some() {
        let refused = Error::refused(Kind::Conflict, "invalid_transition", "Only a stay that has begun can be marked as a no-show, and once.");
        return Err(refused.with_data("state", booking.state.name().into()));
    }
    if now < booking.check_in_at.plus_seconds(24 * 3_600) {
        let refused = Error::refused(Kind::Conflict, "too_early", "A guest may still come: a no-show can be marked a day after check-in.");
        return Err(refused.with_data("check_in_at", booking.check_in_at.to_string().into()));
    }
    on_record(tx, now, world, deed, side, "no_show")?;
    booking.no_show_at = Some(now);
    rows::update(tx, now, &mut booking)?;
    Ok(booking)
}
