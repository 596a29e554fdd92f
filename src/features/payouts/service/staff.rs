//! What staff say and stop: payouts by hand that were made or came back, hosts who are not paid for now, taxes that were handed on.

use super::send::{Details, end, unsealed};
use super::{World, batch};
use crate::features::ledger::{self, Account};
use crate::features::payouts::rules::terms::{BANK, BANK_PSP, Payout, State};
use crate::features::payouts::store::{holds, methods, payouts as rows};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{Conn, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Currency, Instant, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// Who says so, and why.
#[derive(Debug, Clone)]
pub(crate) struct By {
    pub user: UserId,
    pub reason: String,
}

/// The payout, held until the transaction ends. Refuses with 404.
pub(crate) fn held(tx: &mut Tx<'_>, id: Uuid) -> Result<Payout> {
    rows::locked(tx, id)?.ok_or_else(no_such_payout)
}

pub(crate) fn no_such_payout() -> Error {
    Error::not_found("There is no such payout, or it is not yours.")
}

/// A payout that staff see to was made, or came back. Refuses with 409 `payout_state` what is over or in the hands of a provider.
pub(crate) fn told(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, mut payout: Payout, arrived: bool) -> Result<Payout> {
    if !payout.is_for_staff(now) {
        let why = if payout.state.is_under_way() { "is in the hands of its provider" } else { "is over" };
        let refused = Error::refused(Kind::Conflict, "payout_state", format!("The payout is {} and {why}.", payout.state.name()));
        return Err(refused.with_data("state", payout.state.name().into()));
    }
    let before = payout.state.name();
    if arrived {
        end(tx, now, world, &mut payout, State::Paid, None)?;
    } else {
        end(tx, now, world, &mut payout, State::Failed, Some(&by.reason))?;
    }
    let diff = json!({"state": [before, payout.state.name()]});
    note(tx, now, world, by, ("payout", payout.id), if arrived { "payout.paid" } else { "payout.failed" }, diff)?;
    Ok(payout)
}

/// Stops the payouts of a host. What was put aside and not sent yet is owed again. Refuses with 409 `payouts_held`, and with 404.
pub(crate) fn hold(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, host: UserId) -> Result<()> {
    known(tx, host)?;
    if !holds::put(tx, now, host, by.user, &by.reason)? {
        return Err(Error::refused(Kind::Conflict, "payouts_held", "The payouts of this host are stopped already."));
    }
    for payout in rows::created_of(tx, host)? {
        if let Some(mut payout) = rows::locked(tx, payout.id)?.filter(|payout| payout.state == State::Created) {
            end(tx, now, world, &mut payout, State::Cancelled, Some("held"))?;
        }
    }
    note(tx, now, world, by, ("user", host.0), "payouts.held", json!({"held": [false, true]}))
}

/// Lets a host be paid again. Refuses with 409 `payouts_not_held`, and with 404.
pub(crate) fn unhold(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, host: UserId) -> Result<()> {
    known(tx, host)?;
    if !holds::lift(tx, host)? {
        return Err(Error::refused(Kind::Conflict, "payouts_not_held", "The payouts of this host are not stopped."));
    }
    note(tx, now, world, by, ("user", host.0), "payouts.released", json!({"held": [true, false]}))
}

fn known(tx: &mut Tx<'_>, host: UserId) -> Result<()> {
    // A payout at the same time waits for the balance; whoever is stopped must exist.
    let found = crate::features::accounts::contact_held(tx, host)?;
    found.map(|_| ()).ok_or_else(|| Error::not_found("There is no such person."))
}

/// A part of a tax that was handed on.
#[derive(Debug, Clone)]
pub(crate) struct Remittance {
    /// Its key, as taxes of places have one.
    pub tax: String,
    pub currency: Currency,
    pub amount: i64,
    /// Out of the cash box, not the bank account.
    pub cash: bool,
}

/// E18: a tax was handed on. Answers what of it is still owed. Refuses with 409 `remittance_too_large`.
pub(crate) fn remit(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, of: &Remittance) -> Result<(Uuid, i64)> {
    holds::take_turn(tx, &of.tax, of.currency)?;
    let owed = -ledger::balance(tx, &Account::TaxPayable(of.tax.clone()), of.currency)?;
    if of.amount > owed {
        // Stays that were given back after their tax was handed on: the next taxes make up for it.
        let detail = if owed < 0 {
            format!("{} more of this tax was handed on than is owed by now.", -owed)
        } else {
            format!("{owed} of this tax are owed, not {}.", of.amount)
        };
        let refused = Error::refused(Kind::Conflict, "remittance_too_large", detail);
        return Err(refused.with_data("owed", owed.into()));
    }
    let id = Uuid::now_v7();
    let from = if of.cash { None } else { Some(BANK_PSP) };
    let entry = ledger::tax_remitted(&of.tax, &id.to_string(), of.currency, of.amount, from);
    ledger::post(tx, now, &entry.with_memo(&by.reason).asked_in(&world.origin))?;
    let diff = json!({"tax": [null, of.tax], "amount": [null, of.amount], "currency": [null, of.currency.code()]});
    note(tx, now, world, by, ("tax_remittance", id), "tax.remitted", diff)?;
    Ok((id, owed - of.amount))
}

/// A payout that somebody has to send by hand, with where to.
pub(crate) struct ByHand {
    pub payout: Payout,
    pub details: Details,
}

/// Payouts that wait for somebody to send them, oldest first, up to 500 behind `after`; that they were looked at is written down.
/// Those whose host has taken the account away since are stopped.
pub(crate) fn by_hand(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, after: Uuid) -> Result<Vec<ByHand>> {
    let mut all = Vec::new();
    for mut payout in rows::standing(tx, State::Created, after)?.into_iter().filter(|payout| payout.kind == BANK) {
        let method = methods::one(tx, payout.method)?.filter(|method| !method.details_sealed.is_empty());
        match method {
            Some(method) => all.push(ByHand { details: unsealed(world, method.id, &method.details_sealed)?, payout }),
            None => end(tx, now, world, &mut payout, State::Cancelled, Some("method_removed"))?,
        }
    }
    let ids: Vec<Uuid> = all.iter().map(|one| one.payout.id).collect();
    note(tx, now, world, by, ("payouts", Uuid::nil()), "payouts.exported", json!({"count": [null, ids.len()]}))?;
    Ok(all)
}

/// What a host is owed, and whether staff have stopped it.
pub(crate) fn standing(conn: &mut Conn<'_>, now: Instant, world: &World, host: UserId) -> Result<Vec<batch::Owed>> {
    Ok(batch::owed(conn, now, world, host)?)
}

fn note(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, object: (&'static str, Uuid), action: &'static str, diff: Value) -> Result<()> {
    let entry = Entry { action, actor: Actor::User(by.user), on_behalf_of: None, object: Some(object), reason: Some(&by.reason), diff, origin: &world.origin };
    Ok(audit::append(tx, now, &entry)?)
}
