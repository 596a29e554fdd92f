//! The way in and out: login, refresh, logout, and proving oneself once more.

use super::factors::{code_needed, refusal, shown};
use super::views::{Done, LoginAnswer, begun_answer, check_browser, login_answer, set_cookie};
use crate::features::accounts::Accounts;
use crate::features::accounts::handle::place;
use crate::features::accounts::rules::Verdict;
use crate::features::accounts::service::World;
use crate::features::accounts::service::factors::{self, Proven};
use crate::features::accounts::service::login::{self, Looked, Outcome, Try};
use crate::features::accounts::service::sessions::{self, Exchange, csrf_token};
use crate::features::accounts::store::accounts as rows;
use crate::platform::access::{Principal, Via};
use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::http::{Caller, Visitor};
use crate::values::Email;
use poem_openapi::payload::Json;
use poem_openapi::{ApiResponse, Object, OpenApi};
use unicode_normalization::UnicodeNormalization;
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct LoginAsk {
    #[oai(validator(max_length = 320))]
    email: String,
    #[oai(validator(max_length = 1024))]
    password: String,
    /// Keep the session in a cookie instead of answering tokens.
    #[oai(default)]
    browser: bool,
    /// What the last login on this device answered.
    #[oai(validator(max_length = 200))]
    device_token: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RefreshAsk {
    #[oai(validator(max_length = 200))]
    refresh_token: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct ProveAsk {
    #[oai(validator(max_length = 1024))]
    password: String,
    /// Of the authenticator app, where one is in use.
    #[oai(validator(max_length = 20))]
    code: Option<String>,
    /// Instead of a code.
    #[oai(validator(max_length = 40))]
    recovery_code: Option<String>,
}

/// The session of the caller.
#[derive(Object)]
struct SessionNowView {
    user_id: Uuid,
    /// Null for a personal access token.
    session_id: Option<Uuid>,
    roles: Vec<String>,
    /// Whether a second factor, or a passkey, was part of the login.
    strong: bool,
    /// For the header `X-CSRF-Token`; null unless the session is in a cookie.
    csrf_token: Option<String>,
}

/// 204 that also takes the cookie away.
#[derive(ApiResponse)]
enum LoggedOut {
    /// The session has ended.
    #[oai(status = 204)]
    Done(#[oai(header = "Set-Cookie")] Option<String>),
}

/// Login and sessions.
pub struct AuthApi {
    accounts: Accounts,
}

impl AuthApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl AuthApi {
    /// Log in with address and password.
    ///
    /// A wrong address and a wrong password look the same. After ten failures the answers come later and later (429).
    #[oai(path = "/auth/login", method = "post", operation_id = "logIn")]
    async fn log_in(&self, visitor: Visitor, ask: Json<LoginAsk>) -> Result<LoginAnswer> {
        let ask = ask.0;
        check_browser(&self.accounts, ask.browser)?;
        let Some(email) = Email::parse(&ask.email) else { return login_answer(&self.accounts, self.accounts.tools().clock.now(), Outcome::Wrong) };
        let attempt = Try { email, device: ask.device_token, inside: false, place: place(&visitor, ask.browser) };
        let outcome = password_login(&self.accounts, &visitor, &attempt, &ask.password).await?;
        login_answer(&self.accounts, self.accounts.tools().clock.now(), outcome)
    }

    /// Exchange a refresh token for new tokens.
    ///
    /// Each refresh token is good once. Sent again within ten seconds it gives the same successor, in case the answer was lost;
    /// after that its use ends the session, because somebody must have copied it.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refreshTokens")]
    async fn refresh(&self, visitor: Visitor, ask: Json<RefreshAsk>) -> Result<LoginAnswer> {
        let (world, token) = (self.accounts.world(&visitor), ask.0.refresh_token);
        let tools = self.accounts.tools();
        let exchange = tools.db.write(move |tx, now| sessions::exchange(tx, now, &world, &token).map_err(Error::from)).await?;
        match exchange {
            Exchange::GoesOn(begun) => {
                self.accounts.forget(begun.user);
                begun_answer(&self.accounts, tools.clock.now(), begun)
            }
            Exchange::Unknown => Err(Error::refused(Kind::Unauthenticated, "invalid_token", "This refresh token is not valid (any more): log in again.")),
            Exchange::Reused(user) => {
                self.accounts.forget(user);
                Err(Error::refused(Kind::Unauthenticated, "token_reused", "This refresh token was used before, so its session was ended: log in again."))
            }
        }
    }

    /// End the session of the caller.
    #[oai(path = "/auth/logout", method = "post", operation_id = "logOut")]
    async fn log_out(&self, caller: Caller, visitor: Visitor) -> Result<LoggedOut> {
        let (world, user, Some(id)) = (self.accounts.world(&visitor), caller.user, caller.session()) else { return Ok(LoggedOut::Done(None)) };
        self.accounts.tools().db.write(move |tx, now| sessions::end(tx, now, &world, user, id).map_err(Error::from)).await?;
        self.accounts.forget(user);
        let cookies = self.accounts.tools().config.cookies().filter(|_| matches!(caller.via, Via::Cookie(_)));
        Ok(LoggedOut::Done(cookies.map(|cookies| set_cookie(cookies, "", 0))))
    }

    /// Who am I, and with which session?
    #[oai(path = "/auth/session", method = "get", operation_id = "readSession")]
    async fn session(&self, caller: Caller) -> Result<Json<SessionNowView>> {
        let csrf = match caller.via {
            Via::Cookie(id) => Some(csrf_token(&self.accounts.tools().keys, id)),
            _ => None,
        };
        Ok(Json(SessionNowView {
            user_id: caller.user.0,
            session_id: caller.session(),
            roles: caller.roles.iter().map(|role| role.name().to_owned()).collect(),
            strong: caller.strong,
            csrf_token: csrf,
        }))
    }

    /// Prove once more who you are.
    ///
    /// Grave operations (403 `proof_needed`) ask for a proof that is at most five minutes old. A login counts as one. Where an
    /// authenticator app is in use, a code is asked for too.
    #[oai(path = "/auth/prove", method = "post", operation_id = "prove")]
    async fn prove(&self, caller: Caller, visitor: Visitor, ask: Json<ProveAsk>) -> Result<Done> {
        let ask = ask.0;
        let shown = shown(ask.code, ask.recovery_code)?;
        prove_password(&self.accounts, &caller, &visitor, &ask.password).await?;
        let (world, user, session) = (self.accounts.world(&visitor), caller.user, caller.session().ok_or_else(needs_session)?);
        let proven = self.accounts.tools().db.write(move |tx, now| factors::prove(tx, now, &world, user, session, shown.as_ref()).map_err(Error::from));
        match proven.await? {
            Proven::Yes => {
                self.accounts.forget(user);
                Ok(Done::Done)
            }
            Proven::CodeNeeded => Err(code_needed()),
            Proven::Refused(checked) => Err(refusal(checked)),
        }
    }
}

/// A login with a password, counted and written down.
pub(super) async fn password_login(accounts: &Accounts, visitor: &Visitor, attempt: &Try, password: &str) -> Result<Outcome> {
    let (world, attempt) = (accounts.world(visitor), attempt.clone());
    let looked = look(accounts, &world, &attempt, password).await?;
    let outcome = accounts.tools().db.write(move |tx, now| login::settle(tx, now, &world, &attempt, &looked).map_err(Error::from)).await?;
    if let Outcome::In(begun) = &outcome {
        accounts.forget(begun.user);
    }
    Ok(outcome)
}

/// Lets the caller's password be compared, with the same counting as a login: no side door for guessing. Answers the hash it fits.
pub(super) async fn prove_password(accounts: &Accounts, caller: &Principal, visitor: &Visitor, password: &str) -> Result<String> {
    let (tools, world, user) = (accounts.tools(), accounts.world(visitor), caller.user);
    let account = tools.db.read(move |conn| rows::by_id(conn, user).map_err(Error::from)).await?.ok_or_else(wrong_password)?;
    let email = Email::parse(&account.email).ok_or_else(wrong_password)?;
    let attempt = Try { email, device: None, inside: true, place: place(visitor, false) };
    let looked = look(accounts, &world, &attempt, password).await?;
    let stored = looked.stored.clone().filter(|_| looked.compared.right);
    tools.db.write(move |tx, now| login::settle_inside(tx, now, &world, &attempt, user, &looked).map_err(Error::from)).await?;
    stored.ok_or_else(wrong_password)
}

/// Counts a try, and compares its password unless there were too many.
async fn look(accounts: &Accounts, world: &World, attempt: &Try, password: &str) -> Result<Looked> {
    let (world, asked) = (world.clone(), attempt.clone());
    let considered = accounts.tools().db.write(move |tx, now| login::consider(tx, now, &world, &asked).map_err(Error::from)).await?;
    if let Verdict::Wait(seconds) = considered.verdict {
        return Err(wait(seconds));
    }
    let stored = considered.account.and_then(|account| account.password_hash);
    let compared = accounts.hashing().compare(password.nfkc().collect(), stored.clone()).await?;
    Ok(Looked { stored, compared })
}

pub(super) fn wait(seconds: u32) -> Error {
    let mut refused = Refused::new(Kind::TooMany, "login_delayed", "There were too many failed tries. Wait, or set a new password by mail.");
    refused.retry_after_seconds = Some(seconds);
    refused.into()
}

fn wrong_password() -> Error {
    Error::refused(Kind::Forbidden, "wrong_password", "The password is not right.")
}

pub(super) fn needs_session() -> Error {
    Error::refused(Kind::Forbidden, "session_needed", "This needs somebody who is logged in; a personal access token is not enough.")
}
