//! The table `personal_tokens`; what the gate reads of it is in `standing.rs`.

use crate::platform::db::{Conn, DbError, DbResult, Json, Row, Tx};
use crate::values::{Instant, UserId};
use uuid::Uuid;

pub(super) const LIVE: &str = "SELECT id, name, scopes, created_at, expires_at, last_used_at FROM personal_tokens
    WHERE user_id = $1 AND ended_at IS NULL AND expires_at > $2 ORDER BY id DESC LIMIT 100";
pub(super) const PRUNE: &str = "DELETE FROM personal_tokens WHERE expires_at < $1";

/// A token as its owner may see it: without the secret, which nobody has.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub id: Uuid,
    pub name: String,
    /// The names of the scopes.
    pub scopes: Vec<String>,
    pub created_at: Instant,
    pub expires_at: Instant,
    pub last_used_at: Option<Instant>,
}

/// Those that count now, newest first.
pub(in super::super) fn live(conn: &mut Conn<'_>, now: Instant, user: UserId) -> DbResult<Vec<Token>> {
    conn.query(LIVE, &[user.into(), now.into()], token)
}

fn token(row: &Row<'_>) -> DbResult<Token> {
    let Json(scopes) = row.get(2)?;
    Ok(Token {
        id: row.get(0)?,
        name: row.get(1)?,
        scopes: serde_json::from_str(&scopes).map_err(|e| DbError::Column { column: 2, reason: e.to_string() })?,
        created_at: row.get(3)?,
        expires_at: row.get(4)?,
        last_used_at: row.get(5)?,
    })
}

/// A new token; of its secret only the digest is kept.
pub(in super::super) fn insert(tx: &mut Tx<'_>, user: UserId, new: &Token, digest: &str) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO personal_tokens (id, user_id, name, secret_digest, scopes, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
    let scopes = Json(serde_json::Value::from(new.scopes.clone()).to_string());
    tx.execute(INSERT, &[new.id.into(), user.into(), (&new.name).into(), digest.into(), scopes.into(), new.created_at.into(), new.expires_at.into()])?;
    Ok(())
}

/// Ends a token of a person. False when there is none such, or it had ended.
pub(in super::super) fn end(tx: &mut Tx<'_>, now: Instant, user: UserId, id: Uuid) -> DbResult<bool> {
    const END: &str = "UPDATE personal_tokens SET ended_at = $3 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND expires_at > $3";
    Ok(tx.execute(END, &[id.into(), user.into(), now.into()])? > 0)
}

/// Forgets tokens that ran out before `before`.
pub(in super::super) fn prune(tx: &mut Tx<'_>, before: Instant) -> DbResult<u64> {
    tx.execute(PRUNE, &[before.into()])
}

/// Ends all tokens of a person. Answers how many.
pub(in super::super) fn end_all(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<u64> {
    tx.execute("UPDATE personal_tokens SET ended_at = $2 WHERE user_id = $1 AND ended_at IS NULL", &[user.into(), now.into()])
}

/// Notes that a token is in use.
pub(in super::super) fn touch(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<()> {
    tx.execute("UPDATE personal_tokens SET last_used_at = $2 WHERE id = $1", &[id.into(), now.into()])?;
    Ok(())
}
