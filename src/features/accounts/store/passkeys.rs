//! The table `passkeys`.

use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// A passkey.
#[derive(Debug, Clone)]
pub(crate) struct PasskeyRow {
    pub id: Uuid,
    pub user: UserId,
    pub name: String,
    /// URL-safe base64.
    pub credential_id: String,
    /// JSON object: public key and what was said at registration.
    pub credential: String,
    /// Of the last signature.
    pub counter: i64,
    pub created_at: Instant,
    pub last_used_at: Option<Instant>,
}

pub(super) const OF_USER: &str =
    "SELECT id, user_id, name, credential_id, credential, counter, created_at, last_used_at FROM passkeys WHERE user_id = $1 ORDER BY id";
pub(super) const BY_CREDENTIAL: &str =
    "SELECT id, user_id, name, credential_id, credential, counter, created_at, last_used_at FROM passkeys WHERE credential_id = $1";

fn passkey(row: &Row<'_>) -> DbResult<PasskeyRow> {
    let Json(credential) = row.get(4)?;
    Ok(PasskeyRow {
        id: row.get(0)?,
        user: row.get(1)?,
        name: row.get(2)?,
        credential_id: row.get(3)?,
        credential,
        counter: row.get(5)?,
        created_at: row.get(6)?,
        last_used_at: row.get(7)?,
    })
}

/// Oldest first; there are never many (`MOST_PASSKEYS`).
pub(in super::super) fn of_user(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<PasskeyRow>> {
    conn.query(OF_USER, &[user.into()], passkey)
}

pub(in super::super) fn by_credential(conn: &mut Conn<'_>, credential_id: &str) -> DbResult<Option<PasskeyRow>> {
    conn.first(BY_CREDENTIAL, &[credential_id.into()], passkey)
}

/// False when somebody has this credential.
pub(in super::super) fn insert(tx: &mut Tx<'_>, new: &PasskeyRow) -> DbResult<bool> {
    const INSERT: &str = "INSERT INTO passkeys (id, user_id, name, credential_id, credential, counter, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (credential_id) DO NOTHING";
    let credential = Json(new.credential.clone());
    let values = [
        new.id.into(),
        new.user.into(),
        new.name.as_str().into(),
        new.credential_id.as_str().into(),
        credential.into(),
        new.counter.into(),
        new.created_at.into(),
    ];
    Ok(tx.execute(INSERT, &values)? > 0)
}

/// Notes a signature. False when there was another one since `counter_before` was read.
pub(in super::super) fn note_use(tx: &mut Tx<'_>, now: Instant, id: Uuid, counter_before: i64, counter: i64, credential: &str) -> DbResult<bool> {
    const USED: &str = "UPDATE passkeys SET counter = $3, credential = $4, last_used_at = $5 WHERE id = $1 AND counter = $2";
    let credential = Json(credential.to_owned());
    Ok(tx.execute(USED, &[id.into(), counter_before.into(), counter.into(), credential.into(), now.into()])? > 0)
}

/// False when they have none with this id.
pub(in super::super) fn rename(tx: &mut Tx<'_>, user: UserId, id: Uuid, name: &str) -> DbResult<bool> {
    Ok(tx.execute("UPDATE passkeys SET name = $3 WHERE id = $1 AND user_id = $2", &[id.into(), user.into(), name.into()])? > 0)
}

/// False when they have none with this id.
pub(in super::super) fn remove(tx: &mut Tx<'_>, user: UserId, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute("DELETE FROM passkeys WHERE id = $1 AND user_id = $2", &[id.into(), user.into()])? > 0)
}
