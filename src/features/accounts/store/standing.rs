//! What the gate has to know of somebody, in one go: state, roles, live sessions and tokens.

use super::accounts::{self, State};
use super::sessions;
use crate::platform::access::{Roles, Scope, Scopes};
use crate::platform::db::{Conn, DbError, DbResult, Json};
use crate::values::{Instant, UserId};
use std::collections::HashMap;
use uuid::Uuid;

/// How somebody stands with the house.
#[derive(Debug)]
pub(crate) struct Standing {
    pub state: State,
    pub roles: Roles,
    /// An authenticator app or a passkey is in use.
    pub second_factor: bool,
    pub sessions: HashMap<Uuid, LiveSession>,
    pub tokens: HashMap<Uuid, LiveToken>,
    pub read_at: Instant,
}

/// A session that has not ended.
#[derive(Debug, Clone)]
pub(crate) struct LiveSession {
    pub proven_at: Instant,
    pub strong: bool,
    pub browser: bool,
    pub idle_until: Instant,
    pub expires_at: Instant,
}

/// A personal access token that has not ended.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LiveToken {
    pub scopes: Scopes,
    pub expires_at: Instant,
}

pub(super) const TOKENS: &str = "SELECT id, scopes, expires_at FROM personal_tokens WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2";
pub(super) const ANY_PASSKEY: &str = "SELECT 1 FROM passkeys WHERE user_id = $1 LIMIT 1";
pub(super) const TOKEN_OWNER: &str = "SELECT id, user_id FROM personal_tokens WHERE secret_digest = $1 AND ended_at IS NULL";

/// `None` when there is no account with this id.
pub(in super::super) fn standing(conn: &mut Conn<'_>, now: Instant, user: UserId) -> DbResult<Option<Standing>> {
    let Some(account) = accounts::by_id(conn, user)? else { return Ok(None) };
    let live = |session: sessions::Session| {
        let live = LiveSession {
            proven_at: session.proven_at,
            strong: session.strong,
            browser: session.browser,
            idle_until: session.idle_until,
            expires_at: session.expires_at,
        };
        (session.id, live)
    };
    let sessions = sessions::of_user(conn, user)?.into_iter().map(live).collect();
    let tokens = conn.query(TOKENS, &[user.into(), now.into()], |row| {
        let Json(names) = row.get(1)?;
        let names: Vec<String> = serde_json::from_str(&names).map_err(|e| DbError::Column { column: 1, reason: e.to_string() })?;
        let scopes = names.iter().filter_map(|name| Scope::parse(name)).collect();
        Ok((row.get(0)?, LiveToken { scopes, expires_at: row.get(2)? }))
    })?;
    let second_factor = account.totp_sealed.is_some() || conn.first(ANY_PASSKEY, &[user.into()], |_| Ok(()))?.is_some();
    Ok(Some(Standing {
        state: account.state,
        second_factor,
        roles: accounts::roles(conn, user)?,
        sessions,
        tokens: tokens.into_iter().collect(),
        read_at: now,
    }))
}

/// Whose personal access token this is.
pub(in super::super) fn token_owner(conn: &mut Conn<'_>, digest: &str) -> DbResult<Option<(Uuid, UserId)>> {
    conn.first(TOKEN_OWNER, &[digest.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}
