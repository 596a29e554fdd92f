//! Passkeys: adding one, logging in with one, taking one away (W3C Web Authentication, level 3).
//!
//! A ceremony has two halves. What has to be remembered between them is sealed into a one-time token, the ticket, so that any
//! node can finish it, once. Signatures are compared between two transactions, because that takes a while.

use super::factors::tell;
use super::letters::Matter;
use super::oidc::keep_a_way_in;
use super::sessions::{self, Begun, Place, Proof};
use super::{World, login, note};
use crate::features::accounts::store::accounts::{self, Account};
use crate::features::accounts::store::one_time::{self, Purpose};
use crate::features::accounts::store::passkeys::{self, PasskeyRow};
use crate::features::accounts::store::{factors, oidc as links, sessions as session_rows};
use crate::platform::audit::Actor;
use crate::platform::config::Config;
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::error::Result;
use crate::platform::instance::tag;
use crate::platform::keys::{digest, fresh_secret};
use crate::values::{Email, Instant, UserId};
use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential, RegisterPublicKeyCredential, Url, Webauthn, WebauthnBuilder, WebauthnError,
};

/// Passkeys somebody may have.
pub(crate) const MOST_PASSKEYS: usize = 20;

/// The first half of a ceremony as the client gets it.
#[derive(Debug, Clone)]
pub(crate) struct Started {
    pub ticket: String,
    /// What `PublicKeyCredential.parseCreationOptionsFromJSON` or `parseRequestOptionsFromJSON` takes.
    pub options: Value,
}

/// What is remembered between the halves.
#[derive(Serialize, Deserialize)]
enum Ceremony {
    Add(PasskeyRegistration),
    /// With whom it was begun: an id that nobody has, where nobody has the address.
    Login(DiscoverableAuthentication, Option<Uuid>),
}

/// This site, as authenticators know it. `None` where browsers have no passkeys: over plain http, or at an address without a name.
pub(crate) fn site(config: &Config) -> Option<Webauthn> {
    let mut origin = Url::parse(&config.base_url()).ok()?;
    if matches!(origin.host_str(), Some("127.0.0.1" | "[::1]" | "0.0.0.0")) {
        // Authenticators do not know numbers; a browser on this machine says localhost.
        origin.set_host(Some("localhost")).ok()?;
    }
    let name = origin.domain()?.to_owned();
    if origin.scheme() != "https" && name != "localhost" {
        return None;
    }
    WebauthnBuilder::new(&name, &origin).ok()?.rp_name(&config.accounts.site_name).build().ok()
}

fn place(ticket: &str) -> String {
    format!("one_time_tokens.payload {}", digest(ticket))
}

fn keep(tx: &mut Tx<'_>, now: Instant, world: &World, user: Option<UserId>, ceremony: &Ceremony) -> Result<String> {
    let ticket = fresh_secret();
    let state = serde_json::to_vec(ceremony).context("the state of a ceremony cannot be written")?;
    one_time::keep(tx, now, &ticket, Purpose::Passkey, user, &json!({"sealed": world.keys.seal(&place(&ticket), &state)}))?;
    Ok(ticket)
}

fn remember(conn: &mut Conn<'_>, now: Instant, world: &World, ticket: &str) -> Result<Option<(Option<UserId>, Ceremony)>> {
    let Some(kept) = one_time::peek(conn, now, ticket, Purpose::Passkey)? else { return Ok(None) };
    let state = world.keys.unseal(&place(ticket), kept.payload["sealed"].as_str().unwrap_or_default())?;
    Ok(Some((kept.user, serde_json::from_slice(&state).context("the state of a ceremony cannot be read")?)))
}

/// The options inside what webauthn-rs answers.
fn inner(answer: &impl Serialize) -> Result<Value> {
    let mut options = serde_json::to_value(answer).context("the options of a ceremony cannot be written")?;
    Ok(options["publicKey"].take())
}

/// Begins to add a passkey. `None`: there are too many.
pub(crate) fn start_adding(tx: &mut Tx<'_>, now: Instant, world: &World, site: &Webauthn, account: &Account) -> Result<Option<Started>> {
    let owned = passkeys::of_user(tx, account.user)?;
    if owned.len() >= MOST_PASSKEYS {
        return Ok(None);
    }
    let excluded = owned.iter().filter_map(|row| read(row).ok().map(|passkey| passkey.cred_id().clone())).collect();
    let (options, state) =
        site.start_passkey_registration(account.user.0, &account.email, &account.name, Some(excluded)).context("adding a passkey cannot begin")?;
    let mut options = inner(&options)?;
    // So that it can be found without an address, where the authenticator has room for that.
    options["authenticatorSelection"]["residentKey"] = json!("preferred");
    Ok(Some(Started { ticket: keep(tx, now, world, Some(account.user), &Ceremony::Add(state))?, options }))
}

