//! Erasure: asked for, called off, carried out (rules.md V5).
//!
//! Asking and carrying out begin with the lock of the operators, before the account is held (the order of `staff.rs`): whether
//! somebody is the last operator may not change between the look and the deed (X5).

use super::letters::{self, Matter, Reader};
use super::{World, announce, note};
use crate::features::accounts::store::accounts::hold;
use crate::features::accounts::store::accounts::{self, Account, State};
use crate::features::accounts::store::erasure;
use crate::platform::access::Role;
use crate::platform::audit::Actor;
use crate::platform::db::{DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::jobs::{self, Job};
use crate::platform::privacy::{Blocker, Holders};
use crate::values::{Instant, Night, UserId};
use serde_json::{Value, json};

/// The kind of the job that carries it out.
pub(crate) const JOB: &str = "accounts.erase";

/// Sets the day; answers it. Whoever asks again is told the same day.
pub(crate) fn ask(tx: &mut Tx<'_>, now: Instant, world: &World, holders: &Holders, user: UserId) -> Result<Instant> {
    accounts::lock_role(tx, Role::Operator)?;
    hold(tx, user)?;
    let account = accounts::by_id(tx, user)?.ok_or_else(|| Error::not_found("There is no such account."))?;
    if let Some(at) = account.erase_at {
        return Ok(at);
    }
    let blockers = holders.blockers(tx, user)?;
    if !blockers.is_empty() {
        return Err(blocked(&blockers));
    }
    let at = now.plus_seconds(i64::from(world.config.accounts.erasure_days) * 86_400);
    accounts::set_state(tx, now, user, State::Leaving, None, Some(at))?;
    order(tx, now, user, at)?;
    note(tx, now, world, "user.erasure_asked", Actor::User(user), Some(user), json!({"erase_at": [null, at.to_string()]}))?;
    let date = Night::in_utc(at).to_string();
    let losses = holders.forfeits(tx, user)?;
    letters::post(tx, now, world, &reader(&account), Matter::LeavingOn { date: &date, losses: &losses })?;
    announce(tx, now, user)?;
    Ok(at)
}

fn blocked(blockers: &[Blocker]) -> Error {
    let reasons: Vec<Value> = blockers.iter().map(|blocker| json!({"reason": blocker.reason, "message": blocker.message})).collect();
    Error::refused(Kind::Conflict, "erasure_blocked", "Something has to end before you can be erased.").with_data("reasons", reasons.into())
}

fn reader(account: &Account) -> Reader<'_> {
    Reader { email: &account.email, name: &account.name }
}

/// Enqueues the job, unless it waits already.
pub(crate) fn order(tx: &mut Tx<'_>, now: Instant, user: UserId, at: Instant) -> DbResult<bool> {
    jobs::enqueue(tx, now, &Job { kind: JOB, key: Some(user.0.to_string()), payload: json!({"user": user.0}), run_at: at })
}

/// Calls it off. False when nothing was to be called off.
pub(crate) fn call_off(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId) -> DbResult<bool> {
    hold(tx, user)?;
    let Some(account) = accounts::by_id(tx, user)?.filter(|account| account.state == State::Leaving) else { return Ok(false) };
    accounts::set_state(tx, now, user, State::Active, None, None)?;
    jobs::cancel(tx, JOB, &user.0.to_string())?;
    note(tx, now, world, "user.erasure_called_off", Actor::User(user), Some(user), json!({}))?;
    letters::post(tx, now, world, &reader(&account), Matter::StayingAfterAll)?;
    announce(tx, now, user)?;
    Ok(true)
}

/// What came of a day that was set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum End {
    /// When they were erased: now, or before.
    Erased(Instant),
    /// Called off, or put off.
    NotDue,
    /// Something began meanwhile that has to end first; asked again later.
    Blocked,
}

/// Erases somebody whose day has come.
pub(crate) fn carry_out(tx: &mut Tx<'_>, now: Instant, world: &World, holders: &Holders, user: UserId) -> DbResult<End> {
    accounts::lock_role(tx, Role::Operator)?;
    hold(tx, user)?;
    let Some(account) = accounts::by_id(tx, user)? else { return Ok(End::NotDue) };
    if account.state == State::Erased {
        return Ok(erasure::erased_at(tx, user)?.map_or(End::NotDue, End::Erased));
    }
    if account.erase_at.is_none_or(|at| at > now) {
        return Ok(End::NotDue);
    }
    if !holders.blockers(tx, user)?.is_empty() {
        return Ok(End::Blocked);
    }
    erase(tx, now, world, holders, user)?;
    Ok(End::Erased(now))
}

/// Erases somebody, whatever may block it: their day has come, or had come before a backup was restored.
pub(crate) fn erase(tx: &mut Tx<'_>, now: Instant, world: &World, holders: &Holders, user: UserId) -> DbResult<()> {
    holders.erase(tx, now, user)?;
    erasure::record(tx, now, user)?;
    note(tx, now, world, "user.erased", Actor::System, Some(user), json!({}))
}
