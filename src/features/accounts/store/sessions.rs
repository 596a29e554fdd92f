//! The table `sessions`.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// A login on one device.
#[derive(Debug, Clone)]
pub(crate) struct Session {
    pub id: Uuid,
    pub user: UserId,
    /// A browser's session lives in a cookie, any other in a refresh token.
    pub browser: bool,
    pub secret_digest: String,
    /// How often the refresh token was exchanged.
    pub generation: i64,
    pub rotated_at: Instant,
    pub device: String,
    pub address_prefix: String,
    pub proven_at: Instant,
    pub strong: bool,
    pub method: String,
    pub created_at: Instant,
    pub last_used_at: Instant,
    pub idle_until: Instant,
    pub expires_at: Instant,
    pub ended_at: Option<Instant>,
}

pub(super) const BY_ID: &str = "SELECT id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
    created_at, last_used_at, idle_until, expires_at, ended_at FROM sessions WHERE id = $1";
pub(super) const BY_SECRET: &str = "SELECT id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
    created_at, last_used_at, idle_until, expires_at, ended_at FROM sessions WHERE secret_digest = $1";
pub(super) const OF_USER: &str = "SELECT id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
    created_at, last_used_at, idle_until, expires_at, ended_at FROM sessions WHERE user_id = $1 AND ended_at IS NULL ORDER BY created_at, id";
pub(super) const ALL_OF_USER: &str = "SELECT id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
    created_at, last_used_at, idle_until, expires_at, ended_at FROM sessions WHERE user_id = $1 ORDER BY id";
/// A session ends when its time is over, when it has rested too long, or when somebody ends it.
pub(super) const PRUNE: [&str; 3] =
    ["DELETE FROM sessions WHERE expires_at < $1", "DELETE FROM sessions WHERE idle_until < $1", "DELETE FROM sessions WHERE ended_at < $1"];

fn session(row: &Row<'_>) -> DbResult<Session> {
    Ok(Session {
        id: row.get(0)?,
        user: row.get(1)?,
        browser: row.get::<String>(2)? == "browser",
        secret_digest: row.get(3)?,
        generation: row.get(4)?,
        rotated_at: row.get(5)?,
        device: row.get(6)?,
        address_prefix: row.get(7)?,
        proven_at: row.get(8)?,
        strong: row.get(9)?,
        method: row.get(10)?,
        created_at: row.get(11)?,
        last_used_at: row.get(12)?,
        idle_until: row.get(13)?,
        expires_at: row.get(14)?,
        ended_at: row.get(15)?,
    })
}

