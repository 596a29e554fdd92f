//! Personal access tokens.

use super::views::Done;
use crate::features::accounts::Accounts;
use crate::features::accounts::rules;
use crate::features::accounts::service::still_in;
use crate::features::accounts::service::tokens::{self, Wish};
use crate::features::accounts::store::tokens as rows;
use crate::platform::access::{Scope, Scopes};
use crate::platform::error::{Error, FieldError, Kind, Result};
use crate::platform::http::{Caller, Created, PREFIX, Visitor};
use crate::platform::idempotency::Once;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};
use uuid::Uuid;

/// How long a token lives, unless its owner says otherwise.
const DAYS: u16 = 90;
const MOST_DAYS: u16 = 365;

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct PersonalTokenAsk {
    /// What it is for, so that you know it again.
    #[oai(validator(max_length = 320))]
    name: String,
    /// What it may do: `account:read`, `account:write`, `listings:read`, `listings:write`, `bookings:read`, `bookings:write`; for
    /// staff `admin`.
    #[oai(validator(max_items = 20))]
    scopes: Vec<String>,
    /// 1 to 365; absent: 90.
    expires_in_days: Option<u16>,
}

/// A token as it is listed: without its secret.
#[derive(Object)]
struct PersonalTokenView {
    id: Uuid,
    name: String,
    scopes: Vec<String>,
    /// RFC 3339, UTC.
    created_at: String,
    expires_at: String,
    /// Noted every few minutes; null: never.
    last_used_at: Option<String>,
}

/// A new token. The secret is shown this once.
#[derive(Object)]
struct NewPersonalTokenView {
    id: Uuid,
    /// `sto_…`, for `Authorization: Bearer`. It cannot be shown again.
    token: String,
    name: String,
    scopes: Vec<String>,
    /// RFC 3339, UTC.
    created_at: String,
    expires_at: String,
}

/// All that count now; there are never more than fifty.
#[derive(Object)]
struct PersonalTokensView {
    data: Vec<PersonalTokenView>,
}

/// Personal access tokens.
pub struct TokensApi {
    accounts: Accounts,
}

impl TokensApi {
    #[must_use]
    pub fn new(accounts: Accounts) -> Self {
        Self { accounts }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Accounts")]
impl TokensApi {
    /// Make a token for a program that acts for you. Needs a fresh proof.
    #[oai(path = "/me/tokens", method = "post", operation_id = "makeToken")]
    async fn make(&self, caller: Caller, visitor: Visitor, once: Once, ask: Json<PersonalTokenAsk>) -> Result<Created<NewPersonalTokenView>> {
        let wish = judged(ask.0)?;
        let (world, user, strong) = (self.accounts.world(&visitor), caller.user, caller.strong);
        let session = caller.session();
        let made = self.accounts.tools().db.write_once(&once, move |tx, now| {
            still_in(tx, now, user, session)?;
            let (token, secret) = tokens::make(tx, now, &world, user, strong, &wish)?;
            let view = NewPersonalTokenView {
                id: token.id,
                token: secret,
                name: token.name,
                scopes: token.scopes,
                created_at: token.created_at.to_string(),
                expires_at: token.expires_at.to_string(),
            };
            Ok(Created::at(format!("{PREFIX}/me/tokens/{}", view.id), view))
        });
        let made = made.await?;
        self.accounts.forget(user);
        Ok(made)
    }

    /// Your tokens, newest first.
    #[oai(path = "/me/tokens", method = "get", operation_id = "listTokens")]
    async fn list(&self, caller: Caller) -> Result<Json<PersonalTokensView>> {
        let (user, now) = (caller.user, self.accounts.tools().clock.now());
        let live = self.accounts.tools().db.read(move |conn| rows::live(conn, now, user).map_err(Error::from)).await?;
        let view = |token: rows::Token| PersonalTokenView {
            id: token.id,
            name: token.name,
            scopes: token.scopes,
            created_at: token.created_at.to_string(),
            expires_at: token.expires_at.to_string(),
            last_used_at: token.last_used_at.map(|at| at.to_string()),
        };
        Ok(Json(PersonalTokensView { data: live.into_iter().map(view).collect() }))
    }

    /// End a token; it counts no more, on any node, within a second.
    #[oai(path = "/me/tokens/:id", method = "delete", operation_id = "endToken")]
    async fn end(&self, caller: Caller, visitor: Visitor, id: Path<Uuid>) -> Result<Done> {
        let (world, user, id) = (self.accounts.world(&visitor), caller.user, id.0);
        if !self.accounts.tools().db.write(move |tx, now| tokens::end(tx, now, &world, user, id).map_err(Error::from)).await? {
            return Err(Error::not_found("You have no token with this id."));
        }
        self.accounts.forget(user);
        Ok(Done::Done)
    }
}

fn judged(ask: PersonalTokenAsk) -> Result<Wish> {
    let bad = |code, field: &str, message: String| {
        Error::refused(Kind::Unacceptable, code, format!("{field}: {message}.")).with_error(FieldError::new(format!("/body/{field}"), code, message))
    };
    let days = ask.expires_in_days.unwrap_or(DAYS);
    if !(1..=MOST_DAYS).contains(&days) {
        return Err(bad("out_of_range", "expires_in_days", format!("must be 1 to {MOST_DAYS}")));
    }
    let scopes: Option<Scopes> = ask.scopes.iter().map(|name| Scope::parse(name)).collect();
    let scopes = scopes.filter(|scopes| *scopes != Scopes::NONE).ok_or_else(|| {
        let names: Vec<&str> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        bad("unknown_scope", "scopes", format!("must be one or more of {}", names.join(", ")))
    })?;
    Ok(Wish { name: rules::name(&ask.name)?, scopes, days })
}
