//! Coming in through another provider (S-AUTH 8, 9): the way there and back, who comes in, linking and unlinking.
//!
//! A journey begins with a ticket, which its traveller keeps, and a state, which goes through the provider; finishing it needs
//! both, so nobody can be led into somebody else's journey. Either is good once.

use super::letters::{self, Matter, Reader};
use super::login::{self, Outcome};
use super::passkeys::site;
use super::sessions::{self, Place, Proof};
use super::{World, announce, note};
use crate::features::accounts::oidc::Identity;
use crate::features::accounts::rules;
use crate::features::accounts::store::accounts::{self, Account};
use crate::features::accounts::store::oidc::{self, Link};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::passkeys;
use crate::platform::audit::{self, Actor};
use crate::platform::config::Registration;
use crate::platform::db::{Conn, DbError, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::keys::{digest, same};
use crate::values::{Instant, UserId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

/// Accounts of providers that one person may link.
const MOST_LINKS: usize = 20;

/// What has to be known again when somebody comes back from a provider. Stored sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(in super::super) struct Journey {
    /// The provider's id.
    pub provider: String,
    pub state: String,
    pub nonce: String,
    /// The proof key (PKCE) that only we know.
    pub verifier: String,
    /// Where the provider sends people back to.
    pub redirect_uri: String,
    /// Where the browser goes in the end; `None`: an app finishes the login.
    pub then: Option<String>,
    /// The session that wants to link; `None`: a login.
    pub linking: Option<Uuid>,
}

/// Keeps a journey until its traveller is back.
pub(in super::super) fn depart(tx: &mut Tx<'_>, now: Instant, world: &World, ticket: &str, user: Option<UserId>, journey: &Journey) -> DbResult<()> {
    let plain = serde_json::to_vec(journey).map_err(|error| DbError::Unusable(error.to_string()))?;
    let sealed = world.keys.seal(&place(ticket), &plain);
    one_time::keep(tx, now, ticket, Purpose::Oidc, user, &json!({"sealed": sealed}))
}

/// The journey of a ticket, which is used up whatever comes of it. `None`: there is none, or it belongs to another provider, another
/// state, or somebody else (`user`: who links; `None` for a login).
pub(in super::super) fn arrive(
    tx: &mut Tx<'_>,
    now: Instant,
    world: &World,
    ticket: &str,
    provider: &str,
    state: &str,
    user: Option<(UserId, Uuid)>,
) -> DbResult<Option<Journey>> {
    let Some(kept) = one_time::take(tx, now, ticket, Purpose::Oidc)? else { return Ok(None) };
    let plain = world.keys.unseal(&place(ticket), kept.payload["sealed"].as_str().unwrap_or_default())?;
    let journey: Journey = serde_json::from_slice(&plain).map_err(|error| DbError::Unusable(error.to_string()))?;
    let theirs = kept.user.zip(journey.linking) == user && kept.user.is_some() == user.is_some();
    let right = theirs && journey.provider == provider && same(journey.state.as_bytes(), state.as_bytes());
    Ok(right.then_some(journey))
}

/// Whether a ticket belongs to somebody who links, without using it up.
pub(in super::super) fn is_linking(conn: &mut Conn<'_>, now: Instant, ticket: &str) -> DbResult<bool> {
    Ok(one_time::peek(conn, now, ticket, Purpose::Oidc)?.is_some_and(|kept| kept.user.is_some()))
}

fn place(ticket: &str) -> String {
    format!("one_time_tokens.payload {}", digest(ticket))
}

/// Lets in whoever the provider vouches for; makes the account of a newcomer. An address that belongs to somebody here already is not
/// linked by itself: whoever holds the address elsewhere need not be the owner here.
pub(in super::super) fn enter(tx: &mut Tx<'_>, now: Instant, world: &World, identity: &Identity, to: &Place) -> Result<Outcome> {
    let known = match oidc::by_subject(tx, &identity.issuer, &identity.subject)? {
        Some(link) => accounts::by_id(tx, link.user)?.map(|account| (link, account)),
        None => None,
    };
    let account = match known {
        Some((link, account)) => {
            oidc::touch(tx, now, link.id)?;
            account
        }
        None => newcomer(tx, now, world, identity)?,
    };
    if !account.state.may_enter() {
        note(tx, now, world, "session.refused", Actor::Nobody, Some(account.user), json!({"state": [account.state.name(), null]}))?;
        return Ok(Outcome::Suspended);
    }
    if account.totp_sealed.is_some() {
        return Ok(Outcome::CodeNeeded { ticket: login::ticket(tx, now, account.user, to)? });
    }
    Ok(Outcome::In(sessions::begin(tx, now, world, account.user, to, Proof { method: "oidc", strong: false })?))
}

/// Makes an account without a password.
fn newcomer(tx: &mut Tx<'_>, now: Instant, world: &World, identity: &Identity) -> Result<Account> {
    if accounts::by_email(tx, identity.email.key())?.is_some() {
        return Err(Error::refused(Kind::Conflict, "link_needed", "There is an account with your address. Log in to it, and link the provider there."));
    }
    match world.config.accounts.registration {
        Registration::Open => {}
        Registration::InviteOnly => {
            let why = "This site takes those who were invited. Register with the invitation, and link the provider then.";
            return Err(Error::refused(Kind::Forbidden, "invitation_needed", why));
        }
        Registration::Closed => return Err(Error::refused(Kind::Forbidden, "registration_closed", "This site takes no new accounts.")),
    }
    let name = identity.name.as_deref().and_then(|name| rules::name(name).ok());
    let name = name.unwrap_or_else(|| identity.email.local_part().to_owned());
    let user = UserId::new();
    if !accounts::insert(tx, now, user, &name, &identity.email, None)? {
        return Err(conflict());
    }
    note(tx, now, world, "account.registered", Actor::Nobody, None, json!({"email": [null, audit::hashed(&world.keys, identity.email.key())]}))?;
    note(tx, now, world, "account.verified", Actor::User(user), Some(user), json!({"provider": [null, identity.provider]}))?;
    if !insert(tx, now, user, identity)? {
        return Err(conflict());
    }
    note(tx, now, world, "oidc.linked", Actor::User(user), Some(user), json!({"provider": [null, identity.provider]}))?;
    announce(tx, now, user)?;
    accounts::by_id(tx, user)?.ok_or_else(conflict)
}

/// Two came at once; this one is undone and may try again.
fn conflict() -> Error {
    Error::refused(Kind::Conflict, "conflict", "Another login with this account was quicker. Try again.")
}

fn insert(tx: &mut Tx<'_>, now: Instant, user: UserId, identity: &Identity) -> DbResult<bool> {
    let link = Link {
        id: Uuid::now_v7(),
        user,
        provider: identity.provider.clone(),
        issuer: identity.issuer.clone(),
        subject: identity.subject.clone(),
        created_at: now,
        last_used_at: None,
    };
    oidc::insert(tx, &link)
}

/// Links a provider's account to that of its owner, who is logged in, and tells them by letter.
pub(in super::super) fn link(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, identity: &Identity) -> Result<()> {
    let Some(account) = accounts::by_id(tx, user)?.filter(|account| account.state.may_enter()) else { return Err(conflict()) };
    match oidc::by_subject(tx, &identity.issuer, &identity.subject)? {
        Some(link) if link.user == user => return Ok(()),
        Some(_other) => {
            return Err(Error::refused(Kind::Conflict, "link_taken", "This account of the provider opens another account here."));
        }
        None => {}
    }
    if oidc::of_user(tx, user)?.len() >= MOST_LINKS {
        return Err(Error::refused(Kind::Conflict, "conflict", format!("Nobody needs more than {MOST_LINKS} of these.")));
    }
    if !insert(tx, now, user, identity)? {
        return Err(conflict());
    }
    note(tx, now, world, "oidc.linked", Actor::User(user), Some(user), json!({"provider": [null, identity.provider]}))?;
    let reader = Reader { email: &account.email, name: &account.name };
    letters::post(tx, now, world, &reader, Matter::ProviderLinked { provider: &identity.provider_name })?;
    Ok(announce(tx, now, user)?)
}

/// Takes a link away, unless it is the last way in. False when it is not theirs.
pub(in super::super) fn unlink(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, id: Uuid) -> Result<bool> {
    oidc::hold(tx, now, user)?;
    let links = oidc::of_user(tx, user)?;
    let Some(link) = links.iter().find(|link| link.id == id) else { return Ok(false) };
    keep_a_way_in(tx, world, user, id)?;
    oidc::remove(tx, user, id)?;
    note(tx, now, world, "oidc.unlinked", Actor::User(user), Some(user), json!({"provider": [link.provider, null]}))?;
    announce(tx, now, user)?;
    Ok(true)
}

/// Fails unless a password, a passkey or a link still opens the account without the passkey or link `gone`. The account is held
/// (`oidc::hold`): of two ways in that are taken away at once, one stays.
pub(in super::super) fn keep_a_way_in(tx: &mut Tx<'_>, world: &World, user: UserId, gone: Uuid) -> Result<()> {
    if accounts::by_id(tx, user)?.is_some_and(|account| account.password_hash.is_some()) {
        return Ok(());
    }
    // A passkey that this site cannot ask for, and a link of a provider that is no longer set up, open nothing.
    let has_passkey = site(&world.config).is_some() && passkeys::of_user(tx, user)?.iter().any(|passkey| passkey.id != gone);
    let opens = |link: &Link| link.id != gone && world.config.oidc.iter().any(|provider| provider.issuer == link.issuer);
    if has_passkey || oidc::of_user(tx, user)?.iter().any(opens) {
        return Ok(());
    }
    let why = "You could not log in any more. Set a password first (forgotten password), add a passkey, or link a provider.";
    Err(Error::refused(Kind::Conflict, "last_way_in", why))
}