pub(in super::super) fn by_id(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Session>> {
    conn.first(BY_ID, &[id.into()], session)
}

/// The session whose newest secret this is.
pub(in super::super) fn by_secret(conn: &mut Conn<'_>, digest: &str) -> DbResult<Option<Session>> {
    conn.first(BY_SECRET, &[digest.into()], session)
}

/// Those that have not ended, oldest first; some may have run out.
pub(in super::super) fn of_user(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Session>> {
    conn.query(OF_USER, &[user.into()], session)
}

/// All that are remembered, ended ones too.
pub(in super::super) fn all_of_user(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Session>> {
    conn.query(ALL_OF_USER, &[user.into()], session)
}

pub(in super::super) fn insert(tx: &mut Tx<'_>, new: &Session) -> DbResult<()> {
    const INSERT: &str = "INSERT INTO sessions (id, user_id, kind, secret_digest, generation, rotated_at, device, address_prefix, proven_at, strong, method,
        created_at, last_used_at, idle_until, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";
    let kind = if new.browser { "browser" } else { "token" };
    tx.execute(
        INSERT,
        &[
            new.id.into(),
            new.user.into(),
            kind.into(),
            new.secret_digest.as_str().into(),
            new.generation.into(),
            new.rotated_at.into(),
            new.device.as_str().into(),
            new.address_prefix.as_str().into(),
            new.proven_at.into(),
            new.strong.into(),
            new.method.as_str().into(),
            new.created_at.into(),
            new.last_used_at.into(),
            new.idle_until.into(),
            new.expires_at.into(),
        ],
    )?;
    Ok(())
}

/// Exchanges the secret of `generation` for its successor. False when somebody else was quicker, or the session is over.
pub(in super::super) fn rotate(tx: &mut Tx<'_>, now: Instant, id: Uuid, generation: i64, successor_digest: &str, idle_until: Instant) -> DbResult<bool> {
    const ROTATE: &str = "UPDATE sessions SET generation = generation + 1, secret_digest = $3, rotated_at = $4, last_used_at = $4, idle_until = $5
        WHERE id = $1 AND generation = $2 AND ended_at IS NULL";
    Ok(tx.execute(ROTATE, &[id.into(), generation.into(), successor_digest.into(), now.into(), idle_until.into()])? > 0)
}

/// Notes that a session is in use.
pub(in super::super) fn touch(tx: &mut Tx<'_>, now: Instant, id: Uuid, idle_until: Instant) -> DbResult<()> {
    const TOUCH: &str = "UPDATE sessions SET last_used_at = $2, idle_until = $3 WHERE id = $1 AND ended_at IS NULL";
    tx.execute(TOUCH, &[id.into(), now.into(), idle_until.into()])?;
    Ok(())
}

/// Its owner has proven themselves once more.
pub(in super::super) fn prove(tx: &mut Tx<'_>, now: Instant, id: Uuid, strong: bool) -> DbResult<()> {
    tx.execute("UPDATE sessions SET proven_at = $2, strong = (strong OR $3) WHERE id = $1 AND ended_at IS NULL", &[id.into(), now.into(), strong.into()])?;
    Ok(())
}

/// A second factor is gone: what it had proven does not count any more. `but_passkeys`: sessions that a passkey began stay strong.
pub(in super::super) fn weaken(tx: &mut Tx<'_>, user: UserId, but_passkeys: bool) -> DbResult<()> {
    const WEAKEN: &str = "UPDATE sessions SET strong = $2 WHERE user_id = $1 AND ended_at IS NULL AND method <> $3";
    let spared = if but_passkeys { "passkey" } else { "" };
    tx.execute(WEAKEN, &[user.into(), false.into(), spared.into()])?;
    Ok(())
}

/// Ends one session of a person. False when there is none such, or it had ended.
pub(in super::super) fn end(tx: &mut Tx<'_>, now: Instant, user: UserId, id: Uuid, reason: &str) -> DbResult<bool> {
    const END: &str = "UPDATE sessions SET ended_at = $3, end_reason = $4 WHERE id = $1 AND user_id = $2 AND ended_at IS NULL";
    Ok(tx.execute(END, &[id.into(), user.into(), now.into(), reason.into()])? > 0)
}

/// Ends all sessions of a person, but for `keep`. Answers how many.
pub(in super::super) fn end_all(tx: &mut Tx<'_>, now: Instant, user: UserId, keep: Option<Uuid>, reason: &str) -> DbResult<u64> {
    const END: &str = "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL";
    const BUT_ONE: &str = "UPDATE sessions SET ended_at = $2, end_reason = $3 WHERE user_id = $1 AND ended_at IS NULL AND id <> $4";
    match keep {
        None => tx.execute(END, &[user.into(), now.into(), reason.into()]),
        Some(keep) => tx.execute(BUT_ONE, &[user.into(), now.into(), reason.into(), keep.into()]),
    }
}

/// Forgets sessions that ended before `before`, however they did (V6: device data).
pub(in super::super) fn prune(tx: &mut Tx<'_>, before: Instant) -> DbResult<u64> {
    let mut gone = 0;
    for prune in PRUNE {
        gone += tx.execute(prune, &[before.into()])?;
    }
    Ok(gone)
}
