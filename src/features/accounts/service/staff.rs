//! What staff do with the accounts of others: suspend and restore, roles, sessions.
//!
//! Each of these writes who did it and why into the audit trail. They begin with the lock of the operators, so that two who take
//! each other's rights at the same moment take turns: the second finds that it may not any more (X5).

use super::letters::{self, Matter, Reader};
use super::{World, announce, note, sessions};
use crate::features::accounts::store::accounts::{self, Account, State};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::tokens;
use crate::platform::access::{Role, Roles};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::{DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, UserId};
use serde_json::{Value, json};

/// What somebody does to an account, and why.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub by: UserId,
    pub to: UserId,
    pub reason: String,
}

/// Closes an account: its sessions and tokens end, its owner is told why.
pub(crate) fn suspend(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed) -> Result<()> {
    let account = begin(tx, deed, Role::Moderator)?;
    if account.state == State::Suspended {
        return Err(Error::refused(Kind::Conflict, "conflict", "This account is suspended already."));
    }
    let was_operator = accounts::roles(tx, deed.to)?.has(Role::Operator);
    // Whoever had asked to be erased will be, suspended or not.
    accounts::set_state(tx, now, deed.to, State::Suspended, Some(&deed.reason), account.erase_at)?;
    if was_operator {
        keep_an_operator(tx)?;
    }
    one_time::forget(tx, deed.to, Purpose::ResetPassword)?;
    tokens::end_all(tx, now, deed.to)?;
    sessions::close(tx, now, deed.to, None, "suspended")?;
    reasoned_note(tx, now, world, "user.suspended", deed, json!({"state": [account.state.name(), State::Suspended.name()]}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::Suspended { reason: &deed.reason })?;
    Ok(announce(tx, now, deed.to)?)
}

/// Opens a suspended account again. What was ended stays so: its owner logs in anew.
pub(crate) fn restore(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed) -> Result<()> {
    let account = begin(tx, deed, Role::Moderator)?;
    if account.state != State::Suspended {
        return Err(Error::refused(Kind::Conflict, "conflict", "This account is not suspended."));
    }
    let state = if account.erase_at.is_some() { State::Leaving } else { State::Active };
    accounts::set_state(tx, now, deed.to, state, None, account.erase_at)?;
    reasoned_note(tx, now, world, "user.restored", deed, json!({"state": [account.state.name(), state.name()]}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::Restored)?;
    Ok(announce(tx, now, deed.to)?)
}

/// Gives exactly these roles. Whoever had none before logs in anew, because sessions of staff are shorter.
pub(crate) fn set_roles(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed, wanted: Roles) -> Result<()> {
    lock_and_look(tx, deed, Role::Operator)?;
    let account = target(tx, deed)?;
    let had = accounts::roles(tx, deed.to)?;
    for role in Role::ALL {
        let (before, after) = (had.has(role), wanted.has(role));
        if after && !before && accounts::grant(tx, now, account.user, role, Some(deed.by))? {
            reasoned_note(tx, now, world, "role.granted", deed, json!({"role": [null, role.name()]}))?;
        }
        if before && !after && accounts::revoke(tx, account.user, role)? {
            reasoned_note(tx, now, world, "role.revoked", deed, json!({"role": [role.name(), null]}))?;
        }
    }
    if had != wanted {
        accounts::rise(tx, now, account.user)?;
    }
    if had.has(Role::Operator) {
        keep_an_operator(tx)?;
    }
    if had.is_empty() && !wanted.is_empty() {
        sessions::close(tx, now, deed.to, None, "new role")?;
    }
    Ok(announce(tx, now, deed.to)?)
}

/// Gives somebody one more role, at the console. Whoever had none before logs in anew, as in [`set_roles`].
pub(crate) fn promote(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, role: Role) -> Result<()> {
    accounts::lock_role(tx, Role::Operator)?;
    accounts::hold(tx, user)?;
    let account = accounts::by_id(tx, user)?.ok_or_else(no_such_account)?;
    if !account.state.may_enter() {
        let detail = format!("This account is {}; an operator can restore a suspended one.", account.state.name());
        return Err(Error::refused(Kind::Conflict, "conflict", detail));
    }
    let had = accounts::roles(tx, user)?;
    if !accounts::grant(tx, now, user, role, None)? {
        return Err(Error::refused(Kind::Conflict, "conflict", format!("{} is {} already.", account.name, role.name())));
    }
    accounts::rise(tx, now, user)?;
    if had.is_empty() {
        sessions::close(tx, now, user, None, "new role")?;
    }
    note(tx, now, world, "role.granted", Actor::Console, Some(user), json!({"role": [null, role.name()]}))?;
    Ok(announce(tx, now, user)?)
}

/// Ends all sessions of somebody; answers how many there were.
pub(crate) fn end_sessions(tx: &mut Tx<'_>, now: Instant, world: &World, deed: &Deed) -> Result<u64> {
    let roles = lock_and_look(tx, deed, Role::Moderator)?;
    target(tx, deed)?;
    spare_staff(tx, deed, roles)?;
    let ended = sessions::close(tx, now, deed.to, None, "ended by staff")?;
    reasoned_note(tx, now, world, "session.ended", deed, json!({"sessions": [ended, 0]}))?;
    announce(tx, now, deed.to)?;
    Ok(ended)
}

/// Fails unless somebody who may enter is an operator. For every change that takes one away, after it, under the lock.
pub(crate) fn keep_an_operator(tx: &mut Tx<'_>) -> Result<()> {
    if accounts::count_with_role(tx, Role::Operator)? > 0 {
        return Ok(());
    }
    Err(Error::refused(Kind::Conflict, "last_operator", "This is the last operator: name another one first."))
}

/// The account that a moderator is about to close or open: not their own, and not that of staff.
fn begin(tx: &mut Tx<'_>, deed: &Deed, least: Role) -> Result<Account> {
    let roles = lock_and_look(tx, deed, least)?;
    let account = target(tx, deed)?;
    if deed.by == deed.to {
        return Err(Error::refused(Kind::Conflict, "own_account", "Nobody does this to their own account."));
    }
    spare_staff(tx, deed, roles)?;
    Ok(account)
}

/// Takes the lock of the operators, and looks again whether the actor may: their own rights may have gone while they waited.
fn lock_and_look(tx: &mut Tx<'_>, deed: &Deed, least: Role) -> Result<Roles> {
    accounts::lock_role(tx, Role::Operator)?;
    let enters = accounts::by_id(tx, deed.by)?.is_some_and(|account| account.state.may_enter());
    let roles = accounts::roles(tx, deed.by)?;
    if enters && (roles.has(least) || roles.has(Role::Operator)) {
        return Ok(roles);
    }
    Err(Error::refused(Kind::Forbidden, "forbidden", "You are known, but this is not yours to do."))
}

fn target(tx: &mut Tx<'_>, deed: &Deed) -> Result<Account> {
    accounts::by_id(tx, deed.to)?.filter(|account| account.state != State::Erased).ok_or_else(no_such_account)
}

/// Nobody but operators touches accounts of staff.
fn spare_staff(tx: &mut Tx<'_>, deed: &Deed, roles: Roles) -> Result<()> {
    if deed.by != deed.to && !roles.has(Role::Operator) && !accounts::roles(tx, deed.to)?.is_empty() {
        return Err(Error::refused(Kind::Forbidden, "staff_account", "This is an account of staff; only an operator may do that."));
    }
    Ok(())
}

pub(crate) fn no_such_account() -> Error {
    Error::not_found("There is no account with this id.")
}

/// An entry of the audit trail about somebody else's account, with the actor's reason (X4).
fn reasoned_note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, deed: &Deed, diff: Value) -> DbResult<()> {
    let (actor, object) = (Actor::User(deed.by), Some(("user", deed.to.0)));
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object, reason: Some(&deed.reason), diff, origin: &world.origin })
}
