//! One's own password, address and sessions.

use super::auth::{needs_session, prove_password};
use super::letters::email;
use super::views::{Done, EndedView, SessionView, Taken};
use crate::features::accounts::Accounts;
use crate::features::accounts::rules;
use crate::features::accounts::service::{emails, passwords, sessions, still_in};
use crate::features::accounts::store::{accounts as rows, sessions as session_rows};
use crate::platform::audit::Actor;
use crate::platform::error::{Error, Kind, Result};
use crate::platform::http::{Caller, Visitor};
use poem_openapi::param::{Path, Query};
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PasswordAsk {
    #[oai(validator(max_length = 1024))]
    current_password: String,
    #[oai(validator(max_length = 1024))]
    password: String,
}

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct NewEmailAsk {
    #[oai(validator(max_length = 320))]
    email: String,
}

#[derive(Object)]
struct SessionsView {
    data: Vec<SessionView>,
}

/// What keeps an account safe.
pub struct SecurityApi {
    accounts: Accounts,
}

impl SecurityApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl SecurityApi {
    /// Change the password; ends all other sessions.
    #[oai(path = "/me/password", method = "post", operation_id = "changePassword")]
    async fn change_password(&self, caller: Caller, visitor: Visitor, ask: Json<PasswordAsk>) -> Result<Done> {
        let (ask, tools, user) = (ask.0, self.accounts.tools(), caller.user);
        let old = prove_password(&self.accounts, &caller, &visitor, &ask.current_password).await?;
        let account = tools.db.read(move |conn| rows::by_id(conn, user).map_err(Error::from)).await?.ok_or_else(needs_session)?;
        let settings = &tools.config.accounts;
        let password = rules::accepted(&ask.password, settings.password_min, &[&settings.site_name, &account.name, &account.email])?;
        let hash = self.accounts.hashing().hash(password).await?;
        let (world, session) = (self.accounts.world(&visitor), caller.session());
        if !tools.db.write(move |tx, now| passwords::change(tx, now, &world, user, session, &old, &hash).map_err(Error::from)).await? {
            return Err(Error::refused(Kind::Conflict, "conflict", "The password was changed a moment ago."));
        }
        self.accounts.forget(user);
        Ok(Done::Done)
    }

    /// Give another mail address. It counts once it is confirmed there. Always answers 202.
    #[oai(path = "/me/email", method = "post", operation_id = "changeEmail")]
    async fn change_email(&self, caller: Caller, visitor: Visitor, ask: Json<NewEmailAsk>) -> Result<Taken> {
        let (email, world, user) = (email(&ask.0.email)?, self.accounts.world(&visitor), caller.user);
        if self.accounts.may_write_to("address", &email) {
            let session = caller.session();
            let asked = self.accounts.tools().db.write(move |tx, now| {
                still_in(tx, now, user, session)?;
                emails::ask(tx, now, &world, user, &email).map_err(Error::from)
            });
            asked.await?;
        }
        Ok(Taken::because("A letter is on its way to the new address. Open its link to use it from now on."))
    }

    /// The sessions that are open now, newest first.
    #[oai(path = "/me/sessions", method = "get", operation_id = "listSessions")]
    async fn sessions(&self, caller: Caller) -> Result<Json<SessionsView>> {
        let (user, now) = (caller.user, self.accounts.tools().clock.now());
        let mut open = self.accounts.tools().db.read(move |conn| session_rows::of_user(conn, user).map_err(Error::from)).await?;
        open.retain(|session| now < session.idle_until && now < session.expires_at);
        Ok(Json(SessionsView { data: open.into_iter().rev().map(|session| SessionView::of(session, caller.session())).collect() }))
    }

    /// End a session.
    #[oai(path = "/me/sessions/:id", method = "delete", operation_id = "endSession")]
    async fn end_session(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Done> {
        let (world, user, id) = (self.accounts.world(&visitor), caller.user, id.0);
        if !self.accounts.tools().db.write(move |tx, now| sessions::end(tx, now, &world, user, id).map_err(Error::from)).await? {
            return Err(Error::not_found("You have no open session with this id."));
        }
        self.accounts.forget(user);
        Ok(Done::Done)
    }

    /// Log out everywhere.
    #[oai(path = "/me/sessions", method = "delete", operation_id = "endSessions")]
    async fn end_sessions(
        &self,
        caller: Caller,
        visitor: Visitor,
        /// Leave the session that asks.
        #[oai(default)]
        keep_current: Query<bool>,
    ) -> Result<Json<EndedView>> {
        let (world, user) = (self.accounts.world(&visitor), caller.user);
        let keep = caller.session().filter(|_| keep_current.0);
        let ended = self
            .accounts
            .tools()
            .db
            .write(move |tx, now| sessions::end_all(tx, now, &world, Actor::User(user), user, keep, "logged out everywhere").map_err(Error::from));
        let ended = ended.await?;
        self.accounts.forget(user);
        Ok(Json(EndedView { ended }))
    }
}
