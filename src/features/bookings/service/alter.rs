//! Changes of a booking (T13): one side proposes, the other answers within a day, and the nights are swapped in one transaction.

use super::acts::{Deed, on_record, opened};
use super::{By, World, books, deposits, hear, letters, money, steps};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::{Act, Side, State, invalid};
use crate::features::bookings::store::alterations::{self as rows, AlterState, Alteration};
use crate::features::bookings::store::{bookings, instalments, releases};
use crate::features::payments::provider::{CASH, MANUAL};
use crate::features::payments::{News, Purpose};
use crate::features::quotes::{self, Change, Part, Wish};
use crate::features::{calendar, pricing};
use crate::platform::access::Action;
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, Zone};
use anyhow::Context as _;
use uuid::Uuid;

/// Hours in which the other side answers.
const ANSWER_HOURS: i64 = 24;
/// Nights from which on a stay is long, and how many days before it a guest may shorten it without being asked back (T13).
const LONG_NIGHTS: u16 = 28;
const NOTICE_SECONDS: i64 = 30 * 24 * 3_600;

/// Proposes another stay in the place of a booked one: `wish` makes it of the booking as it stands. A guest who shortens a long stay in good time needs nobody's consent.
///
/// Refuses with 409 `invalid_transition` unless the stay is confirmed and to come, with 409 `alteration_open` where something is proposed
/// already, and as a quote would be refused.
pub(crate) fn propose(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    deed: &Deed<'_>,
    message: &str,
    wish: impl Fn(&Booking) -> Wish,
) -> Result<(Booking, Alteration)> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    on_record(tx, now, world, deed, side, "propose")?;
    if booking.state != State::Confirmed {
        return Err(invalid(booking.state, Act::Alter, side));
    }
    let becomes = quotes::changed(&booking.asked, Wish { non_refundable: booking.asked.non_refundable, ..wish(&booking) })?;
    if becomes == booking.asked {
        return Err(Error::refused(Kind::Unacceptable, "nothing_changed", "That is the stay as it is."));
    }
    let change =
        Change { booking: booking.id, guest: booking.guest, was: &booking.asked, promise: &booking.promise, coupon: booking.coupon, becomes: &becomes };
    let quote = quotes::alter(tx, now, &world.config, &change)?;
    let mut alteration = Alteration {
        id: Uuid::now_v7(),
        booking: booking.id,
        state: AlterState::Proposed,
        side,
        made_by: deed.caller.user,
        delta: quote.promise.price.total_due - booking.total(),
        asked: becomes,
        promise: quote.promise,
        message: message.to_owned(),
        expires_at: now.plus_seconds(ANSWER_HOURS * 3_600).min(booking.check_in_at),
        created_at: now,
        ended_at: None,
    };
    if !rows::insert(tx, &alteration)? {
        return Err(Error::refused(Kind::Conflict, "alteration_open", "A change of this booking waits for an answer already."));
    }
    // A guest without an account has agreed before the host writes it down.
    if booking.guest.is_none() || side == Side::Guest && is_mere_shortening(&booking, &alteration, now) {
        let words = if deed.reason.is_empty() { message } else { deed.reason };
        apply(tx, now, world, &mut booking, &mut alteration, &By::of(deed.caller, side, words))?;
    } else {
        letters::alteration_proposed(tx, now, world, &booking, &alteration)?;
    }
    Ok((booking, alteration))
}

/// A long stay that stays long, and only loses nights, long before it begins.
fn is_mere_shortening(booking: &Booking, to: &Alteration, now: Instant) -> bool {
    let (was, becomes) = (&booking.asked, &to.asked);
    let nights = becomes.check_in.days_until(becomes.check_out);
    let inside = was.check_in <= becomes.check_in && becomes.check_out <= was.check_out;
    let same_else = quotes::Asked { check_in: was.check_in, check_out: was.check_out, ..becomes.clone() } == *was;
    inside && same_else && nights >= i32::from(LONG_NIGHTS) && now.plus_seconds(NOTICE_SECONDS) <= booking.check_in_at
}

