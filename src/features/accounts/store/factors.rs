//! The authenticator app in the table `accounts`, and the table `recovery_codes`.

use crate::platform::db::{Conn, DbResult, Tx};
use crate::values::{Instant, UserId};

/// Somebody's authenticator app.
#[derive(Clone)]
pub(crate) struct App {
    /// Sealed for [`place`].
    pub sealed: String,
    /// When it showed its first code; `None`: it has not yet.
    pub since: Option<Instant>,
}

pub(super) const READ: &str = "SELECT totp_sealed, totp_since FROM accounts WHERE user_id = $1";
pub(super) const COUNT: &str = "SELECT COUNT(*) FROM recovery_codes WHERE user_id = $1";
pub(super) const USE: &str = "DELETE FROM recovery_codes WHERE user_id = $1 AND digest = $2";

/// Where the secret of somebody's app is sealed.
pub(in super::super) fn place(user: UserId) -> String {
    format!("accounts.totp_sealed {}", user.0)
}

pub(in super::super) fn app(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<App>> {
    let app = conn.first(READ, &[user.into()], |row| Ok((row.get::<Option<String>>(0)?, row.get(1)?)))?;
    Ok(app.and_then(|(sealed, since)| sealed.map(|sealed| App { sealed, since })))
}

/// Keeps the secret of an app that has yet to show a code. False when another one is in use.
pub(in super::super) fn keep_secret(tx: &mut Tx<'_>, now: Instant, user: UserId, sealed: &str) -> DbResult<bool> {
    const KEEP: &str =
        "UPDATE accounts SET totp_sealed = $2, totp_last_step = NULL, version = version + 1, updated_at = $3 WHERE user_id = $1 AND totp_since IS NULL";
    Ok(tx.execute(KEEP, &[user.into(), sealed.into(), now.into()])? > 0)
}

/// From now on codes are asked for. False when they were before, or there is no secret.
pub(in super::super) fn turn_on(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<bool> {
    const ON: &str =
        "UPDATE accounts SET totp_since = $2, version = version + 1, updated_at = $2 WHERE user_id = $1 AND totp_since IS NULL AND totp_sealed IS NOT NULL";
    Ok(tx.execute(ON, &[user.into(), now.into()])? > 0)
}

/// Forgets the app and the recovery codes.
pub(in super::super) fn turn_off(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    const OFF: &str =
        "UPDATE accounts SET totp_sealed = NULL, totp_since = NULL, totp_last_step = NULL, version = version + 1, updated_at = $2 WHERE user_id = $1";
    tx.execute(OFF, &[user.into(), now.into()])?;
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", &[user.into()])?;
    Ok(())
}

/// Counts a try before it is looked at; a window that began before `fresh_after` begins anew. False when there were `most` in the
/// window: then nobody looks.
pub(in super::super) fn count_try(tx: &mut Tx<'_>, now: Instant, user: UserId, fresh_after: Instant, most: i64) -> DbResult<bool> {
    const COUNT_TRY: &str = "UPDATE accounts SET
            code_failures = CASE WHEN code_window IS NULL OR code_window <= $3 THEN 1 ELSE code_failures + 1 END,
            code_window = CASE WHEN code_window IS NULL OR code_window <= $3 THEN $2 ELSE code_window END
        WHERE user_id = $1 AND (code_window IS NULL OR code_window <= $3 OR code_failures < $4)";
    Ok(tx.execute(COUNT_TRY, &[user.into(), now.into(), fresh_after.into(), most.into()])? > 0)
}

/// Takes a counted try back: the code was right. What was counted before it stays.
pub(in super::super) fn forgive_try(tx: &mut Tx<'_>, user: UserId) -> DbResult<()> {
    tx.execute("UPDATE accounts SET code_failures = code_failures - 1 WHERE user_id = $1 AND code_failures > 0", &[user.into()])?;
    Ok(())
}

/// When the window of the counted tries began.
pub(in super::super) fn window_from(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<Instant>> {
    Ok(conn.first("SELECT code_window FROM accounts WHERE user_id = $1", &[user.into()], |row| row.get(0))?.flatten())
}

/// Uses up the code of a step. False when it, or a later one, was used: of many who bring the same code at once one succeeds.
pub(in super::super) fn use_step(tx: &mut Tx<'_>, user: UserId, step: i64) -> DbResult<bool> {
    const STEP: &str = "UPDATE accounts SET totp_last_step = $2 WHERE user_id = $1 AND (totp_last_step IS NULL OR totp_last_step < $2)";
    Ok(tx.execute(STEP, &[user.into(), step.into()])? > 0)
}

/// Gives somebody new recovery codes; the old ones are void.
pub(in super::super) fn keep_recovery(tx: &mut Tx<'_>, now: Instant, user: UserId, digests: &[String]) -> DbResult<()> {
    tx.execute("DELETE FROM recovery_codes WHERE user_id = $1", &[user.into()])?;
    for digest in digests {
        tx.execute("INSERT INTO recovery_codes (user_id, digest, created_at) VALUES ($1, $2, $3)", &[user.into(), digest.as_str().into(), now.into()])?;
    }
    Ok(())
}

/// Uses a recovery code up. False when it is none of theirs, or was used.
pub(in super::super) fn use_recovery(tx: &mut Tx<'_>, user: UserId, digest: &str) -> DbResult<bool> {
    Ok(tx.execute(USE, &[user.into(), digest.into()])? > 0)
}

/// How many recovery codes somebody has left.
pub(in super::super) fn count_recovery(conn: &mut Conn<'_>, user: UserId) -> DbResult<i64> {
    Ok(conn.first(COUNT, &[user.into()], |row| row.get(0))?.unwrap_or(0))
}
