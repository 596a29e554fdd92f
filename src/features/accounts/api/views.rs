//! Shapes that several operations of accounts answer with.

use super::cookie_name;
use crate::features::accounts::Accounts;
use crate::features::accounts::service::login::Outcome;
use crate::features::accounts::service::sessions::{Begun, csrf_token};
use crate::features::accounts::store::sessions::Session;
use crate::platform::config::Cookies;
use crate::platform::error::{Error, Kind, Result};
use crate::values::Instant;
use poem::http::header;
use poem_openapi::payload::{Json, Response};
use poem_openapi::{ApiResponse, Enum, Object};
use uuid::Uuid;

/// 202: taken; what follows comes by mail.
#[derive(ApiResponse)]
pub(super) enum Taken {
    /// Taken. What follows, if anything does, comes by mail: this answer is always the same.
    #[oai(status = 202)]
    Taken(Json<TakenView>),
}

#[derive(Object)]
pub(super) struct TakenView {
    /// What to do next, in a sentence.
    message: String,
}

impl Taken {
    pub(super) fn because(message: &str) -> Self {
        Self::Taken(Json(TakenView { message: message.into() }))
    }
}

/// 204: done.
#[derive(ApiResponse)]
pub(super) enum Done {
    /// Done.
    #[oai(status = 204)]
    Done,
}

#[derive(Object)]
pub(super) struct EndedView {
    /// How many sessions were ended.
    pub(super) ended: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
#[oai(rename_all = "snake_case")]
pub(super) enum LoginStatus {
    /// The session has begun.
    LoggedIn,
    /// The password was right; send the ticket with a code to `/auth/otp`.
    CodeNeeded,
}

/// What a login came to. With `browser: true` there are no tokens: the session is in the cookie, and writes need `csrf_token`.
#[derive(Object)]
pub(super) struct LoginView {
    status: LoginStatus,
    /// For `Authorization: Bearer`.
    access_token: Option<String>,
    /// Seconds until the access token runs out.
    expires_in: Option<i64>,
    /// Good once, for `/auth/refresh`.
    refresh_token: Option<String>,
    session_id: Option<Uuid>,
    /// For the header `X-CSRF-Token` of a browser's writes.
    csrf_token: Option<String>,
    /// Send it with the next login on this device: strangers who guess passwords cannot lock it out.
    device_token: Option<String>,
    /// Good once, within five minutes, for `/auth/otp`.
    ticket: Option<String>,
}

/// A login on one device.
#[derive(Object)]
pub(super) struct SessionView {
    id: Uuid,
    /// The one that asks.
    current: bool,
    /// What the client called itself.
    device: String,
    /// The network it came from, without the last part of the address.
    address_prefix: String,
    /// Kept in a browser's cookie.
    browser: bool,
    /// How the login was proven: `password`, `passkey`, `oidc`, `recovery`.
    method: String,
    /// RFC 3339, UTC.
    created_at: String,
    last_used_at: String,
    expires_at: String,
}

impl SessionView {
    /// `asking`: the session of whoever asks.
    pub(super) fn of(session: Session, asking: Option<Uuid>) -> Self {
        Self {
            id: session.id,
            current: asking == Some(session.id),
            device: session.device,
            address_prefix: session.address_prefix,
            browser: session.browser,
            method: session.method,
            created_at: session.created_at.to_string(),
            last_used_at: session.last_used_at.to_string(),
            expires_at: session.expires_at.min(session.idle_until).to_string(),
        }
    }
}

/// The answer to a login, with the cookie where one was asked for.
pub(super) type LoginAnswer = Response<Json<LoginView>>;

/// Whether a browser may keep a session here, when it wants to.
pub(super) fn check_browser(accounts: &Accounts, browser: bool) -> Result<()> {
    if browser && accounts.tools().config.cookies().is_none() {
        let why = "Browsers cannot log in over plain http, except on localhost: set public_url to an https address, or accounts.insecure_cookies.";
        return Err(Error::refused(Kind::Unacceptable, "insecure_address", why));
    }
    Ok(())
}

/// Tells what a login came to. `email`: whose device this is, where that is known.
pub(super) fn login_answer(accounts: &Accounts, now: Instant, outcome: Outcome) -> Result<LoginAnswer> {
    match outcome {
        Outcome::In(begun) => begun_answer(accounts, now, begun),
        Outcome::CodeNeeded { ticket } => Ok(Response::new(Json(LoginView {
            status: LoginStatus::CodeNeeded,
            access_token: None,
            expires_in: None,
            refresh_token: None,
            session_id: None,
            csrf_token: None,
            device_token: None,
            ticket: Some(ticket),
        }))),
        Outcome::Wrong => Err(Error::refused(Kind::Unauthenticated, "wrong_credentials", "The address and the password do not belong together.")),
        Outcome::Suspended => Err(Error::refused(Kind::Forbidden, "account_suspended", "This account is suspended; the letter about it says why.")),
    }
}

/// Tells that a session has begun, or goes on.
pub(super) fn begun_answer(accounts: &Accounts, now: Instant, begun: Begun) -> Result<LoginAnswer> {
    let tools = accounts.tools();
    let access_token = if begun.browser { None } else { Some(accounts.access_tokens().issue(now, begun.user, begun.session)?) };
    let csrf = begun.browser.then(|| csrf_token(&tools.keys, begun.session));
    let cookie =
        tools.config.cookies().filter(|_| begun.browser).map(|cookies| set_cookie(cookies, &begun.secret, (begun.expires_at.0 - now.0) / Instant::SECOND));
    let answer = Response::new(Json(LoginView {
        status: LoginStatus::LoggedIn,
        expires_in: access_token.is_some().then(|| accounts.access_tokens().life_seconds()),
        access_token,
        refresh_token: (!begun.browser).then_some(begun.secret),
        session_id: Some(begun.session),
        csrf_token: csrf,
        device_token: begun.device,
        ticket: None,
    }));
    Ok(match cookie {
        Some(cookie) => answer.header(header::SET_COOKIE, cookie),
        None => answer,
    })
}

/// The `Set-Cookie` of a session; with no seconds left the browser drops it.
pub(super) fn set_cookie(cookies: Cookies, secret: &str, seconds: i64) -> String {
    set_named_cookie(cookies, cookie_name(cookies), secret, seconds)
}

/// The `Set-Cookie` of anything that only we read.
pub(super) fn set_named_cookie(cookies: Cookies, name: &str, secret: &str, seconds: i64) -> String {
    let secure = if cookies == Cookies::Secure { "; Secure" } else { "" };
    format!("{name}={secret}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}")
}

/// What somebody has shown or earned, by name.
pub(super) fn badges(identity_verified: bool, top_host: bool) -> Vec<String> {
    let all = [("identity_verified", identity_verified), ("top_host", top_host)];
    all.into_iter().filter(|(_, has)| *has).map(|(name, _)| name.to_owned()).collect()
}
