//! Making an account: a name and an address first, then the link in the letter, which asks for the password. Whoever holds the
//! mailbox sets it, so nobody can prepare an account for somebody else (S-AUTH 8).

use super::letters::{self, Matter, Reader};
use super::{World, announce, note};
use crate::features::accounts::store::accounts::{self, State};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::platform::access::Role;
use crate::platform::audit::{self, Actor};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::keys::{digest, fresh_secret};
use crate::values::{Email, Instant, UserId};
use serde_json::json;

/// Sends the link, or the news that there is an account already. Outside nobody can tell which.
pub(crate) fn register(tx: &mut Tx<'_>, now: Instant, world: &World, name: &str, email: &Email, invite: Option<&str>) -> DbResult<()> {
    note(tx, now, world, "account.registered", Actor::Nobody, None, json!({"email": [null, audit::hashed(&world.keys, email.key())]}))?;
    let token = fresh_secret();
    let payload = json!({"name": name, "email": email.text(), "invite": invite.map(digest)});
    match accounts::by_email(tx, email.key())? {
        Some(account) if account.state != State::Erased => {
            letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::HaveOneAlready)
        }
        _ => {
            one_time::keep(tx, now, &token, Purpose::Register, None, &payload)?;
            letters::post(tx, now, world, &Reader { email: email.text(), name }, Matter::Confirm { token: &token })
        }
    }
}

/// Who is about to confirm: name and address, for the rules of the password.
pub(crate) fn awaiting(conn: &mut Conn<'_>, now: Instant, token: &str) -> DbResult<Option<(String, Email)>> {
    let kept = one_time::peek(conn, now, token, Purpose::Register)?;
    Ok(kept.and_then(|kept| {
        let text = |name: &str| kept.payload[name].as_str().map(str::to_owned);
        Some((text("name")?, Email::parse(&text("email")?)?))
    }))
}

/// Uses the link up and makes the account. `None` when the link was used, has run out, or the address has an account meanwhile.
pub(crate) fn confirm(tx: &mut Tx<'_>, now: Instant, world: &World, token: &str, password_hash: &str) -> DbResult<Option<UserId>> {
    let Some((name, email)) = awaiting(tx, now, token)? else { return Ok(None) };
    let Some(kept) = one_time::take(tx, now, token, Purpose::Register)? else { return Ok(None) };
    if let Some(invite) = kept.payload["invite"].as_str() {
        one_time::drop_one(tx, invite)?;
    }
    let user = UserId::new();
    if !accounts::insert(tx, now, user, &name, &email, Some(password_hash))? {
        return Ok(None);
    }
    note(tx, now, world, "account.verified", Actor::User(user), Some(user), json!({}))?;
    announce(tx, now, user)?;
    Ok(Some(user))
}

/// Lets somebody register where only the invited may. Answers the invitation, which the letter holds too.
pub(crate) fn invite(tx: &mut Tx<'_>, now: Instant, world: &World, by: UserId, email: &Email) -> DbResult<String> {
    let token = fresh_secret();
    one_time::keep(tx, now, &token, Purpose::Invite, None, &json!({"email": email.text()}))?;
    note(tx, now, world, "invite.made", Actor::User(by), None, json!({"email": [null, audit::hashed(&world.keys, email.key())]}))?;
    letters::post(tx, now, world, &Reader { email: email.text(), name: email.local_part() }, Matter::Invited { token: &token })?;
    Ok(token)
}

/// Whether an invitation is good for this address. It is used up by [`confirm`] only: the letter with the link may get lost.
pub(crate) fn is_invited(conn: &mut Conn<'_>, now: Instant, token: &str, email: &Email) -> DbResult<bool> {
    let kept = one_time::peek(conn, now, token, Purpose::Invite)?;
    Ok(kept.is_some_and(|kept| kept.payload["email"].as_str().and_then(Email::parse).is_some_and(|invited| invited.key() == email.key())))
}

/// Somebody who gets an account by hand.
#[derive(Clone)]
pub(crate) struct Appointed {
    pub(crate) name: String,
    pub(crate) email: Email,
    pub(crate) password_hash: String,
}

/// Makes an account by hand, for the command line and the set-up link. `None` when the address has one.
pub(crate) fn appoint(tx: &mut Tx<'_>, now: Instant, world: &World, actor: Actor, who: &Appointed, role: Role) -> DbResult<Option<UserId>> {
    let user = UserId::new();
    if !accounts::insert(tx, now, user, &who.name, &who.email, Some(&who.password_hash))? {
        return Ok(None);
    }
    accounts::grant(tx, now, user, role, actor.user())?;
    note(tx, now, world, "operator.setup", actor, Some(user), json!({"role": [null, role.name()]}))?;
    announce(tx, now, user)?;
    Ok(Some(user))
}
