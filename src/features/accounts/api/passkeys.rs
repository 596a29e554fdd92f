//! Passkeys: adding, logging in, proving oneself, taking away.

use super::auth::needs_session;
use super::factors::{suspended, ticket_unknown};
use super::letters::email;
use super::views::{Done, LoginAnswer, begun_answer, check_browser};
use crate::features::accounts::Accounts;
use crate::features::accounts::handle::place;
use crate::features::accounts::rules;
use crate::features::accounts::service::passkeys::{self, Added, Adding, Compared, Entered, Look, Signed, Started};
use crate::features::accounts::service::still_in;
use crate::features::accounts::store::accounts as rows;
use crate::features::accounts::store::passkeys::{self as passkey_rows, PasskeyRow};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{ApiResult, Caller, Created, PREFIX, Visitor};
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::types::Any;
use poem_openapi::{Object, OpenApi};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;
use webauthn_rs::prelude::Webauthn;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct FinishPasskeyAsk {
    #[oai(validator(max_length = 200))]
    ticket: String,
    /// Under which you will know it: a device, a place.
    #[oai(validator(max_length = 320))]
    name: String,
    /// `RegistrationResponseJSON`: what `credential.toJSON()` of the browser answers.
    credential: Any<Value>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PasskeyPatch {
    #[oai(validator(max_length = 320))]
    name: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct StartLoginAsk {
    /// Absent: whoever answers. That takes a passkey that its device can find by itself.
    #[oai(validator(max_length = 320))]
    email: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct FinishLoginAsk {
    #[oai(validator(max_length = 200))]
    ticket: String,
    /// `AuthenticationResponseJSON`: what `credential.toJSON()` of the browser answers.
    credential: Any<Value>,
    /// Keep the session in a cookie instead of answering tokens.
    #[oai(default)]
    browser: bool,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ProvePasskeyAsk {
    /// Of `/auth/passkeys/start`.
    #[oai(validator(max_length = 200))]
    ticket: String,
    /// `AuthenticationResponseJSON`.
    credential: Any<Value>,
}

/// The first half of a ceremony.
#[derive(Object)]
struct CeremonyView {
    /// Good once, within five minutes, for the second half.
    ticket: String,
    /// `PublicKeyCredentialCreationOptionsJSON` or `PublicKeyCredentialRequestOptionsJSON`.
    options: Any<Value>,
}

#[derive(Object)]
struct PasskeyView {
    id: Uuid,
    name: String,
    /// RFC 3339, UTC.
    created_at: String,
    last_used_at: Option<String>,
}

#[derive(Object)]
struct PasskeysView {
    data: Vec<PasskeyView>,
}

impl PasskeyView {
    fn of(row: PasskeyRow) -> Self {
        Self { id: row.id, name: row.name, created_at: row.created_at.to_string(), last_used_at: row.last_used_at.map(|at| at.to_string()) }
    }
}

impl CeremonyView {
    fn of(started: Started) -> Json<Self> {
        Json(Self { ticket: started.ticket, options: Any(started.options) })
    }
}

/// Passkeys.
pub struct PasskeysApi {
    accounts: Accounts,
}

impl PasskeysApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl PasskeysApi {
    /// One's own passkeys, oldest first; there are at most 20.
    #[oai(path = "/me/passkeys", method = "get", operation_id = "listPasskeys")]
    async fn list(&self, caller: Caller) -> Result<Json<PasskeysView>> {
        let user = caller.user;
        let owned = self.accounts.tools().db.read(move |conn| passkey_rows::of_user(conn, user).map_err(Error::from)).await?;
        Ok(Json(PasskeysView { data: owned.into_iter().map(PasskeyView::of).collect() }))
    }

    /// Begin to add a passkey.
    #[oai(path = "/me/passkeys/start", method = "post", operation_id = "startPasskey")]
    async fn start(&self, caller: Caller, visitor: Visitor) -> Result<Json<CeremonyView>> {
        let (site, world, user) = (self.site()?, self.accounts.world(&visitor), caller.user);
        let started = self.accounts.tools().db.write(move |tx, now| {
            let account = rows::by_id(tx, user)?.ok_or_else(needs_session)?;
            passkeys::start_adding(tx, now, &world, &site, &account)
        });
        Ok(CeremonyView::of(started.await?.ok_or_else(too_many)?))
    }

    /// Add the passkey that the browser has made.
    #[oai(path = "/me/passkeys/finish", method = "post", operation_id = "finishPasskey")]
    async fn finish(&self, caller: Caller, visitor: Visitor, ask: Json<FinishPasskeyAsk>) -> ApiResult<Created<PasskeyView>> {
        let (ask, site, world, user) = (ask.0, self.site()?, self.accounts.world(&visitor), caller.user);
        let adding = Adding { ticket: ask.ticket, name: rules::name(&ask.name)?, credential: parse(ask.credential)? };
        let session = caller.session();
        let added = self.accounts.tools().db.write(move |tx, now| {
            still_in(tx, now, user, session)?;
            passkeys::add(tx, now, &world, &site, user, &adding)
        });
        match added.await? {
            Added::Kept(row) => Ok(Created::at(format!("{PREFIX}/me/passkeys/{}", row.id), PasskeyView::of(row))),
            Added::Unknown => Err(ticket_unknown()),
            Added::Refused => Err(refused()),
            Added::Known => Err(Error::refused(Kind::Conflict, "passkey_known", "This passkey belongs to an account already.")),
            Added::TooMany => Err(too_many()),
        }
    }

    /// Give a passkey another name.
    #[oai(path = "/me/passkeys/:id", method = "patch", operation_id = "renamePasskey")]
    async fn rename(&self, caller: Caller, id: Path<Uuid>, patch: Json<PasskeyPatch>) -> Result<Done> {
        let (user, name) = (caller.user, rules::name(&patch.0.name)?);
        let renamed = self.accounts.tools().db.write(move |tx, _now| passkey_rows::rename(tx, user, id.0, &name).map_err(Error::from)).await?;
        if renamed { Ok(Done::Done) } else { Err(none_such()) }
    }

    /// Take a passkey away; never the last way to log in. Ends all other sessions.
    #[oai(path = "/me/passkeys/:id", method = "delete", operation_id = "removePasskey")]
    async fn remove(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Done> {
        let (world, user, session) = (self.accounts.world(&visitor), caller.user, caller.session());
        if !self.accounts.tools().db.write(move |tx, now| passkeys::remove(tx, now, &world, user, session, id.0)).await? {
            return Err(none_such());
        }
        self.accounts.forget(user);
        Ok(Done::Done)
    }

    /// Begin a login, or a fresh proof, with a passkey.
    ///
    /// The answer to an address that nobody has looks like any other.
    #[oai(path = "/auth/passkeys/start", method = "post", operation_id = "startPasskeyLogin")]
    async fn start_login(&self, visitor: Visitor, ask: Json<StartLoginAsk>) -> Result<Json<CeremonyView>> {
        let email = ask.0.email.as_deref().map(email).transpose()?;
        let (site, world) = (self.site()?, self.accounts.world(&visitor));
        let started = self.accounts.tools().db.write(move |tx, now| passkeys::start_login(tx, now, &world, &site, email.as_ref()));
        Ok(CeremonyView::of(started.await?))
    }

    /// Log in with what the passkey has signed. No code is asked for: the passkey has asked its owner for a finger or a PIN.
    #[oai(path = "/auth/passkeys/finish", method = "post", operation_id = "finishPasskeyLogin")]
    async fn finish_login(&self, visitor: Visitor, ask: Json<FinishLoginAsk>) -> Result<LoginAnswer> {
        let ask = ask.0;
        check_browser(&self.accounts, ask.browser)?;
        let signed = self.signed(&visitor, &ask.ticket, ask.credential).await?;
        let (tools, world, place) = (self.accounts.tools(), self.accounts.world(&visitor), place(&visitor, ask.browser));
        match tools.db.write(move |tx, now| passkeys::enter(tx, now, &world, &ask.ticket, &signed, &place).map_err(Error::from)).await? {
            Entered::In(begun) => {
                self.accounts.forget(begun.user);
                begun_answer(&self.accounts, tools.clock.now(), begun)
            }
            Entered::Unknown => Err(ticket_unknown()),
            Entered::Suspended => Err(suspended()),
        }
    }

    /// Prove once more who you are, with a passkey.
    #[oai(path = "/auth/prove/passkey", method = "post", operation_id = "provePasskey")]
    async fn prove(&self, caller: Caller, visitor: Visitor, ask: Json<ProvePasskeyAsk>) -> Result<Done> {
        let (ask, user, session) = (ask.0, caller.user, caller.session().ok_or_else(needs_session)?);
        let signed = self.signed(&visitor, &ask.ticket, ask.credential).await?;
        if signed.user != user {
            return Err(refused());
        }
        let world = self.accounts.world(&visitor);
        let proven = self.accounts.tools().db.write(move |tx, now| passkeys::prove(tx, now, &world, session, &ask.ticket, &signed).map_err(Error::from));
        if !proven.await? {
            return Err(ticket_unknown());
        }
        self.accounts.forget(user);
        Ok(Done::Done)
    }
}

impl PasskeysApi {
    fn site(&self) -> Result<Webauthn> {
        let why = "Browsers have passkeys only where this site has a name and https, or on localhost: see public_url.";
        passkeys::site(&self.accounts.tools().config).ok_or_else(|| Error::refused(Kind::Unacceptable, "insecure_address", why))
    }

    /// Looks whether an answer is signed as it should be; the ticket stays as it is, unless a copy has signed.
    async fn signed(&self, visitor: &Visitor, ticket: &str, credential: Any<Value>) -> Result<Signed> {
        let (site, world, tools) = (self.site()?, self.accounts.world(visitor), self.accounts.tools());
        let answer: webauthn_rs::prelude::PublicKeyCredential = parse(credential)?;
        let (now, shown, asked, looking) = (tools.clock.now(), ticket.to_owned(), answer.clone(), world.clone());
        let looked = match tools.db.read(move |conn| passkeys::look(conn, now, &looking, &shown, &asked)).await? {
            Look::Found(looked) => *looked,
            Look::Unknown => return Err(ticket_unknown()),
            Look::Refused => return Err(refused()),
        };
        match passkeys::compare(&site, looked, &answer)? {
            Compared::Right(signed) => Ok(signed),
            Compared::Wrong => Err(refused()),
            Compared::Copied(user, passkey) => {
                let ticket = ticket.to_owned();
                tools.db.write(move |tx, now| passkeys::note_copy(tx, now, &world, &ticket, user, passkey).map_err(Error::from)).await?;
                Err(refused())
            }
        }
    }
}

/// What is no credential of the W3C's shape is refused like one that does not fit.
fn parse<T: DeserializeOwned>(credential: Any<Value>) -> Result<T> {
    serde_json::from_value(credential.0).map_err(|_shape| refused())
}

/// Why is not told.
fn refused() -> Error {
    Error::refused(Kind::Forbidden, "passkey_refused", "This passkey does not open anything here.")
}

fn too_many() -> Error {
    Error::refused(Kind::Conflict, "conflict", "There are twenty passkeys already; take one away first.")
}

fn none_such() -> Error {
    Error::not_found("You have no passkey with this id.")
}
