//! What guests and hosts are written about a booking.

use super::World;
use crate::features::accounts::{self, Contact};
use crate::features::bookings::rules::booking::Booking;
use crate::features::bookings::rules::state::Side;
use crate::features::bookings::store::alterations::Alteration;
use crate::features::bookings::store::place::place;
use crate::platform::db::{DbResult, Tx};
use crate::platform::mail::{self, Letter};
use crate::values::{Email, Instant, UserId};

/// Writes to one side of a booking.
fn write(tx: &mut Tx<'_>, now: Instant, world: &World, to: Option<UserId>, subject: &str, text: &str) -> DbResult<()> {
    if let Some(to) = to {
        accounts::write_to(tx, now, (&world.keys, &world.config), to, subject, text)?;
    }
    Ok(())
}

/// The stay in words: home, dates, code.
fn stay(tx: &mut Tx<'_>, booking: &Booking) -> DbResult<String> {
    let title = place(tx, booking.listing)?.map_or_else(String::new, |place| place.title);
    Ok(format!("{title}, {} to {} (booking {})", booking.asked.check_in, booking.asked.check_out, booking.code))
}

/// An amount as people write it.
pub(super) fn amount(booking: &Booking, minor: i64) -> String {
    crate::values::Money::new(minor, booking.currency).to_string()
}

/// Until when the nights are held: never longer than until check-in, which stands where a booking has no timer.
fn held_until(booking: &Booking) -> Instant {
    booking.due_at.unwrap_or(booking.check_in_at)
}