/// The other side agrees. What costs more is paid first, with `method` or with what the guest has left; else the stay is changed at once. Where nothing
/// can be taken while the guest is not there, they are asked by letter to [`pay`].
///
/// Refuses with 403 `forbidden` who may not answer ([`may_agree`]), and hosts and staff who say how a guest pays ([`provider_named`]).
pub(crate) fn accept(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, id: Uuid, method: Option<&str>) -> Result<(Booking, Alteration)> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    let mut alteration = answerable(tx, now, &booking, id, &[AlterState::Proposed])?;
    may_agree(&alteration, side)?;
    on_record(tx, now, world, deed, side, "agree")?;
    if booking.state != State::Confirmed {
        return Err(invalid(booking.state, Act::Alter, side));
    }
    if alteration.delta <= 0 || booking.guest.is_none() {
        apply(tx, now, world, &mut booking, &mut alteration, &By::of(deed.caller, side, deed.reason))?;
        return Ok((booking, alteration));
    }
    // The nights must be there before money is asked for; they are asked for once more when it has come.
    judge(tx, now, world, &booking, &alteration)?;
    let provider = method.map_or_else(|| Ok(booking.provider.clone()), |method| provider_named(world, &booking, side, method))?;
    alteration.state = AlterState::Paying;
    alteration.expires_at = pay_until(now, world, &booking, &alteration, &provider)?;
    rows::update(tx, &alteration)?;
    let there = side == Side::Guest;
    let asked = money::ask_for_change(tx, now, world, &mut booking, &alteration, (method, &provider), there);
    // No card was left, the credit does not suffice, or it is paid by hand: the guest says how. To the host that is no mistake of theirs.
    let by_hand = matches!(provider.as_str(), MANUAL | CASH);
    let guest_must_act = match asked {
        Err(error) if there || !is_nothing_to_take(&error) => return Err(error),
        Err(_nothing) => true,
        Ok(()) => !there && by_hand,
    };
    if guest_must_act {
        letters::alteration_to_pay(tx, now, world, &booking, &alteration, false)?;
    }
    // What is paid with credit has been paid by now, and the stay is changed.
    let asked = rows::one(tx, id)?.unwrap_or(alteration);
    Ok((booking, asked))
}

/// Whether a charge was refused before anything was written, because there is nothing to take it from.
fn is_nothing_to_take(error: &Error) -> bool {
    matches!(error, Error::Refused(no) if matches!(no.code, "invalid_payment_method" | "not_enough_credit"))
}

/// The side that has not proposed it agrees. Staff stand in for a host, and for a guest whom it costs nothing; never for whoever answers what staff proposed.
fn may_agree(to: &Alteration, side: Side) -> Result<()> {
    let other_side = (to.side == Side::Guest) != (side == Side::Guest);
    let for_guest = side == Side::Staff && to.side != Side::Staff && to.delta <= 0;
    if other_side || for_guest {
        return Ok(());
    }
    Err(Error::refused(Kind::Forbidden, "forbidden", "The other side answers a proposal, and only guests agree to pay more."))
}

/// Who takes what is paid with `method`. Only guests say how they pay; whoever agrees for the host may name what the stay is paid with by hand anyway.
fn provider_named(world: &World, booking: &Booking, side: Side, method: &str) -> Result<String> {
    let provider = money::provider_of(world, method)?;
    let by_hand_as_before = matches!(provider, MANUAL | CASH) && provider == booking.provider;
    if side == Side::Guest || by_hand_as_before {
        return Ok(provider.to_owned());
    }
    Err(Error::refused(Kind::Forbidden, "forbidden", "Only guests say how they pay."))
}

/// Until when a change waits for its money: as long as an instalment would, and not until the stay begins, as it is or as it would be.
fn pay_until(now: Instant, world: &World, booking: &Booking, to: &Alteration, provider: &str) -> Result<Instant> {
    let begins = [booking.check_in_at, times(to)?.0].into_iter().filter(|at| *at > now);
    Ok(begins.fold(money::answer_until(now, world, booking, provider), Instant::min))
}

