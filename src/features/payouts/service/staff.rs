//! What staff say and stop: payouts by hand that were made or came back, hosts who are not paid for now, taxes that were handed on.

use super::send::{Details, Taken, end, take};
use super::{World, batch};
use crate::features::ledger::{self, Account};
use crate::features::payouts::rules::terms::{BANK_PSP, Payout, State, TOLD_BY_STAFF};
use crate::features::payouts::store::{holds, payouts as rows};
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
        // Their words are for the audit trail: the host reads what is written here.
        end(tx, now, world, &mut payout, State::Failed, Some(TOLD_BY_STAFF))?;
    }
    let diff = json!({"state": [before, payout.state.name()]});
    note(tx, now, world, by, ("payout", payout.id), if arrived { "payout.paid" } else { "payout.failed" }, diff)?;
    Ok(payout)
}

/// Stops the payouts of a host. What was put aside and is not `sent` yet is owed again. Refuses with 409 `payouts_held`, and with 404.
pub(crate) fn hold(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, host: UserId) -> Result<()> {
    known(tx, host)?;
    if !holds::put(tx, now, host, by.user, &by.reason)? {
        return Err(Error::refused(Kind::Conflict, "payouts_held", "The payouts of this host are stopped already."));
    }
    // Whoever makes a payout just now holds the balance: either it is there to be found below, or they find that the host is stopped.
    let payable = Account::HostPayable(host);
    for currency in ledger::currencies_of(tx, &payable)? {
        ledger::hold(tx, &payable, currency)?;
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
    // Whoever is stopped must exist.
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
        let refused = Error::refused(Kind::Conflict, "remittance_too_large", format!("{owed} of this tax are owed, not {}.", of.amount));
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
    /// When it was taken out before.
    pub before: Option<Instant>,
}

/// Payouts that wait for somebody to send them, oldest first, up to 500 behind `after`. They are `sent` from now on: no such list has them again, and
/// nothing stops them, until staff say what became of them. `again`: instead those that are out already, for a list that was lost. Those whose host
/// is stopped, or has taken the account away, are cancelled; an account that cannot be read leaves its payout out. All ids are written down.
pub(crate) fn by_hand(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, after: Uuid, again: bool) -> Result<Vec<ByHand>> {
    let wanted = if again { State::Sent } else { State::Created };
    let (mut all, mut unreadable) = (Vec::new(), Vec::new());
    for found in rows::by_hand(tx, wanted, after)? {
        // Somebody may have taken it out, told of it, or stopped it since it was found.
        let Some(mut payout) = rows::locked(tx, found.id)?.filter(|payout| payout.state == wanted) else { continue };
        let before = payout.sent_at;
        match take(tx, now, world, &mut payout)? {
            Taken::To(details) => all.push(ByHand { payout, details, before }),
            Taken::Not => {}
            Taken::Unreadable(error) => {
                tracing::error!(payout.id = %payout.id, error = ?error, "the account of a payout cannot be read; the list goes without it");
                unreadable.push(payout.id);
            }
        }
    }
    let ids: Vec<Uuid> = all.iter().map(|one| one.payout.id).collect();
    let diff = json!({"ids": [null, ids], "again": [null, again], "unreadable": [null, unreadable]});
    note(tx, now, world, by, ("payouts", Uuid::nil()), "payouts.exported", diff)?;
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
