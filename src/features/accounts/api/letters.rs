//! What is finished by a letter: registration, forgotten passwords, new addresses. Answers never tell whether somebody has an
//! account; the letter does, to whoever holds the mailbox.

use super::views::{Done, Taken};
use crate::features::accounts::Accounts;
use crate::features::accounts::rules;
use crate::features::accounts::service::emails::Confirmed;
use crate::features::accounts::service::{emails, passwords, registration};
use crate::platform::config::Registration;
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::Visitor;
use crate::values::Email;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct RegisterAsk {
    #[oai(validator(max_length = 320))]
    email: String,
    /// Under which others will know you.
    #[oai(validator(max_length = 320))]
    name: String,
    /// Judged, so that a form can say early whether it is good enough, but not kept: the link in the letter asks for it, and only
    /// that one counts.
    #[oai(validator(max_length = 1024))]
    password: Option<String>,
    /// Where only the invited may register.
    #[oai(validator(max_length = 200))]
    invite: Option<String>,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct TokenAndPasswordAsk {
    /// From the letter.
    #[oai(validator(max_length = 200))]
    token: String,
    #[oai(validator(max_length = 1024))]
    password: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct EmailAsk {
    #[oai(validator(max_length = 320))]
    email: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct TokenAsk {
    /// From the letter.
    #[oai(validator(max_length = 200))]
    token: String,
}

/// Registration, forgotten passwords, new addresses.
pub struct LettersApi {
    accounts: Accounts,
}

impl LettersApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl LettersApi {
    /// Ask for an account.
    ///
    /// Always answers 202; the letter holds the link that makes the account, or says that there is one already.
    #[oai(path = "/auth/register", method = "post", operation_id = "register")]
    async fn register(&self, visitor: Visitor, ask: Json<RegisterAsk>) -> Result<Taken> {
        let (ask, tools) = (ask.0, self.accounts.tools());
        let settings = &tools.config.accounts;
        if settings.registration == Registration::Closed {
            return Err(registration_closed());
        }
        let (name, email) = (rules::name(&ask.name)?, email(&ask.email)?);
        if let Some(password) = &ask.password {
            rules::accepted(password, settings.password_min, &[&settings.site_name, &name, email.text(), email.local_part()])?;
        }
        if settings.registration == Registration::InviteOnly {
            let (now, invite, invited) = (tools.clock.now(), ask.invite.clone().unwrap_or_default(), email.clone());
            if !tools.db.read(move |conn| registration::is_invited(conn, now, &invite, &invited).map_err(Error::from)).await? {
                return Err(Error::refused(Kind::Forbidden, "invitation_needed", "This site takes those who were invited, at the address of the invitation."));
            }
        }
        if self.accounts.may_write_to("register", &email) {
            let world = self.accounts.world(&visitor);
            tools.db.write(move |tx, now| registration::register(tx, now, &world, &name, &email, ask.invite.as_deref()).map_err(Error::from)).await?;
        }
        Ok(Taken::because("A letter is on its way. Open its link to choose a password."))
    }

    /// Confirm the address and choose the password: the account is made now.
    #[oai(path = "/auth/verify-email", method = "post", operation_id = "verifyEmail")]
    async fn verify(&self, visitor: Visitor, ask: Json<TokenAndPasswordAsk>) -> Result<Done> {
        let (ask, tools) = (ask.0, self.accounts.tools());
        let (now, token) = (tools.clock.now(), ask.token.clone());
        let awaiting = tools.db.read(move |conn| registration::awaiting(conn, now, &token).map_err(Error::from)).await?;
        let (name, email) = awaiting.ok_or_else(unknown_link)?;
        let settings = &tools.config.accounts;
        if settings.registration == Registration::Closed {
            return Err(registration_closed());
        }
        let password = rules::accepted(&ask.password, settings.password_min, &[&settings.site_name, &name, email.text(), email.local_part()])?;
        let hash = self.accounts.hashing().hash(password).await?;
        let world = self.accounts.world(&visitor);
        let made = tools.db.write(move |tx, now| registration::confirm(tx, now, &world, &ask.token, &hash).map_err(Error::from)).await?;
        made.map(|_user| Done::Done).ok_or_else(unknown_link)
    }

    /// Ask for a link to set a new password. Always answers 202.
    #[oai(path = "/auth/password/forgot", method = "post", operation_id = "forgotPassword")]
    async fn forgot(&self, visitor: Visitor, ask: Json<EmailAsk>) -> Result<Taken> {
        let (email, world) = (email(&ask.0.email)?, self.accounts.world(&visitor));
        if self.accounts.may_write_to("password", &email) {
            self.accounts.tools().db.write(move |tx, now| passwords::forgot(tx, now, &world, &email).map_err(Error::from)).await?;
        }
        Ok(Taken::because("If there is an account with this address, a letter is on its way."))
    }

    /// Set a new password with the link of a letter.
    ///
    /// Ends all sessions and personal access tokens. It does not log in: a second factor is still asked for.
    #[oai(path = "/auth/password/reset", method = "post", operation_id = "resetPassword")]
    async fn reset(&self, visitor: Visitor, ask: Json<TokenAndPasswordAsk>) -> Result<Done> {
        let (ask, tools) = (ask.0, self.accounts.tools());
        let (now, token) = (tools.clock.now(), ask.token.clone());
        let account = tools.db.read(move |conn| passwords::resetting(conn, now, &token).map_err(Error::from)).await?.ok_or_else(unknown_link)?;
        let settings = &tools.config.accounts;
        let password = rules::accepted(&ask.password, settings.password_min, &[&settings.site_name, &account.name, &account.email])?;
        let hash = self.accounts.hashing().hash(password).await?;
        let world = self.accounts.world(&visitor);
        if !tools.db.write(move |tx, now| passwords::reset(tx, now, &world, &ask.token, &hash).map_err(Error::from)).await? {
            return Err(unknown_link());
        }
        self.accounts.forget(account.user);
        Ok(Done::Done)
    }

    /// Confirm a new mail address.
    #[oai(path = "/auth/confirm-email", method = "post", operation_id = "confirmEmail")]
    async fn confirm_email(&self, visitor: Visitor, ask: Json<TokenAsk>) -> Result<Done> {
        let (world, token) = (self.accounts.world(&visitor), ask.0.token);
        match self.accounts.tools().db.write(move |tx, now| emails::confirm(tx, now, &world, &token).map_err(Error::from)).await? {
            Confirmed::Changed => Ok(Done::Done),
            Confirmed::Unknown => Err(unknown_link()),
            Confirmed::Taken => Err(Error::refused(Kind::Conflict, "email_taken", "Another account has this address.")),
        }
    }
}

/// An address to write to.
pub(super) fn email(text: &str) -> Result<Email> {
    Email::parse(text).ok_or_else(|| {
        let message = "is not a mail address";
        Error::refused(Kind::Unacceptable, "invalid_email", format!("The address {message}.")).with_error(FieldError::new(
            "/body/email",
            "invalid_email",
            message,
        ))
    })
}

fn registration_closed() -> Error {
    Error::refused(Kind::Forbidden, "registration_closed", "This site takes no new accounts.")
}

fn unknown_link() -> Error {
    Error::refused(Kind::Gone, "link_unknown", "This link was used already, or has run out. Ask for another one.")
}