/// The guest pays for a change that was agreed to, with a means of their choice. Refuses with 409 `nothing_due` where none waits for money.
pub(crate) fn pay(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>) -> Result<Booking> {
    let (mut booking, side) = opened(tx, now, world, deed, Action::CancelBooking)?;
    if side != Side::Guest {
        return Err(Error::refused(Kind::Forbidden, "forbidden", "The guest pays."));
    }
    let waits = |found: &Alteration| found.state == AlterState::Paying && found.expires_at > now && booking.state == State::Confirmed;
    let Some(mut alteration) = rows::open(tx, booking.id)?.filter(waits) else { return Err(money::nothing_due()) };
    let (method, provider) = (deed.reason, money::provider_of(world, deed.reason)?);
    if !can_be_had(tx, now, &booking, &alteration)? {
        // This says why.
        judge(tx, now, world, &booking, &alteration)?;
    }
    if matches!(provider, MANUAL | CASH) {
        alteration.expires_at = alteration.expires_at.max(pay_until(now, world, &booking, &alteration, provider)?);
        rows::update(tx, &alteration)?;
    }
    money::ask_for_change(tx, now, world, &mut booking, &alteration, (Some(method), provider), true)?;
    Ok(booking)
}

/// The other side does not agree, or whoever proposed it takes it back; also after it was agreed to, as long as it is not paid.
pub(crate) fn decline(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed<'_>, id: Uuid) -> Result<(Booking, Alteration)> {
    let (booking, side) = opened(tx, now, world, deed, Action::AnswerBooking)?;
    let mut alteration = answerable(tx, now, &booking, id, &[AlterState::Proposed, AlterState::Paying])?;
    on_record(tx, now, world, deed, side, "refuse")?;
    let own = (alteration.side == Side::Guest) == (side == Side::Guest);
    give_up(tx, now, world, &booking, &mut alteration, if own { AlterState::Withdrawn } else { AlterState::Declined })?;
    Ok((booking, alteration))
}

/// A proposal in one of these states whose time is not over. Refuses with 404 where there is none, and with 409 `alteration_over`.
fn answerable(tx: &mut Tx<'_>, now: Instant, booking: &Booking, id: Uuid, states: &[AlterState]) -> Result<Alteration> {
    let found = rows::one(tx, id)?.filter(|found| found.booking == booking.id);
    let found = found.ok_or_else(|| Error::not_found("There is no such change of this booking."))?;
    if !states.contains(&found.state) || found.expires_at <= now {
        let refused = Error::refused(Kind::Conflict, "alteration_over", "This change was answered already, or nobody answered in time.");
        return Err(refused.with_data("state", found.state.name().into()));
    }
    Ok(found)
}

fn judge(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, to: &Alteration) -> Result<()> {
    let change =
        Change { booking: booking.id, guest: booking.guest, was: &booking.asked, promise: &booking.promise, coupon: booking.coupon, becomes: &to.asked };
    quotes::alter(tx, now, &world.config, &change).map(|_price| ())
}

/// The money for a change has come.
pub(super) fn paid(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, id: Uuid, news: &News) -> Result<()> {
    let found = rows::one(tx, id)?.filter(|found| found.booking == booking.id && found.state == AlterState::Paying);
    let (Some(mut alteration), State::Confirmed) = (found, booking.state) else { return hear::give_back(tx, now, world, booking, news) };
    if !can_be_had(tx, now, booking, &alteration)? {
        give_up(tx, now, world, booking, &mut alteration, AlterState::Expired)?;
        return hear::give_back(tx, now, world, booking, news);
    }
    money::stands_for_the_rest(tx, booking, &news.provider)?;
    apply(tx, now, world, booking, &mut alteration, &By::system("payment"))
}

/// The money for a change was refused. Both sides have agreed: as long as there is time the guest may pay another way, and is told so.
pub(super) fn unpaid(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, id: Uuid) -> Result<()> {
    match rows::one(tx, id)?.filter(|found| found.booking == booking.id && found.state == AlterState::Paying) {
        Some(alteration) => Ok(letters::alteration_to_pay(tx, now, world, booking, &alteration, true)?),
        None => Ok(()),
    }
}

