//! What people do to a claim: hosts file, guests answer, hosts accept, escalate or withdraw, staff decide; and what time does.

use super::{World, letters, paying};
use crate::features::bookings::{self, Booking, Side};
use crate::features::claims::rules::{self, Act, Claim, FILE_DAYS, Item, State, bad};
use crate::features::claims::store;
use crate::platform::access::{Action, Principal, Role};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{IfMatch, etag};
use crate::values::{BookingId, Instant};
use serde_json::json;
use uuid::Uuid;

/// Who acts on which claim of which booking.
pub(crate) struct Deed<'a> {
    pub caller: &'a Principal,
    pub booking: BookingId,
    pub claim: Uuid,
    pub if_match: &'a IfMatch,
}

fn not_found() -> Error {
    Error::not_found("There is no such claim, or it is not yours.")
}

/// The booking, and on which side of it somebody is; 404 for everybody else.
fn side_of(conn: &mut Conn<'_>, caller: &Principal, id: BookingId) -> Result<(Booking, Side)> {
    let (booking, side) = bookings::of_side(conn, caller, id, Action::ClaimDamage)?;
    // Any guest may answer a claim, but of their own stay only; of other people's stays staff read.
    if side == Side::Staff && !caller.roles.has(Role::Finance) && !caller.roles.has(Role::Operator) {
        return Err(not_found());
    }
    Ok((booking, side))
}

/// The claims of a booking, for both sides and staff who decide.
pub(crate) fn list(conn: &mut Conn<'_>, caller: &Principal, booking: BookingId) -> Result<Vec<Claim>> {
    side_of(conn, caller, booking)?;
    Ok(store::of_booking(conn, booking)?)
}

/// The host says what was broken.
///
/// Refuses with 403 for guests and staff, with 409 `claim_state` unless the stay is over, with 409 `too_late` two weeks after its end, with 409 `no_account`
/// where the guest has none, and with 409 `claim_open` where another one is not over.
pub(crate) fn file(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    caller: &Principal,
    id: BookingId,
    (items, description): (Vec<Item>, String),
) -> Result<Claim> {
    let (_, side) = side_of(tx, caller, id)?;
    if !matches!(side, Side::Host | Side::CoHost) {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "Hosts file damage claims."));
    }
    // The guest may have left a moment ago, and nobody has written that down yet.
    let booking = bookings::open(tx, now, world, id)?;
    let guest = claimable(&booking, now)?;
    let (items, amount) = rules::judged(items)?;
    let mut claim = Claim {
        id: Uuid::now_v7(),
        booking: id,
        host: booking.host,
        guest,
        state: State::Open,
        items,
        amount,
        currency: booking.currency,
        description,
        offered: None,
        answer: String::new(),
        settled: None,
        decision: String::new(),
        due_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
        ended_at: None,
    };
    claim.due_at = claim.timer(State::Open, now);
    if !store::insert(tx, &claim)? {
        return Err(Error::refused(Kind::Conflict, "claim_open", "This stay has a claim that is not over."));
    }
    note(tx, now, world, "claim.filed", Some(caller), &claim, None)?;
    letters::filed(tx, now, world, &claim)?;
    Ok(claim)
}

/// The guest of a stay that a claim can be about.
fn claimable(booking: &Booking, now: Instant) -> Result<crate::values::UserId> {
    let been_there = booking.state == bookings::State::Completed
        || booking.state == bookings::State::Cancelled && booking.ended_at.is_some_and(|at| at > booking.check_in_at);
    if !been_there {
        let refused = Error::refused(Kind::Conflict, "claim_state", "A claim is about a stay that is over.");
        return Err(refused.with_data("state", json!(booking.state.name())));
    }
    let until = rules::filed_until(booking.check_out_at, booking.ended_at);
    if now > until {
        let detail = format!("Damage is claimed within {FILE_DAYS} days after the end of the stay.");
        return Err(Error::refused(Kind::Conflict, "too_late", detail).with_data("until", json!(until.to_string())));
    }
    booking.guest.ok_or_else(|| Error::refused(Kind::Conflict, "no_account", "This guest has no account to be charged."))
}