/// What adding a passkey came to.
#[derive(Debug, Clone)]
pub(crate) enum Added {
    Kept(PasskeyRow),
    /// The ticket was used, has run out, or is somebody else's.
    Unknown,
    /// The answer does not fit the question.
    Refused,
    /// Somebody has it already.
    Known,
    TooMany,
}

/// The second half of adding a passkey.
pub(crate) struct Adding {
    pub(crate) ticket: String,
    pub(crate) name: String,
    pub(crate) credential: RegisterPublicKeyCredential,
}

/// Adds the passkey.
pub(crate) fn add(tx: &mut Tx<'_>, now: Instant, world: &World, site: &Webauthn, user: UserId, adding: &Adding) -> Result<Added> {
    let Adding { ticket, name, credential } = adding;
    let Some((owner, Ceremony::Add(state))) = remember(tx, now, world, ticket)? else { return Ok(Added::Unknown) };
    if owner != Some(user) {
        return Ok(Added::Unknown);
    }
    let Ok(passkey) = site.finish_passkey_registration(credential, &state) else { return Ok(Added::Refused) };
    if one_time::take(tx, now, ticket, Purpose::Passkey)?.is_none() {
        return Ok(Added::Unknown);
    }
    if passkeys::of_user(tx, user)?.len() >= MOST_PASSKEYS {
        return Ok(Added::TooMany);
    }
    let row = PasskeyRow {
        id: Uuid::now_v7(),
        user,
        name: name.clone(),
        credential_id: BASE64.encode(passkey.cred_id()),
        credential: serde_json::to_string(&passkey).context("a passkey cannot be written")?,
        counter: counter_of(&passkey)?,
        created_at: now,
        last_used_at: None,
    };
    if !passkeys::insert(tx, &row)? {
        return Ok(Added::Known);
    }
    note(tx, now, world, "passkey.added", Actor::User(user), Some(user), json!({"passkey": [null, row.id]}))?;
    tell(tx, now, world, user, Matter::PasskeyAdded)?;
    Ok(Added::Kept(row))
}

fn read(row: &PasskeyRow) -> Result<Passkey> {
    Ok(serde_json::from_str(&row.credential).context("a stored passkey cannot be read")?)
}

/// The counter that was said at registration; webauthn-rs tells it in the stored form alone.
fn counter_of(passkey: &Passkey) -> Result<i64> {
    let stored = serde_json::to_value(passkey).context("a passkey cannot be written")?;
    Ok(stored["cred"]["counter"].as_i64().unwrap_or(0))
}

/// Begins a login, of whoever answers, or of an address. An address that nobody has gets options too, the same ones every time.
pub(crate) fn start_login(tx: &mut Tx<'_>, now: Instant, world: &World, site: &Webauthn, email: Option<&Email>) -> Result<Started> {
    let (options, state) = site.start_discoverable_authentication().context("a login with a passkey cannot begin")?;
    let mut options = inner(&options)?;
    let mut whose = None;
    if let Some(email) = email {
        let user = accounts::by_email(tx, email.key())?.map_or(UserId(Uuid::nil()), |account| account.user);
        let mut allowed: Vec<String> = passkeys::of_user(tx, user)?.into_iter().map(|row| row.credential_id).collect();
        if allowed.is_empty() {
            allowed.push(decoy(world, email));
        }
        options["allowCredentials"] = allowed.iter().map(|id| json!({"type": "public-key", "id": id})).collect();
        whose = Some(user.0);
    }
    Ok(Started { ticket: keep(tx, now, world, None, &Ceremony::Login(state, whose))?, options })
}

/// The id of a credential that does not exist, of a length that some authenticators use.
fn decoy(world: &World, email: &Email) -> String {
    let key = world.keys.derive("passkey decoys");
    let part = |n: &[u8]| tag(&key, &[email.key().as_bytes(), n]);
    let bytes = [part(b"1"), part(b"2")].concat();
    let length = [16, 20, 32, 48, 64][usize::from(part(b"length")[0]) % 5];
    BASE64.encode(&bytes[..length])
}

/// A ticket and the passkey that an answer names.
pub(crate) struct Looked {
    state: DiscoverableAuthentication,
    row: PasskeyRow,
}

/// What an answer came to, so far.
pub(crate) enum Look {
    Found(Box<Looked>),
    /// The ticket was used, has run out, or is none.
    Unknown,
    /// Nobody has this passkey, or not the one with whom it was begun.
    Refused,
}

/// Finds what an answer has to be compared with.
pub(crate) fn look(conn: &mut Conn<'_>, now: Instant, world: &World, ticket: &str, credential: &PublicKeyCredential) -> Result<Look> {
    let Some((_, Ceremony::Login(state, whose))) = remember(conn, now, world, ticket)? else { return Ok(Look::Unknown) };
    let Some(row) = passkeys::by_credential(conn, &BASE64.encode(credential.get_credential_id()))? else { return Ok(Look::Refused) };
    // Without an address the authenticator has to say whose passkey it is; where it says so, it has to be right.
    let said = credential.get_user_unique_id().map(|id| id == row.user.0.as_bytes());
    let fits = match whose {
        Some(user) => user == row.user.0 && said != Some(false),
        None => said == Some(true),
    };
    Ok(if fits { Look::Found(Box::new(Looked { state, row })) } else { Look::Refused })
}

