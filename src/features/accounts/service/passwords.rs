//! Forgotten and changed passwords.

use super::letters::{self, Matter, Reader};
use super::{World, announce, login, note, sessions};
use crate::features::accounts::store::accounts::hold;
use crate::features::accounts::store::accounts::{self, Account};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::tokens;
use crate::platform::audit::{self, Actor};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::keys::fresh_secret;
use crate::values::{Email, Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// Sends a link to set a new password, where there is an account; otherwise does about as much.
pub(crate) fn forgot(tx: &mut Tx<'_>, now: Instant, world: &World, email: &Email) -> DbResult<()> {
    note(tx, now, world, "password.reset_asked", Actor::Nobody, None, json!({"email": [null, audit::hashed(&world.keys, email.key())]}))?;
    let token = fresh_secret();
    let account = accounts::by_email(tx, email.key())?.filter(|account| account.state.may_enter());
    one_time::keep(tx, now, &token, Purpose::ResetPassword, account.as_ref().map(|account| account.user), &json!({}))?;
    match account {
        Some(account) => letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::Reset { token: &token }),
        // Nobody has this token: it runs out unseen.
        None => Ok(()),
    }
}

/// Whose password a link would set.
pub(crate) fn resetting(conn: &mut Conn<'_>, now: Instant, token: &str) -> DbResult<Option<Account>> {
    match one_time::peek(conn, now, token, Purpose::ResetPassword)?.and_then(|kept| kept.user) {
        Some(user) => accounts::by_id(conn, user),
        None => Ok(None),
    }
}

/// Uses the link up and sets the password; ends all sessions and personal access tokens, and forgets failed logins. The second
/// factor stays as it is. False when the link was used or has run out.
pub(crate) fn reset(tx: &mut Tx<'_>, now: Instant, world: &World, token: &str, hash: &str) -> DbResult<bool> {
    let Some(user) = one_time::take(tx, now, token, Purpose::ResetPassword)?.and_then(|kept| kept.user) else { return Ok(false) };
    let Some(account) = accounts::by_id(tx, user)?.filter(|account| account.state.may_enter()) else { return Ok(false) };
    force(tx, now, world, Actor::User(user), &account, hash)?;
    Ok(true)
}

/// Sets a password whatever the old one was, with all that follows from it.
pub(crate) fn force(tx: &mut Tx<'_>, now: Instant, world: &World, actor: Actor, account: &Account, hash: &str) -> DbResult<()> {
    hold(tx, account.user)?;
    accounts::set_password(tx, now, account.user, hash)?;
    one_time::forget(tx, account.user, Purpose::ResetPassword)?;
    tokens::end_all(tx, now, account.user)?;
    if let Some(email) = Email::parse(&account.email) {
        login::forgive(tx, world, email.key())?;
    }
    note(tx, now, world, "password.reset", actor, Some(account.user), json!({}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::PasswordChanged)?;
    sessions::end_all(tx, now, world, actor, account.user, None, "new password")?;
    Ok(())
}

/// Sets a new password for its owner, who has shown the old one; ends all other sessions and all personal access tokens. False when the password was changed
/// between the look at the old one and now.
pub(crate) fn change(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, session: Option<Uuid>, old_hash: &str, hash: &str) -> DbResult<bool> {
    hold(tx, user)?;
    let Some(account) = accounts::by_id(tx, user)?.filter(|account| account.password_hash.as_deref() == Some(old_hash)) else { return Ok(false) };
    tokens::end_all(tx, now, user)?;
    accounts::set_password(tx, now, user, hash)?;
    one_time::forget(tx, user, Purpose::ResetPassword)?;
    note(tx, now, world, "password.changed", Actor::User(user), Some(user), json!({}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::PasswordChanged)?;
    sessions::end_all(tx, now, world, Actor::User(user), user, session, "new password")?;
    announce(tx, now, user)?;
    Ok(true)
}
