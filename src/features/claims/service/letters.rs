//! What both sides are written about a claim.

use super::World;
use crate::features::accounts;
use crate::features::claims::rules::{Claim, State};
use crate::platform::db::{DbResult, Tx};
use crate::values::{Instant, Money, UserId};

/// What the guest is told, and what the host.
type Words = (Option<String>, Option<String>);

fn write(tx: &mut Tx<'_>, now: Instant, world: &World, to: UserId, subject: &str, text: &str) -> DbResult<()> {
    accounts::write_to(tx, now, (&world.keys, &world.config), to, subject, text).map(|_written| ())
}

/// Writes to whoever is to be told something of how a claim stands now.
fn tell(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim, (guest, host): Words) -> DbResult<()> {
    // Why staff decided so belongs to what they decided, not to what others or time did to it later.
    let decided = matches!(claim.state, State::Due | State::Paid | State::Rejected) && !claim.decision.is_empty();
    let decision = if decided { format!("\n\nWhy: {}", claim.decision) } else { String::new() };
    for (to, text) in [(claim.guest, guest), (claim.host, host)] {
        if let Some(text) = text {
            write(tx, now, world, to, "about a damage claim", &format!("about the damage claim over {}:\n\n{text}{decision}", amount(claim, claim.amount)))?;
        }
    }
    Ok(())
}

fn amount(claim: &Claim, minor: i64) -> String {
    Money::new(minor, claim.currency).to_string()
}

/// Until when it is to be done; nothing where no time ends it.
fn by(claim: &Claim) -> String {
    claim.due_at.map_or_else(String::new, |at| format!(" by {at}"))
}

pub(super) fn filed(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim) -> DbResult<()> {
    let items: Vec<String> = claim.items.iter().map(|item| format!("- {}: {}", item.what, amount(claim, item.amount))).collect();
    let text = format!(
        "your host says that something was damaged during your stay:\n\n{}\n\nIn all: {}. Answer{}: pay it, offer a part, or refuse.",
        items.join("\n"),
        amount(claim, claim.amount),
        by(claim)
    );
    write(tx, now, world, claim.guest, "a damage claim", &text)
}

/// How a claim stands now that was in `before`, to whoever waits for it. That it is paid is told by [`paid`], which knows how.
pub(super) fn turned(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim, before: State) -> DbResult<()> {
    let words = match claim.state {
        State::Open | State::Paid => (None, None),
        State::Contested => (None, Some(contested(claim))),
        State::Escalated => (Some("The host has handed the claim to us. We look at it and decide.".to_owned()), None),
        State::Due => due(claim),
        State::Rejected => (Some("Nothing is to be paid. The claim is closed.".to_owned()), Some("We have decided that nothing is to be paid.".to_owned())),
        State::Withdrawn => (Some("The host has withdrawn the claim: nothing is to be paid.".to_owned()), None),
        State::Lapsed => lapsed(claim, before),
    };
    tell(tx, now, world, claim, words)
}

fn contested(claim: &Claim) -> String {
    let offer = match claim.offered {
        None => "The guest has not answered in time.".to_owned(),
        Some(0) => "The guest does not agree.".to_owned(),
        Some(offered) => format!("The guest offers {}.", amount(claim, offered)),
    };
    format!("{offer} Take what is offered, if something is, or hand the claim to us{}.", by(claim))
}

fn due(claim: &Claim) -> Words {
    let (settled, by) = (amount(claim, claim.settled.unwrap_or(0)), by(claim));
    let guest = format!("{settled} are to be paid{by}. If you left no means of payment, or it is refused, pay another way.");
    (Some(guest), Some(format!("The guest is to pay {settled}{by}; if they do not, the claim lapses.")))
}

fn lapsed(claim: &Claim, before: State) -> Words {
    if before != State::Due {
        let host = "The claim is closed: it was not handed to us in time.".to_owned();
        return (Some("The claim is closed; nothing is to be paid.".to_owned()), Some(host));
    }
    let settled = amount(claim, claim.settled.unwrap_or(0));
    let guest = format!("The claim is closed: {settled} were not paid in time, and are not asked for any more.");
    (Some(guest), Some(format!("The claim is closed: {settled} were not paid in time, and the guest is not asked for them any more.")))
}

/// That a claim is paid. `in_cash`: into the host's hand, so that it is not in our books and comes with no payout.
pub(super) fn paid(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim, in_cash: bool) -> DbResult<()> {
    let settled = amount(claim, claim.settled.unwrap_or(0));
    let host = match in_cash {
        true => format!("The guest has paid {settled} in cash, into your hand. The claim is closed."),
        false => format!("The guest has paid {settled}; they come with your next payout."),
    };
    tell(tx, now, world, claim, (Some(format!("{settled} were paid. The claim is closed.")), Some(host)))
}

pub(super) fn refused(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim) -> DbResult<()> {
    let due = amount(claim, claim.settled.unwrap_or(0));
    write(tx, now, world, claim.guest, "a payment was refused", &format!("{due} for a damage claim could not be charged. Pay them another way."))
}

/// Money came of which nothing is to be paid. `in_cash`: it is in the host's hand, who gives it back.
pub(super) fn came_too_late(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim, minor: i64, in_cash: bool) -> DbResult<()> {
    let (claimed, back) = (amount(claim, claim.amount), amount(claim, minor));
    let text = format!("your payment came when nothing was to be paid any more of the damage claim over {claimed}.\n\nYou get {back} back.");
    write(tx, now, world, claim.guest, "your payment goes back", &text)?;
    if !in_cash {
        return Ok(());
    }
    let text = format!("your guest gave you {back} when nothing was to be paid any more of the damage claim over {claimed}.\n\nHand them back.");
    write(tx, now, world, claim.host, "hand something back to your guest", &text)
}
