//! What guests get back afterwards: the host grants it out of their payout (E08), or the platform out of its own pocket (E17), as money or as credit.

use super::acts::{Deed, opened};
use super::{World, books, letters, money, steps};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::{Side, State};
use crate::features::bookings::store::{bookings as rows, lists, papers};
use crate::features::ledger::{self, Account};
use crate::features::{accounts, credit, listings};
use crate::platform::access::{Action, Principal, Relation};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{IfMatch, etag};
use crate::values::{BookingId, Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// The host, or staff for them, gives a part of what they got back to the guest, once the stay is over.
///
/// Refuses with 403 for guests, with 409 `too_early` while the stay is to come or under way, with 409 `refund_too_large` for more than the guest has
/// paid and not got back, or more than was the host's.
pub(crate) fn by_host(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, amount: i64) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    if side == Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The host grants refunds."));
    }
    if !matches!(booking.state, State::Completed | State::Cancelled) {
        // Until then a change or a cancellation says what is owed; two answers to one question would not add up.
        let detail = "Refunds are granted when the stay is over; before, change it or call it off.";
        return Err(Error::refused(Kind::Conflict, "too_early", detail).with_data("state", booking.state.name().into()));
    }
    let key = Uuid::now_v7().to_string();
    within(amount, host_part(&booking)? - books::granted_so_far(tx, &booking)?)?;
    // The host's balance before the guest's, as where a stay is called off: two who hold both would wait for each other.
    ledger::hold(tx, &Account::HostPayable(booking.host), booking.currency)?;
    // Judged before the books are written: what is refused leaves nothing behind.
    money::give_back(tx, now, world, &booking, amount, &format!("granted:{key}"))?;
    books::granted(tx, now, &booking, &key, amount)?;
    rows::update(tx, now, &mut booking)?;
    papers::set(tx, booking.id, Some(now))?;
    letters::granted(tx, now, world, &booking, amount, true)?;
    note(tx, now, world, "booking.refund_granted", deed.caller, &booking, (amount, deed.reason))?;
    Ok(booking)
}

/// What of the stay is the host's, before the host's fee.
fn host_part(booking: &Booking) -> Result<i64> {
    Ok(booking.called_off()?.map_or(booking.promise.price.base, |outcome| outcome.kept.base))
}

/// Staff decide about the money of others: refuses with 403 `own_case` who is the guest of a stay or its host, or has a part in its home.
pub(crate) fn must_be_outside(conn: &mut Conn<'_>, caller: &Principal, booking: &Booking) -> Result<()> {
    let on_a_side = booking.guest == Some(caller.user) || booking.host == caller.user;
    if on_a_side || listings::relation_of(conn, caller.user, booking.listing)? != Relation::Stranger {
        let detail = "You have a part in this stay, or in its home: somebody else decides about its money.";
        return Err(Error::refused(Kind::Forbidden, "own_case", detail));
    }
    Ok(())
}

/// Tells credit whose stays somebody has a part in.
pub struct PartsInStays;

impl credit::Stakes for PartsInStays {
    fn has_part(&self, conn: &mut Conn<'_>, giver: UserId, guest: UserId) -> DbResult<bool> {
        lists::is_guest_of(conn, guest, giver)
    }
}

/// The platform gives back a part of what the guest has paid, and bears it.
///
/// Refuses with 404 where there is no such booking, with 403 `own_case` whoever has a part in the stay, and with 409 `refund_too_large` for more than the
/// guest has paid and not got back.
pub(crate) fn by_platform(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    (caller, id): (&Principal, BookingId),
    if_match: &IfMatch,
    (amount, reason): (i64, &str),
) -> Result<Booking> {
    let mut booking = opened_from_outside(tx, now, world, (caller, id), if_match)?;
    let paid = money::so_far(tx, &booking)?;
    within(amount, paid.captured - paid.refunded)?;
    if matches!(booking.state, State::Confirmed | State::InStay) {
        // A cancellation later works with what the guest has got back by then: it must not give the same money twice.
        let detail = "Goodwill is given when the stay is over; before, call it off with the refund you decide.";
        return Err(Error::refused(Kind::Conflict, "too_early", detail).with_data("state", booking.state.name().into()));
    }
    let key = Uuid::now_v7().to_string();
    books::goodwill(tx, now, &booking, &key, amount)?;
    money::give_back(tx, now, world, &booking, amount, &format!("goodwill:{key}"))?;
    rows::update(tx, now, &mut booking)?;
    letters::granted(tx, now, world, &booking, amount, false)?;
    note(tx, now, world, "booking.goodwill_given", caller, &booking, (amount, reason))?;
    Ok(booking)
}

/// The booking, locked, for staff who have no part in it: 404, 403 `own_case`, 412.
fn opened_from_outside(tx: &mut Tx<'_>, now: Instant, world: &World, (caller, id): (&Principal, BookingId), if_match: &IfMatch) -> Result<Booking> {
    let booking = steps::open(tx, now, world, id)?;
    must_be_outside(tx, caller, &booking)?;
    if_match.check(&etag::of_version(booking.version))?;
    Ok(booking)
}

/// The platform gives the guest credit for later stays instead of money: whatever they paid, and whenever, because it changes nothing of what the stay costs.
///
/// Refuses with 404 where there is no such booking, with 403 `own_case` whoever has a part in the stay, with 409 `no_account` where nobody has the credit, and
/// with 422 `out_of_range`.
pub(crate) fn as_credit(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    (caller, id): (&Principal, BookingId),
    if_match: &IfMatch,
    (amount, reason): (i64, &str),
) -> Result<Booking> {
    let mut booking = opened_from_outside(tx, now, world, (caller, id), if_match)?;
    let no_account = || Error::refused(Kind::Conflict, "no_account", "This guest has no account here, so nobody would have the credit.");
    let guest = booking.guest.ok_or_else(no_account)?;
    if accounts::contact(tx, guest)?.is_none() {
        return Err(no_account());
    }
    let desk = credit::Desk { keys: &world.keys, config: &world.config, origin: &world.origin, stakes: &PartsInStays };
    let gift = credit::Gift { guest, amount, currency: booking.currency, booking: Some(id), by: caller.user, reason };
    credit::give(tx, now, desk, &gift)?;
    rows::update(tx, now, &mut booking)?;
    Ok(booking)
}

/// What was paid with credit goes back to credit; a guest who has left for good has none.
pub(super) fn not_to_nobody(tx: &mut Tx<'_>, now: Instant, booking: &Booking) -> Result<()> {
    booking.guest.map_or(Ok(()), |guest| Ok(credit::give_up_of_erased(tx, now, guest)?))
}

fn within(amount: i64, most: i64) -> Result<()> {
    if amount < 1 {
        let refused = Error::refused(Kind::Unacceptable, "out_of_range", "amount is 1 or more.");
        return Err(refused.with_error(FieldError::new("/body/amount", "out_of_range", "is 1 or more")));
    }
    if amount <= most {
        return Ok(());
    }
    let most = most.max(0);
    Err(Error::refused(Kind::Conflict, "refund_too_large", format!("{most} can be given back, not {amount}.")).with_data("most", most.into()))
}

fn note(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    action: &'static str,
    caller: &Principal,
    booking: &Booking,
    (amount, reason): (i64, &str),
) -> Result<()> {
    let entry = Entry {
        action,
        actor: Actor::User(caller.user),
        on_behalf_of: None,
        object: Some(("booking", booking.id.0)),
        reason: Some(reason),
        diff: json!({"refund": [null, amount]}),
        origin: &world.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}
