//! The second step: authenticator apps and recovery codes.

use super::auth::{needs_session, prove_password, wait};
use super::views::{Done, LoginAnswer, begun_answer, check_browser};
use crate::features::accounts::Accounts;
use crate::features::accounts::handle::place;
use crate::features::accounts::service::factors::{self, Checked, Codes, Entered, Shown};
use crate::features::accounts::service::still_in;
use crate::features::accounts::store::accounts as rows;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{Caller, Visitor};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct OtpAsk {
    /// Of `/auth/login`.
    #[oai(validator(max_length = 200))]
    ticket: String,
    /// Of the authenticator app.
    #[oai(validator(max_length = 20))]
    code: Option<String>,
    /// Instead of a code.
    #[oai(validator(max_length = 40))]
    recovery_code: Option<String>,
    /// Keep the session in a cookie; absent: as the login said.
    browser: Option<bool>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct CodeAsk {
    /// Of the authenticator app.
    #[oai(validator(max_length = 20))]
    code: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct DisableAsk {
    #[oai(validator(max_length = 1024))]
    password: String,
    /// Of the authenticator app.
    #[oai(validator(max_length = 20))]
    code: Option<String>,
    /// Instead of a code.
    #[oai(validator(max_length = 40))]
    recovery_code: Option<String>,
}

/// How the second factor stands.
#[derive(Object)]
struct TotpView {
    /// Whether a login asks for a code.
    on: bool,
    /// RFC 3339, UTC.
    since: Option<String>,
    recovery_codes_left: i64,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SetUpTotpAsk {
    /// Not for those who log in without one.
    #[oai(validator(max_length = 1024))]
    password: Option<String>,
}

/// For an authenticator app: SHA-1, 6 digits, 30 seconds.
#[derive(Object)]
struct TotpSecretView {
    /// To be typed: base32.
    secret: String,
    /// To be shown as a QR code.
    otpauth_url: String,
}

#[derive(Object)]
struct RecoveryCodesView {
    /// Shown once. Each is good once, instead of a code of the app.
    recovery_codes: Vec<String>,
}

/// Second factors.
pub struct FactorsApi {
    accounts: Accounts,
}

impl FactorsApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl FactorsApi {
    /// The second step of a login: a code, or a recovery code.
    ///
    /// A wrong code leaves the ticket as it is; after five wrong ones within a quarter of an hour none is looked at (429).
    #[oai(path = "/auth/otp", method = "post", operation_id = "enterCode")]
    async fn enter(&self, visitor: Visitor, ask: Json<OtpAsk>) -> Result<LoginAnswer> {
        let ask = ask.0;
        let shown = shown(ask.code, ask.recovery_code)?.ok_or_else(code_needed)?;
        check_browser(&self.accounts, ask.browser == Some(true))?;
        let (tools, world, place) = (self.accounts.tools(), self.accounts.world(&visitor), place(&visitor, false));
        let (ticket, browser) = (ask.ticket, ask.browser);
        match tools.db.write(move |tx, now| factors::enter(tx, now, &world, &ticket, &shown, browser, &place).map_err(Error::from)).await? {
            Entered::In(begun) => {
                self.accounts.forget(begun.user);
                begun_answer(&self.accounts, tools.clock.now(), begun)
            }
            Entered::Refused(checked) => Err(refusal(checked)),
            Entered::Unknown => Err(ticket_unknown()),
            Entered::Suspended => Err(suspended()),
        }
    }

    /// Is an authenticator app in use?
    #[oai(path = "/me/totp", method = "get", operation_id = "readTotp")]
    async fn read(&self, caller: Caller) -> Result<Json<TotpView>> {
        let user = caller.user;
        let standing = self.accounts.tools().db.read(move |conn| factors::standing(conn, user).map_err(Error::from)).await?;
        let since = standing.since.map(|since| since.to_string());
        Ok(Json(TotpView { on: since.is_some(), since, recovery_codes_left: standing.recovery_codes }))
    }

    /// Begin to set up an authenticator app.
    ///
    /// Nothing changes until `/me/totp/confirm` has seen a code of it.
    #[oai(path = "/me/totp", method = "post", operation_id = "setUpTotp")]
    async fn set_up(&self, caller: Caller, visitor: Visitor, ask: Json<SetUpTotpAsk>) -> Result<Json<TotpSecretView>> {
        let (world, user) = (self.accounts.world(&visitor), caller.user);
        if self.accounts.tools().db.read(move |conn| rows::by_id(conn, user).map_err(Error::from)).await?.is_some_and(|account| account.password_hash.is_some())
        {
            prove_password(&self.accounts, &caller, &visitor, ask.0.password.as_deref().unwrap_or_default()).await?;
        }
        let session = caller.session();
        let made = self.accounts.tools().db.write(move |tx, now| {
            still_in(tx, now, user, session)?;
            factors::set_up(tx, now, &world, user).map_err(Error::from)
        });
        let secret = made.await?.ok_or_else(already_on)?;
        Ok(Json(TotpSecretView { secret: secret.text, otpauth_url: secret.url }))
    }

    /// Show a first code of the app: from now on logins ask for one.
    ///
    /// Ends all other sessions.
    #[oai(path = "/me/totp/confirm", method = "post", operation_id = "confirmTotp")]
    async fn confirm(&self, caller: Caller, visitor: Visitor, ask: Json<CodeAsk>) -> Result<Json<RecoveryCodesView>> {
        let (world, user, session, code) = (self.accounts.world(&visitor), caller.user, caller.session().ok_or_else(needs_session)?, ask.0.code);
        let confirmed = self.accounts.tools().db.write(move |tx, now| {
            still_in(tx, now, user, Some(session))?;
            factors::confirm(tx, now, &world, user, session, &code).map_err(Error::from)
        });
        let answer = recovery_codes(confirmed.await?)?;
        self.accounts.forget(user);
        Ok(answer)
    }

    /// Take the app away, with the password and a code. Ends all other sessions.
    #[oai(path = "/me/totp/disable", method = "post", operation_id = "disableTotp")]
    async fn disable(&self, caller: Caller, visitor: Visitor, ask: Json<DisableAsk>) -> Result<Done> {
        let ask = ask.0;
        let shown = shown(ask.code, ask.recovery_code)?.ok_or_else(code_needed)?;
        prove_password(&self.accounts, &caller, &visitor, &ask.password).await?;
        let (world, user, session) = (self.accounts.world(&visitor), caller.user, caller.session());
        let checked = self.accounts.tools().db.write(move |tx, now| factors::disable(tx, now, &world, user, session, &shown).map_err(Error::from));
        match checked.await? {
            Checked::Right => {
                self.accounts.forget(user);
                Ok(Done::Done)
            }
            refused => Err(refusal(refused)),
        }
    }

    /// Make new recovery codes; the old ones are void.
    #[oai(path = "/me/recovery-codes", method = "post", operation_id = "renewRecoveryCodes")]
    async fn renew(&self, caller: Caller, visitor: Visitor, ask: Json<CodeAsk>) -> Result<Json<RecoveryCodesView>> {
        let (world, user, code) = (self.accounts.world(&visitor), caller.user, ask.0.code);
        recovery_codes(self.accounts.tools().db.write(move |tx, now| factors::renew(tx, now, &world, user, &code).map_err(Error::from)).await?)
    }
}

fn recovery_codes(codes: Codes) -> Result<Json<RecoveryCodesView>> {
    match codes {
        Codes::New(recovery_codes) => Ok(Json(RecoveryCodesView { recovery_codes })),
        Codes::Refused(checked) => Err(refusal(checked)),
        Codes::AlreadyOn => Err(already_on()),
    }
}

/// What a body shows besides a password; one thing at most.
pub(super) fn shown(code: Option<String>, recovery_code: Option<String>) -> Result<Option<Shown>> {
    match (code, recovery_code) {
        (Some(_), Some(_)) => Err(Error::refused(Kind::Unacceptable, "unprocessable", "Send a code or a recovery code, not both.")),
        (Some(code), None) => Ok(Some(Shown::Code(code))),
        (None, Some(code)) => Ok(Some(Shown::Recovery(code))),
        (None, None) => Ok(None),
    }
}

pub(super) fn code_needed() -> Error {
    Error::refused(Kind::Forbidden, "code_needed", "A code of the authenticator app is needed too, or a recovery code.")
}

/// Why a code did not count.
pub(super) fn refusal(checked: Checked) -> Error {
    match checked {
        Checked::Wait(seconds) => wait(seconds),
        Checked::Off => Error::refused(Kind::Conflict, "second_factor_off", "No authenticator app is set up."),
        Checked::Right | Checked::Wrong => Error::refused(Kind::Forbidden, "wrong_code", "The code is not right, or was used before."),
    }
}

pub(super) fn ticket_unknown() -> Error {
    Error::refused(Kind::Gone, "ticket_unknown", "This ticket was used already, or has run out. Begin anew.")
}

pub(super) fn suspended() -> Error {
    Error::refused(Kind::Forbidden, "account_suspended", "This account is suspended; the letter about it says why.")
}

fn already_on() -> Error {
    Error::refused(Kind::Conflict, "second_factor_on", "An authenticator app is in use already; disable it first.")
}
