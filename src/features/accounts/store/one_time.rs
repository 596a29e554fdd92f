//! The table `one_time_tokens`: links in letters and tickets between two steps of a login.

use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx};
use crate::platform::keys::digest;
use crate::values::{Instant, UserId};
use serde_json::Value;

/// What a token is good for, and how long (seconds).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The link of a registration; payload: name, email, locale.
    Register,
    ResetPassword,
    /// The link to a new address; payload: email.
    ChangeEmail,
    /// The ticket between the password and the code; payload: browser, method.
    SecondFactor,
    /// Makes the first operator.
    SetUp,
    /// Lets somebody register; payload: email, role.
    Invite,
    /// The state of a passkey's ceremony; payload: sealed state.
    Passkey,
    /// The way to an identity provider and back; payload: sealed state.
    Oidc,
}

impl Purpose {
    #[must_use]
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::ResetPassword => "reset_password",
            Self::ChangeEmail => "change_email",
            Self::SecondFactor => "second_factor",
            Self::SetUp => "set_up",
            Self::Invite => "invite",
            Self::Passkey => "passkey",
            Self::Oidc => "oidc",
        }
    }

    #[must_use]
    pub(crate) const fn life_seconds(self) -> i64 {
        match self {
            Self::Register | Self::ChangeEmail => 24 * 3_600,
            Self::ResetPassword => 30 * 60,
            Self::SecondFactor | Self::Passkey => 5 * 60,
            Self::Oidc => 10 * 60,
            Self::SetUp => 60 * 60,
            Self::Invite => 7 * 86_400,
        }
    }
}

/// What was kept with a token.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub user: Option<UserId>,
    pub payload: Value,
}

pub(super) const PEEK: &str = "SELECT user_id, payload FROM one_time_tokens WHERE digest = $1 AND purpose = $2 AND expires_at > $3";
const TAKE: &str = "DELETE FROM one_time_tokens WHERE digest = $1 AND purpose = $2 AND expires_at > $3 RETURNING user_id, payload";
pub(super) const FORGET: &str = "DELETE FROM one_time_tokens WHERE user_id = $1 AND purpose = $2";
pub(super) const PRUNE: &str = "DELETE FROM one_time_tokens WHERE expires_at < $1";

fn kept(row: &Row<'_>) -> DbResult<Kept> {
    let Json(payload) = row.get(1)?;
    Ok(Kept { user: row.get(0)?, payload: serde_json::from_str(&payload).map_err(|e| DbError::Column { column: 1, reason: e.to_string() })? })
}

/// Stores a token that was handed out; `payload` is a JSON object without secrets, or a sealed one.
pub(in super::super) fn keep(tx: &mut Tx<'_>, now: Instant, secret: &str, purpose: Purpose, user: Option<UserId>, payload: &Value) -> DbResult<()> {
    const KEEP: &str = "INSERT INTO one_time_tokens (digest, purpose, user_id, payload, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)";
    let until = now.plus_seconds(purpose.life_seconds());
    tx.execute(KEEP, &[digest(secret).into(), purpose.name().into(), user.into(), Json(payload.to_string()).into(), now.into(), until.into()])?;
    Ok(())
}

/// Uses a token up. Of two who come at once, one gets it.
pub(in super::super) fn take(tx: &mut Tx<'_>, now: Instant, secret: &str, purpose: Purpose) -> DbResult<Option<Kept>> {
    tx.first(TAKE, &[digest(secret).into(), purpose.name().into(), now.into()], kept)
}

/// Looks at a token without using it up.
pub(in super::super) fn peek(conn: &mut Conn<'_>, now: Instant, secret: &str, purpose: Purpose) -> DbResult<Option<Kept>> {
    conn.first(PEEK, &[digest(secret).into(), purpose.name().into(), now.into()], kept)
}

/// Voids all tokens of one purpose that somebody holds.
pub(in super::super) fn forget(tx: &mut Tx<'_>, user: UserId, purpose: Purpose) -> DbResult<()> {
    tx.execute(FORGET, &[user.into(), purpose.name().into()])?;
    Ok(())
}

/// What waits for somebody who may have no account: registrations and invitations, with the digests by which [`drop_one`] removes them.
/// Reads all of them.
pub(in super::super) fn of_nobody(conn: &mut Conn<'_>) -> DbResult<Vec<(String, Kept)>> {
    const OF_NOBODY: &str = "SELECT user_id, payload, digest FROM one_time_tokens WHERE user_id IS NULL";
    conn.query(OF_NOBODY, &[], |row| Ok((row.get(2)?, kept(row)?)))
}

pub(in super::super) fn drop_one(tx: &mut Tx<'_>, digest: &str) -> DbResult<()> {
    tx.execute("DELETE FROM one_time_tokens WHERE digest = $1", &[digest.into()])?;
    Ok(())
}

/// Voids all tokens of one purpose. Reads the whole table.
pub(in super::super) fn forget_all(tx: &mut Tx<'_>, purpose: Purpose) -> DbResult<()> {
    tx.execute("DELETE FROM one_time_tokens WHERE purpose = $1", &[purpose.name().into()])?;
    Ok(())
}

/// Drops what has run out.
pub(in super::super) fn prune(tx: &mut Tx<'_>, now: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[now.into()])
}
