//! Use cases of accounts, as functions of a transaction: registration, login, sessions, passwords,
//! addresses, second factors, passkeys.

pub(super) mod emails;
pub(super) mod erasure;
pub(super) mod exports;
pub(super) mod factors;
pub(super) mod letters;
pub(super) mod login;
pub(super) mod oidc;
pub(super) mod passkeys;
pub(super) mod passwords;
pub(super) mod profile;
pub(super) mod registration;
pub(super) mod sessions;
pub(super) mod setup;
pub(super) mod staff;
pub(super) mod tokens;

use super::store;
use super::store::accounts::hold;
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::events;
use crate::platform::instance;
use crate::platform::jobs;
use crate::platform::keys::Keys;
use crate::values::{Email, Instant, Origin, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

pub use super::store::Profile;

/// What everybody may know of a person; `None` when there is nobody with this id.
pub fn profile(conn: &mut Conn<'_>, id: UserId) -> DbResult<Option<Profile>> {
    store::profile(conn, id)
}

/// What somebody is called; `None` when there is nobody with this id.
pub fn name(conn: &mut Conn<'_>, id: UserId) -> DbResult<Option<String>> {
    store::name(conn, id)
}

/// How somebody can be written to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    pub name: String,
    /// Proven: a letter reached them there.
    pub email: Email,
}

impl Contact {
    fn of(account: &store::accounts::Account) -> Option<Self> {
        Some(Self { name: account.name.clone(), email: Email::parse(&account.email)? })
    }
}

/// Name and address of somebody with an account; `None` for imported hosts and whoever was erased.
pub fn contact(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<Contact>> {
    Ok(store::accounts::by_id(conn, user)?.and_then(|account| Contact::of(&account)))
}

/// The same, held until the transaction ends: an erasure waits for it, or was before it.
pub fn contact_held(tx: &mut Tx<'_>, user: UserId) -> DbResult<Option<Contact>> {
    hold(tx, user)?;
    contact(tx, user)
}

/// Makes others who change somebody's account, or count what they have, wait until the transaction ends.
pub fn held(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    hold(tx, user)
}

/// Whoever has an account with this address. Only for what is written into a letter to it: no answer may tell.
pub fn contact_at(conn: &mut Conn<'_>, email: &Email) -> DbResult<Option<Contact>> {
    Ok(store::accounts::by_email(conn, email.key())?.and_then(|account| Contact::of(&account)))
}

/// What a use case needs of the world besides its transaction: cheap to clone into a closure that may run twice.
#[derive(Clone)]
pub(crate) struct World {
    pub keys: std::sync::Arc<Keys>,
    pub config: std::sync::Arc<Config>,
    pub origin: Origin,
}

impl World {
    /// The keys under which the tries of an account are counted: from here, and from anywhere. Digests under a key of ours, so that
    /// the table names nobody.
    fn failure_keys(&self, email_key: &str, known: bool) -> (String, String) {
        let key = self.keys.derive("login failures");
        let digest = |parts: &[&[u8]]| instance::hex(&instance::tag(&key, parts));
        let prefix = self.origin.address.map(|prefix| prefix.to_string()).unwrap_or_default();
        // Known devices are counted for themselves: strangers in the same network do not delay them.
        let place = if known { "known" } else { &prefix };
        (digest(&[b"here", email_key.as_bytes(), place.as_bytes()]), digest(&[b"anywhere", email_key.as_bytes()]))
    }
}

/// Gives a job that was given up another chance. False when there is none such.
pub(super) fn retry_job(tx: &mut Tx<'_>, now: Instant, world: &World, by: UserId, id: uuid::Uuid) -> DbResult<bool> {
    let again = jobs::retry(tx, id)?;
    if again {
        let entry = Entry {
            action: "job.retried",
            actor: Actor::User(by),
            on_behalf_of: None,
            object: Some(("job", id)),
            reason: None,
            diff: json!({"state": ["dead", "waiting"]}),
            origin: &world.origin,
        };
        audit::append(tx, now, &entry)?;
    }
    Ok(again)
}

/// Tells every node that somebody's sessions, tokens, roles or state are not what they were.
pub(crate) fn announce(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    events::append(tx, events::Kind::AccountChanged, user.0, &json!({}), now)
}

/// Holds an account until the transaction ends and looks once more whether the caller's session is open: a request may have waited
/// since the edge looked, and must not make a key to a house that was locked meanwhile.
pub(crate) fn still_in(tx: &mut Tx<'_>, now: Instant, user: UserId, session: Option<Uuid>) -> Result<()> {
    hold(tx, user)?;
    let refused = || Error::refused(Kind::Unauthenticated, "invalid_token", "The session has ended meanwhile: log in again.");
    let open = session.map(|id| store::sessions::by_id(tx, id)).transpose()?.flatten();
    let live = open.is_some_and(|open| open.user == user && open.ended_at.is_none() && now < open.expires_at && now < open.idle_until);
    let may = store::accounts::by_id(tx, user)?.is_some_and(|account| account.state.may_enter());
    if live && may { Ok(()) } else { Err(refused()) }
}

/// An entry of the audit trail about somebody's account.
pub(crate) fn note(tx: &mut Tx<'_>, now: Instant, world: &World, action: &'static str, actor: Actor, about: Option<UserId>, diff: Value) -> DbResult<()> {
    audit::append(tx, now, &Entry { action, actor, on_behalf_of: None, object: about.map(|id| ("user", id.0)), reason: None, diff, origin: &world.origin })
}
