//! Personal access tokens: for programs that act for somebody, with no more than they need.

use super::letters::{self, Matter, Reader};
use super::{World, announce, note};
use crate::features::accounts::store::accounts;
use crate::features::accounts::store::accounts::hold;
use crate::features::accounts::store::tokens::{self, Token};
use crate::platform::access::{Scope, Scopes};
use crate::platform::audit::Actor;
use crate::platform::db::{DbResult, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::keys::{digest, fresh_secret};
use crate::values::{Instant, UserId};
use serde_json::json;
use uuid::Uuid;

/// By which the gate tells them from access tokens.
const PREFIX: &str = "sto_";
/// Tokens that count at the same time, of one person.
const MOST: usize = 50;

/// The token that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub name: String,
    pub scopes: Scopes,
    pub days: u16,
}

/// Makes a token; answers it with its secret, which is told once. `strong`: the session had a second factor.
pub(crate) fn make(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, strong: bool, wish: &Wish) -> Result<(Token, String)> {
    hold(tx, user)?;
    let account = accounts::by_id(tx, user)?.ok_or_else(|| Error::not_found("There is no such account."))?;
    if wish.scopes.has(Scope::Admin) {
        if accounts::roles(tx, user)?.is_empty() {
            return Err(Error::refused(Kind::Forbidden, "forbidden", "The scope `admin` is for staff."));
        }
        if world.config.staff_needs_second_factor() && !strong {
            return Err(Error::refused(Kind::Forbidden, "second_factor_needed", "Log in with your second factor to make a token with the scope `admin`."));
        }
    }
    if tokens::live(tx, now, user)?.len() >= MOST {
        return Err(Error::refused(Kind::Conflict, "too_many_tokens", format!("You have {MOST} tokens; end one that you do not need.")));
    }
    let (id, secret) = (Uuid::now_v7(), format!("{PREFIX}{}", fresh_secret()));
    let until = now.plus_seconds(i64::from(wish.days) * 86_400);
    let scopes: Vec<String> = wish.scopes.iter().map(|scope| scope.name().to_owned()).collect();
    let token = Token { id, name: wish.name.clone(), scopes, created_at: now, expires_at: until, last_used_at: None };
    tokens::insert(tx, user, &token, &digest(&secret))?;
    note(tx, now, world, "token.made", Actor::User(user), Some(user), json!({"token": [null, id], "scopes": [null, token.scopes]}))?;
    letters::post(tx, now, world, &Reader { email: &account.email, name: &account.name }, Matter::TokenMade { name: &wish.name })?;
    announce(tx, now, user)?;
    Ok((token, secret))
}

/// Ends a token. False when it is not theirs, or over.
pub(crate) fn end(tx: &mut Tx<'_>, now: Instant, world: &World, user: UserId, id: Uuid) -> DbResult<bool> {
    let ended = tokens::end(tx, now, user, id)?;
    if ended {
        note(tx, now, world, "token.revoked", Actor::User(user), Some(user), json!({"token": [id, null]}))?;
        announce(tx, now, user)?;
    }
    Ok(ended)
}