/// Proposals that nobody answered in time, or that nobody paid for after they were.
pub(super) fn lapse(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> Result<()> {
    let Some(mut alteration) = rows::open(tx, booking.id)? else { return Ok(()) };
    let over = !matches!(booking.state, State::Confirmed);
    if over || alteration.expires_at <= now {
        give_up(tx, now, world, booking, &mut alteration, AlterState::Expired)?;
    }
    Ok(())
}

/// Nothing comes of it: what is asked for is let go of, and whoever waited for it is told.
fn give_up(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, alteration: &mut Alteration, state: AlterState) -> Result<()> {
    let agreed = alteration.state == AlterState::Paying;
    money::let_go_of(tx, now, booking, Purpose::Alteration(alteration.id))?;
    end(tx, now, alteration, state)?;
    letters::alteration_ended(tx, now, world, booking, alteration, agreed)?;
    Ok(())
}

fn end(tx: &mut Tx<'_>, now: Instant, alteration: &mut Alteration, state: AlterState) -> Result<()> {
    (alteration.state, alteration.ended_at) = (state, Some(now));
    rows::update(tx, alteration)?;
    Ok(())
}

/// Whether the nights of the changed stay are there, its own not counted.
fn can_be_had(tx: &mut Tx<'_>, now: Instant, booking: &Booking, to: &Alteration) -> Result<bool> {
    let Some(found) = calendar::calendar_without(tx, booking.listing, booking.id, &[], now)? else { return Ok(false) };
    let verdicts = calendar::explain(&found.listed.terms, &found.days, to.asked.stay()?, to.asked.guests().party, found.local);
    let taken = |rule| matches!(rule, calendar::Rule::DatesUnavailable | calendar::Rule::NoSingleUnit);
    Ok(verdicts.iter().all(|(rule, verdict)| verdict.passes || !taken(*rule)))
}

/// Swaps the nights, the price and the books.
fn apply(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &mut Booking, to: &mut Alteration, by: &By) -> Result<()> {
    let stay = to.asked.stay()?;
    calendar::release(tx, now, by.user, booking.id)?;
    let claim = calendar::Claim {
        listing: booking.listing,
        stay,
        party: to.asked.guests().party,
        booking: booking.id,
        lifetime: calendar::Lifetime::Booking,
        by: by.user,
        // It was judged by all rules when it was proposed; what counts now is that nobody else has the nights.
        waived: calendar::Rule::ALL.to_vec(),
    };
    let claimed = calendar::claim(tx, now, &claim)??;
    steps::lapsed(tx, now, world, &claimed.lapsed)?;
    let (before, after) = (pricing::Split::of(&booking.promise.price), pricing::Split::of(&to.promise.price));
    let back = books::altered(tx, now, booking, to.id, &before, &after)?;
    change(booking, to)?;
    booking.due_at = Some(booking.check_in_at);
    bookings::rewrite(tx, now, booking, stay)?;
    releases::set(tx, booking.id, Some(booking.check_in_at))?;
    if to.delta < 0 {
        shorten_plan(tx, booking, -to.delta - back)?;
    }
    if back > 0 {
        money::give_back(tx, now, world, booking, back, &format!("alteration:{}", to.id))?;
    }
    end(tx, now, to, AlterState::Applied)?;
    deposits::moved(tx, now, booking)?;
    steps::step(tx, now, world, booking, Act::Alter, by, now)?;
    letters::altered(tx, now, world, booking, to)?;
    Ok(())
}

/// The booking as it becomes. What is paid when stays, but for what comes on top or is not owed any more.
fn change(booking: &mut Booking, to: &Alteration) -> Result<()> {
    let mut schedule = booking.promise.schedule.clone();
    if to.delta > 0 {
        schedule.push(Part { due_at: None, amount: to.delta });
    }
    let mut less = (-to.delta).max(0);
    for part in schedule.iter_mut().rev() {
        let taken = part.amount.min(less);
        (part.amount, less) = (part.amount - taken, less - taken);
    }
    (booking.check_in_at, booking.check_out_at) = times(to)?;
    booking.asked = to.asked.clone();
    booking.promise = quotes::Promise { schedule, ..to.promise.clone() };
    Ok(())
}

/// When guests of the changed stay arrive and leave.
fn times(to: &Alteration) -> Result<(Instant, Instant)> {
    let zone = Zone::parse(&to.promise.zone).context("the zone of a booking is unknown")?;
    Ok((zone.resolve(to.asked.check_in, to.promise.check_in_minute), zone.resolve(to.asked.check_out, to.promise.check_out_minute)))
}

/// Takes `less` off what has not been asked for yet, the last instalment first.
fn shorten_plan(tx: &mut Tx<'_>, booking: &Booking, mut less: i64) -> Result<()> {
    for part in instalments::all(tx, booking.id)?.into_iter().rev() {
        if less <= 0 || !matches!(part.state, instalments::PartState::Planned | instalments::PartState::Failed) {
            continue;
        }
        let taken = part.amount.min(less);
        less -= taken;
        instalments::lower(tx, booking.id, &part, part.amount - taken)?;
    }
    Ok(())
}