pub(super) fn requested(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> DbResult<()> {
    let (stay, until) = (stay(tx, booking)?, held_until(booking));
    let text = format!(
        "somebody asks for a stay with you:\n\n{stay}\n\nThe nights are held until {until}. Accept or decline by then; afterwards the request is void."
    );
    write(tx, now, world, Some(booking.host), "a request for a stay", &text)
}

pub(super) fn accepted(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> DbResult<()> {
    let (stay, until) = (stay(tx, booking)?, held_until(booking));
    let due = amount(booking, booking.first_part());
    let text = format!(
        "the host agrees to your stay:\n\n{stay}\n\nIt is yours as soon as {due} are paid. If your card was authorised this happens by itself; else pay until {until}."
    );
    write(tx, now, world, booking.guest, "your request was accepted", &text)
}

pub(super) fn declined(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, reason: &str) -> DbResult<()> {
    let text = format!("the host cannot take you:\n\n{}\n\nReason: {reason}. Nothing was charged.", stay(tx, booking)?);
    write(tx, now, world, booking.guest, "your request was declined", &text)
}

pub(super) fn withdrawn(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> DbResult<()> {
    let text = format!("a guest has withdrawn a request, and the nights are free again:\n\n{}", stay(tx, booking)?);
    write(tx, now, world, Some(booking.host), "a request was withdrawn", &text)
}

pub(super) fn expired(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, unanswered: bool) -> DbResult<()> {
    let stay = stay(tx, booking)?;
    if unanswered {
        let text = format!("the host has not answered in time, and the nights are free again:\n\n{stay}\n\nNothing was charged.");
        write(tx, now, world, booking.guest, "your request has expired", &text)?;
        let text = format!(
            "a request was not answered in time and is void now:\n\n{stay}\n\nRequests that nobody answers count: after some in a row your homes are paused."
        );
        return write(tx, now, world, Some(booking.host), "a request has expired", &text);
    }
    if booking.accepted_at.is_some() {
        let text = format!("the stay was not paid in time, and the nights are free again:\n\n{stay}");
        write(tx, now, world, booking.guest, "your stay was not paid", &text)?;
        write(tx, now, world, Some(booking.host), "a stay was not paid", &text)?;
    }
    Ok(())
}

pub(super) fn confirmed(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> DbResult<()> {
    let (stay, total, payout) = (stay(tx, booking)?, amount(booking, booking.total()), amount(booking, booking.promise.price.host_payout));
    let text = format!("your stay is confirmed:\n\n{stay}\n\nIn all: {total}. The address and how to get in are in your bookings.");
    write(tx, now, world, booking.guest, "your stay is confirmed", &text)?;
    let text = format!("a stay with you is confirmed:\n\n{stay}\n\nYou are paid {payout} after the guest has arrived.");
    write(tx, now, world, Some(booking.host), "a stay is confirmed", &text)
}

pub(super) fn cancelled(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, refund: i64) -> DbResult<()> {
    let (stay, refund) = (stay(tx, booking)?, amount(booking, refund));
    let text = format!("a stay was cancelled:\n\n{stay}\n\nThe guest gets {refund} back.");
    write(tx, now, world, booking.guest, "a stay was cancelled", &text)?;
    write(tx, now, world, Some(booking.host), "a stay was cancelled", &text)
}

pub(super) fn unpaid(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64, again: Instant, last: bool) -> DbResult<()> {
    let (stay, due) = (stay(tx, booking)?, amount(booking, minor));
    let then = if last { "the stay is called off unless it is paid by then" } else { "it is asked for again then" };
    let text = format!("an instalment of {due} is due and was not paid:\n\n{stay}\n\nPay it by {again}; {then}.");
    write(tx, now, world, booking.guest, "an instalment is due", &text)
}

pub(super) fn card_refused(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> DbResult<()> {
    let (stay, until) = (stay(tx, booking)?, held_until(booking));
    let text = format!("your payment was refused:\n\n{stay}\n\nPay another way until {until}; afterwards the nights are free again.");
    write(tx, now, world, booking.guest, "your payment was refused", &text)
}

pub(super) fn came_too_late(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64) -> DbResult<()> {
    let (stay, back) = (stay(tx, booking)?, amount(booking, minor));
    let text = format!("your payment came when the stay was not to be had any more:\n\n{stay}\n\nYou get {back} back.");
    write(tx, now, world, booking.guest, "your payment goes back", &text)
}

pub(super) fn paid_too_much(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64) -> DbResult<()> {
    let (stay, back) = (stay(tx, booking)?, amount(booking, minor));
    let text = format!("you have paid more than you owed for:\n\n{stay}\n\nYou get {back} back.");
    write(tx, now, world, booking.guest, "you have paid too much", &text)
}

/// The changed stay in words: dates, party, and what it costs more or less.
fn changed(booking: &Booking, to: &Alteration) -> String {
    let (asked, difference) = (&to.asked, amount(booking, to.delta.abs()));
    let cost = match to.delta {
        0 => "It costs the same.".to_owned(),
        1.. => format!("It costs {difference} more."),
        _ => format!("It costs {difference} less."),
    };
    format!("{} to {}, {} adults and {} children. {cost}", asked.check_in, asked.check_out, asked.adults, asked.children)
}

pub(super) fn alteration_proposed(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, to: &Alteration) -> DbResult<()> {
    let (stay, until) = (stay(tx, booking)?, to.expires_at);
    let text = format!("a change is proposed for a stay:\n\n{stay}\n\nIt would become: {}\n\nAnswer by {until}; else it stays as it is.", changed(booking, to));
    let other = if to.side == Side::Guest { Some(booking.host) } else { booking.guest };
    write(tx, now, world, other, "a change of a stay is proposed", &text)
}

pub(super) fn altered(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, to: &Alteration) -> DbResult<()> {
    let (stay, becomes) = (stay(tx, booking)?, changed(booking, to));
    let text = format!("a stay was changed:\n\n{stay}\n\n{becomes}");
    write(tx, now, world, booking.guest, "a stay was changed", &text)?;
    write(tx, now, world, Some(booking.host), "a stay was changed", &text)
}

/// The other side has agreed, and the guest has to pay what it costs more. `refused`: what was tried first was.
pub(super) fn alteration_to_pay(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, to: &Alteration, refused: bool) -> DbResult<()> {
    let (stay, becomes, until) = (stay(tx, booking)?, changed(booking, to), to.expires_at);
    let (subject, why) = if refused {
        ("your payment was refused", "your payment for a change of your stay was refused")
    } else {
        ("a change of your stay is to be paid", "a change of your stay was agreed to, and waits for your payment")
    };
    let text =
        format!("{why}:\n\n{stay}\n\nIt becomes: {becomes}\n\nPay the difference by {until}, with a means of your choice; else the stay stays as it is.");
    write(tx, now, world, booking.guest, subject, &text)
}

/// `agreed`: both sides counted on it, and both are told.
pub(super) fn alteration_ended(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, to: &Alteration, agreed: bool) -> DbResult<()> {
    let text = format!("a proposed change is off ({}), and the stay is as it was:\n\n{}", to.state.name(), stay(tx, booking)?);
    let by_guest = to.side == Side::Guest;
    let told = [booking.guest.filter(|_| agreed || by_guest), Some(booking.host).filter(|_| agreed || !by_guest)];
    for whom in told {
        write(tx, now, world, whom, "a change of a stay is off", &text)?;
    }
    Ok(())
}

pub(super) fn entered_for_host(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking) -> DbResult<()> {
    let (stay, total) = (stay(tx, booking)?, amount(booking, booking.total()));
    let text = format!("a stay was entered at your home for you:\n\n{stay}\n\nIn all: {total}. Its nights are taken.");
    write(tx, now, world, Some(booking.host), "a stay was entered", &text)
}

/// To the address that the host gave. One that nobody has proven gets no words of whoever typed it.
pub(super) fn entered_for_guest(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    booking: &Booking,
    to: &Email,
    known: Option<&Contact>,
    token: &str,
) -> DbResult<()> {
    let (site, base, id) = (&world.config.accounts.site_name, world.config.base_url(), booking.id);
    let stay = match known {
        Some(_) => stay(tx, booking)?,
        None => format!("{} to {} (booking {})", booking.asked.check_in, booking.asked.check_out, booking.code),
    };
    let hello = known.map_or_else(|| "Hello".to_owned(), |known| format!("Hello {}", known.name));
    let how = if known.is_some() { "To have it in your account" } else { "To have it in an account, make one there with this address" };
    let text = format!(
        "{hello},\n\na host at {site} has noted a stay for you:\n\n{stay}\n\n{how}: send this token to POST /api/v1/bookings/{id}/join while you are logged in.\n\n\
         {token}\n\nIf you do not know what this is about, do nothing.\n\n{site}\n{base}\n"
    );
    let to_name = known.map(|known| known.name.clone()).unwrap_or_default();
    mail::post(tx, now, &world.keys, &Letter { to: to.text().into(), to_name, subject: format!("{site}: a stay was noted for you"), text })
}

pub(super) fn deposit_due(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64, again: Option<Instant>) -> DbResult<()> {
    let (stay, due) = (stay(tx, booking)?, amount(booking, minor));
    let then = match again {
        Some(at) => format!("It is asked for again on {at}."),
        None => "It is not asked for again; until you leave it, the host may call the stay off.".to_owned(),
    };
    let text =
        format!("a deposit of {due} is to be left for your stay, and could not be taken:\n\n{stay}\n\nLeave it with another card or by transfer. {then}");
    write(tx, now, world, booking.guest, "a deposit is due", &text)
}

pub(super) fn deposit_missing(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64) -> DbResult<()> {
    let (stay, due) = (stay(tx, booking)?, amount(booking, minor));
    let text = format!(
        "a guest has not left the deposit of {due}:\n\n{stay}\n\nThe stay stands. Until the guest leaves it you may call the stay off, without a penalty."
    );
    write(tx, now, world, Some(booking.host), "a deposit was not left", &text)
}

pub(super) fn deposit_back(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, back: i64, taken: i64) -> DbResult<()> {
    let (stay, back) = (stay(tx, booking)?, amount(booking, back));
    let why = if taken > 0 { format!(" {} were taken for damage.", amount(booking, taken)) } else { String::new() };
    write(tx, now, world, booking.guest, "your deposit goes back", &format!("your deposit goes back to you:\n\n{stay}\n\nYou get {back} back.{why}"))
}

pub(super) fn paused(tx: &mut Tx<'_>, now: Instant, world: &World, host: UserId) -> DbResult<()> {
    let text = "several requests in a row had no answer from you, so your homes are paused: guests do not find them any more. Stays that are booked stand.\n\n\
                Publish your homes again when you are back.";
    write(tx, now, world, Some(host), "your homes are paused", text)
}

/// A stay is over and was not paid in full, and nobody asks for the rest any more.
pub(super) fn never_paid(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64) -> DbResult<()> {
    let (stay, due) = (stay(tx, booking)?, amount(booking, minor));
    let text = format!(
        "an instalment of {due} was not paid:\n\n{stay}\n\nIt is not asked for by itself any more. You still owe it, and can pay it with your booking."
    );
    write(tx, now, world, booking.guest, "an instalment is not paid", &text)?;
    let text = format!(
        "a guest has not paid an instalment of {due}, however often it was asked for:\n\n{stay}\n\nWhat is not paid cannot be paid out. We look after it."
    );
    write(tx, now, world, Some(booking.host), "an instalment is not paid", &text)
}

/// What the host took by hand nobody else can give back.
pub(super) fn hand_back(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64) -> DbResult<()> {
    let (stay, back) = (stay(tx, booking)?, amount(booking, minor));
    let text = format!("the guest gets {back} back that was paid into your hand:\n\n{stay}\n\nHand it back to them: it is not owed to us any more.");
    write(tx, now, world, Some(booking.host), "hand something back to your guest", &text)
}

/// `by_host`: out of the host's payout; else the platform bears it.
pub(super) fn granted(tx: &mut Tx<'_>, now: Instant, world: &World, booking: &Booking, minor: i64, by_host: bool) -> DbResult<()> {
    let (stay, back) = (stay(tx, booking)?, amount(booking, minor));
    let text = format!("you get {back} back of your stay:\n\n{stay}");
    write(tx, now, world, booking.guest, "a refund was granted", &text)?;
    if !by_host {
        return Ok(());
    }
    let text = format!("the guest gets {back} back out of what you are paid:\n\n{stay}");
    write(tx, now, world, Some(booking.host), "a refund was granted", &text)
}
