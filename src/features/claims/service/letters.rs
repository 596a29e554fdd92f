//! What both sides are written about a claim.

use super::World;
use crate::features::accounts;
use crate::features::claims::rules::{Claim, State};
use crate::platform::db::{DbResult, Tx};
use crate::values::{Instant, Money, UserId};

fn write(tx: &mut Tx<'_>, now: Instant, world: &World, to: UserId, subject: &str, text: &str) -> DbResult<()> {
    accounts::write_to(tx, now, (&world.keys, &world.config), to, subject, text).map(|_written| ())
}

fn amount(claim: &Claim, minor: i64) -> String {
    Money::new(minor, claim.currency).to_string()
}

pub(super) fn filed(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim) -> DbResult<()> {
    let items: Vec<String> = claim.items.iter().map(|item| format!("- {}: {}", item.what, amount(claim, item.amount))).collect();
    let until = claim.due_at.map(|at| at.to_string()).unwrap_or_default();
    let text = format!(
        "your host says that something was damaged during your stay:\n\n{}\n\nIn all: {}. Answer by {until}: pay it, offer a part, or refuse.",
        items.join("\n"),
        amount(claim, claim.amount)
    );
    write(tx, now, world, claim.guest, "a damage claim", &text)
}

/// How a claim stands now, to whoever waits for it.
pub(super) fn turned(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim) -> DbResult<()> {
    let settled = amount(claim, claim.settled.unwrap_or(0));
    let (guests, hosts) = match claim.state {
        State::Contested => {
            let until = claim.due_at.map(|at| at.to_string()).unwrap_or_default();
            let offer = match claim.offered {
                None => "The guest has not answered in time.".to_owned(),
                Some(0) => "The guest does not agree.".to_owned(),
                Some(offered) => format!("The guest offers {}.", amount(claim, offered)),
            };
            (None, Some(format!("{offer} Take what is offered, if something is, or hand the claim to us until {until}.")))
        }
        State::Escalated => (Some("The host has handed the claim to us. We look at it and decide.".to_owned()), None),
        State::Due => {
            (Some(format!("{settled} are to be paid. If your means of payment is refused, pay another way.")), Some(format!("The guest is to pay {settled}.")))
        }
        State::Paid => (Some(format!("{settled} were paid. The claim is closed.")), Some(format!("{settled} were paid; they come with your next payout."))),
        State::Rejected => (Some("Nothing is to be paid. The claim is closed.".to_owned()), Some("We have decided that nothing is to be paid.".to_owned())),
        State::Withdrawn => (Some("The host has withdrawn the claim.".to_owned()), None),
        State::Lapsed => {
            (Some("The claim is closed; nothing is to be paid.".to_owned()), Some("The claim is closed: it was not handed to us in time.".to_owned()))
        }
        State::Open => (None, None),
    };
    let decision = if claim.decision.is_empty() { String::new() } else { format!("\n\nWhy: {}", claim.decision) };
    for (to, text) in [(claim.guest, guests), (claim.host, hosts)] {
        if let Some(text) = text {
            write(tx, now, world, to, "about a damage claim", &format!("about the damage claim over {}:\n\n{text}{decision}", amount(claim, claim.amount)))?;
        }
    }
    Ok(())
}

pub(super) fn refused(tx: &mut Tx<'_>, now: Instant, world: &World, claim: &Claim) -> DbResult<()> {
    let due = amount(claim, claim.settled.unwrap_or(0));
    write(tx, now, world, claim.guest, "a payment was refused", &format!("{due} for a damage claim could not be charged. Pay them another way."))
}