/// The claim for somebody on a side of its booking, held, after everything that was due by `now`.
fn opened(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<(Claim, Side)> {
    let (_, side) = side_of(tx, deed.caller, deed.booking)?;
    let (_, claim) = held(tx, now, world, deed.booking, deed.claim)?;
    deed.if_match.check(&etag::of_version(claim.version))?;
    Ok((claim, side))
}

/// A claim of a booking with the booking, both held until the transaction ends, after everything that was due by `now`. Always the listing before the
/// booking, the booking before the claim and the claim before its payments, so that nobody waits for each other in a circle.
fn held(tx: &mut Tx<'_>, now: Instant, world: &World, booking: BookingId, id: Uuid) -> Result<(Booking, Claim)> {
    let booking = bookings::open(tx, now, world, booking)?;
    let mut claim = store::locked(tx, id)?.filter(|claim| claim.booking == booking.id).ok_or_else(not_found)?;
    lapse(tx, now, world, &mut claim)?;
    Ok((booking, claim))
}

/// The guest agrees to pay it all, offers a part, or refuses (0).
pub(crate) fn answer(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, offered: i64, words: &str) -> Result<Claim> {
    let (mut claim, side) = opened(tx, now, world, deed)?;
    if !(0..=claim.amount).contains(&offered) {
        return Err(bad("/body/amount", &format!("is 0 to {}", claim.amount)));
    }
    let act = if offered == claim.amount { Act::Agree } else { Act::Contest };
    rules::next(claim.state, act, side)?;
    claim.offered = Some(offered);
    words.clone_into(&mut claim.answer);
    claim.settled = (act == Act::Agree).then_some(offered);
    go(tx, now, world, &mut claim, act, side)?;
    note(tx, now, world, "claim.answered", Some(deed.caller), &claim, None)?;
    Ok(claim)
}

/// The host takes what the guest offered.
pub(crate) fn accept(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Claim> {
    let (mut claim, side) = opened(tx, now, world, deed)?;
    rules::next(claim.state, Act::Accept, side)?;
    let offered = claim.offered.filter(|offered| *offered > 0);
    let offered = offered.ok_or_else(|| Error::refused(Kind::Conflict, "claim_state", "The guest has not offered anything."))?;
    claim.settled = Some(offered);
    go(tx, now, world, &mut claim, Act::Accept, side)?;
    note(tx, now, world, "claim.accepted", Some(deed.caller), &claim, None)?;
    Ok(claim)
}

/// The host hands the claim to staff.
pub(crate) fn escalate(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Claim> {
    let (mut claim, side) = opened(tx, now, world, deed)?;
    go(tx, now, world, &mut claim, Act::Escalate, side)?;
    note(tx, now, world, "claim.escalated", Some(deed.caller), &claim, None)?;
    Ok(claim)
}

/// The host takes the claim back, until it is paid.
pub(crate) fn withdraw(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Claim> {
    let (mut claim, side) = opened(tx, now, world, deed)?;
    go(tx, now, world, &mut claim, Act::Withdraw, side)?;
    note(tx, now, world, "claim.withdrawn", Some(deed.caller), &claim, None)?;
    Ok(claim)
}

/// Staff decide what was handed to them, or close what is due and nobody pays (0). Refuses with 403 `own_case` whoever has a part in the stay.
pub(crate) fn decide(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    (caller, id): (&Principal, Uuid),
    if_match: &IfMatch,
    (amount, why): (i64, &str),
) -> Result<Claim> {
    let booking = store::one(tx, id)?.ok_or_else(not_found)?.booking;
    let (booking, mut claim) = held(tx, now, world, booking, id)?;
    bookings::must_be_outside(tx, caller, &booking)?;
    if_match.check(&etag::of_version(claim.version))?;
    if !(0..=claim.amount).contains(&amount) {
        return Err(bad("/body/amount", &format!("is 0 to {}", claim.amount)));
    }
    let act = if amount > 0 { Act::Award } else { Act::Reject };
    rules::next(claim.state, act, Side::Staff)?;
    claim.settled = Some(amount);
    why.clone_into(&mut claim.decision);
    go(tx, now, world, &mut claim, act, Side::Staff)?;
    note(tx, now, world, "claim.decided", Some(caller), &claim, Some(why))?;
    Ok(claim)
}

/// The guest pays what is due, with a means of payment of their choice.
pub(crate) fn pay(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, method: &str) -> Result<Claim> {
    let (claim, side) = opened(tx, now, world, deed)?;
    if side != Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The guest pays."));
    }
    if claim.state != State::Due {
        return Err(Error::refused(Kind::Conflict, "nothing_due", "Nothing of this claim is to be paid now.").with_data("state", json!(claim.state.name())));
    }
    paying::charge(tx, now, world, &claim, Some(method))?;
    Ok(claim)
}

/// Everything that is due of a claim by `now`.
pub(crate) fn tend(tx: &mut Tx<'_>, now: Instant, world: &World, id: Uuid) -> Result<()> {
    match store::one(tx, id)? {
        Some(claim) => held(tx, now, world, claim.booking, id).map(|_tended| ()),
        None => Ok(()),
    }
}

/// Lets time do what it should have done by `now`.
pub(super) fn lapse(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &mut Claim) -> Result<()> {
    while claim.due_at.is_some_and(|at| at <= now) {
        go(tx, now, world, claim, Act::Lapse, Side::System)?;
        note(tx, now, world, "claim.lapsed", None, claim, None)?;
    }
    Ok(())
}

/// One step, written down, with what follows from it.
pub(super) fn go(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &mut Claim, act: Act, side: Side) -> Result<()> {
    let before = claim.state;
    claim.state = rules::next(before, act, side)?;
    claim.due_at = claim.timer(claim.state, now);
    claim.ended_at = claim.state.is_over().then_some(now);
    store::update(tx, now, claim)?;
    if claim.state == State::Due {
        paying::charge_saved(tx, now, world, claim)?;
    } else if before == State::Due {
        paying::let_go(tx, now, claim)?;
    }
    letters::turned(tx, now, world, claim, before)?;
    Ok(())
}

pub(super) fn note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, by: Option<&Principal>, claim: &Claim, why: Option<&str>) -> Result<()> {
    let entry = Entry {
        action,
        actor: by.map_or(Actor::System, |by| Actor::User(by.user)),
        on_behalf_of: None,
        object: Some(("claim", claim.id)),
        reason: why,
        diff: json!({"state": [null, claim.state.name()], "amount": [null, claim.amount], "offered": [null, claim.offered], "settled": [null, claim.settled]}),
        origin: &world.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}