/// An answer that was signed as it should be.
#[derive(Debug, Clone)]
pub(crate) struct Signed {
    pub user: UserId,
    passkey: Uuid,
    counter_before: i64,
    counter: i64,
    credential: String,
}

/// What comparing a signature came to.
pub(crate) enum Compared {
    Right(Signed),
    /// Another challenge, another site, another key.
    Wrong,
    /// Signed by the right key, but its counter did not rise: there may be two of them.
    Copied(UserId, Uuid),
}

/// Compares the signature.
pub(crate) fn compare(site: &Webauthn, looked: Looked, credential: &PublicKeyCredential) -> Result<Compared> {
    let Looked { state, row } = looked;
    let mut passkey = read(&row)?;
    let result = match site.finish_discoverable_authentication_v2(credential, state, &passkey) {
        Ok(result) => result,
        Err(WebauthnError::CredentialPossibleCompromise) => return Ok(Compared::Copied(row.user, row.id)),
        Err(_wrong) => return Ok(Compared::Wrong),
    };
    passkey.update_credential(&result);
    Ok(Compared::Right(Signed {
        user: row.user,
        passkey: row.id,
        counter_before: row.counter,
        counter: i64::from(result.counter()),
        credential: serde_json::to_string(&passkey).context("a passkey cannot be written")?,
    }))
}

/// Uses the ticket up and writes down that a passkey looks like a copy. An answer that was sent twice is none: it finds its ticket
/// used.
pub(crate) fn note_copy(tx: &mut Tx<'_>, now: Instant, world: &World, ticket: &str, user: UserId, passkey: Uuid) -> DbResult<()> {
    if one_time::take(tx, now, ticket, Purpose::Passkey)?.is_none() {
        return Ok(());
    }
    note(tx, now, world, "session.refused", Actor::Nobody, Some(user), json!({"passkey": [passkey, "counter"]}))
}

/// Uses the ticket and the signature up. False when one of them was used before.
fn use_up(tx: &mut Tx<'_>, now: Instant, ticket: &str, signed: &Signed) -> DbResult<bool> {
    Ok(one_time::take(tx, now, ticket, Purpose::Passkey)?.is_some()
        && passkeys::note_use(tx, now, signed.passkey, signed.counter_before, signed.counter, &signed.credential)?)
}

/// What a login with a passkey came to.
#[derive(Clone)]
pub(crate) enum Entered {
    In(Begun),
    Unknown,
    Suspended,
}

/// Begins the session. A passkey asks its owner for a finger or a PIN, so it is two factors in one.
pub(crate) fn enter(tx: &mut Tx<'_>, now: Instant, world: &World, ticket: &str, signed: &Signed, place: &Place) -> DbResult<Entered> {
    if !use_up(tx, now, ticket, signed)? {
        return Ok(Entered::Unknown);
    }
    let Some(account) = accounts::by_id(tx, signed.user)? else { return Ok(Entered::Unknown) };
    if !account.state.may_enter() {
        note(tx, now, world, "session.refused", Actor::Nobody, Some(account.user), json!({"state": [account.state.name(), null]}))?;
        return Ok(Entered::Suspended);
    }
    let begun = sessions::begin(tx, now, world, account.user, place, Proof { method: "passkey", strong: true })?;
    Ok(Entered::In(begun))
}

/// A passkey counts as a fresh proof of its owner's session. False when the ticket was used before.
pub(crate) fn prove(tx: &mut Tx<'_>, now: Instant, world: &World, session: Uuid, ticket: &str, signed: &Signed) -> DbResult<bool> {
    if !use_up(tx, now, ticket, signed)? {
        return Ok(false);
    }
    login::prove(tx, now, world, signed.user, session, true)?;
    Ok(true)
}

/// Takes a passkey away, unless it is the last way in, and ends all other sessions, since one of them may have begun with it. False
/// when it is not theirs.
pub(crate) fn remove(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, session: Option<Uuid>, id: Uuid) -> Result<bool> {
    links::hold(tx, now, user)?;
    if !passkeys::remove(tx, user, id)? {
        return Ok(false);
    }
    keep_a_way_in(tx, world, user, id)?;
    note(tx, now, world, "passkey.removed", Actor::User(user), Some(user), json!({"passkey": [id, null]}))?;
    tell(tx, now, world, user, Matter::PasskeyRemoved)?;
    if passkeys::of_user(tx, user)?.is_empty() && factors::app(tx, user)?.is_none_or(|app| app.since.is_none()) {
        session_rows::weaken(tx, user, false)?;
    }
    sessions::end_all(tx, now, world, Actor::User(user), user, session, "passkey removed")?;
    Ok(true)
}
