//! SQL of stored answers.

use super::{Claim, KEPT_SECONDS};
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, UserId};
use bytes::Bytes;

/// An answer as it was given, so that it can be given again byte for byte.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    pub status: u16,
    pub content_type: Option<String>,
    pub location: Option<String>,
    pub etag: Option<String>,
    /// `None`: it held a secret and was not kept.
    pub body: Option<Bytes>,
}

/// What the database knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Known {
    /// It is free, or was: the caller now has it, until its transaction ends.
    Ours,
    /// It was used for the same request.
    Same(Kept),
    /// It was used for another one.
    Other,
}

/// The primary key is what makes copies wait for each other. A row that has outlived its time is taken over.
const CLAIM: &str = "INSERT INTO idempotency_keys (user_id, path, client_key, fingerprint, status, created_at) VALUES ($1, $2, $3, $4, 0, $5)
    ON CONFLICT (user_id, path, client_key) DO UPDATE SET fingerprint = $4, status = 0, content_type = NULL, location = NULL, etag = NULL, body = NULL, created_at = $5
    WHERE idempotency_keys.created_at < $6";
const KEEP: &str =
    "UPDATE idempotency_keys SET status = $4, content_type = $5, location = $6, etag = $7, body = $8 WHERE user_id = $1 AND path = $2 AND client_key = $3";

/// Statements that must stay cheap however many rows there are; a test reads their plans.
pub const FIND: &str = "SELECT fingerprint, status, content_type, location, etag, body FROM idempotency_keys
    WHERE user_id = $1 AND path = $2 AND client_key = $3 AND created_at >= $4";
pub const SWEEP: &str = "DELETE FROM idempotency_keys WHERE (user_id, path, client_key) IN
    (SELECT user_id, path, client_key FROM idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT 500)";
pub const FORGET: &str = "DELETE FROM idempotency_keys WHERE user_id = $1";

/// Claims the key for this transaction, or answers what it was used for. On PostgreSQL this waits for a transaction of
/// another node that has claimed the same key.
pub(super) fn claim(tx: &mut Tx<'_>, claim: &Claim, now: Instant) -> DbResult<Known> {
    let oldest = now.plus_seconds(-KEPT_SECONDS);
    let params = [claim.user.into(), (&claim.path).into(), (&claim.key).into(), claim.fingerprint.clone().into(), now.into(), oldest.into()];
    if tx.execute(CLAIM, &params)? > 0 {
        return Ok(Known::Ours);
    }
    // It stands, since it kept ours out; only its age could have changed meanwhile, and by nobody.
    Ok(find(tx, claim, now)?.unwrap_or(Known::Other))
}

/// Stores the answer beside the claim.
pub(super) fn keep(tx: &mut Tx<'_>, claim: &Claim, answer: &Kept) -> DbResult<()> {
    let body = answer.body.as_ref().filter(|_| !claim.secret || answer.status >= 400).map(|body| body.to_vec());
    let params = [
        claim.user.into(),
        (&claim.path).into(),
        (&claim.key).into(),
        answer.status.into(),
        answer.content_type.clone().into(),
        answer.location.clone().into(),
        answer.etag.clone().into(),
        body.into(),
    ];
    tx.execute(KEEP, &params)?;
    Ok(())
}

/// What is stored for the key; `None`: nothing.
pub(super) fn find(conn: &mut Conn<'_>, claim: &Claim, now: Instant) -> DbResult<Option<Known>> {
    let params = [claim.user.into(), (&claim.path).into(), (&claim.key).into(), now.plus_seconds(-KEPT_SECONDS).into()];
    conn.first(FIND, &params, |row| known(row, claim))
}

fn known(row: &Row<'_>, claim: &Claim) -> DbResult<Known> {
    if row.get::<Vec<u8>>(0)? != claim.fingerprint {
        return Ok(Known::Other);
    }
    Ok(Known::Same(Kept {
        status: row.small(1)?,
        content_type: row.get(2)?,
        location: row.get(3)?,
        etag: row.get(4)?,
        body: row.get::<Option<Vec<u8>>>(5)?.map(Bytes::from),
    }))
}

/// Drops up to 500 answers from before `before`, oldest first; answers how many.
pub(super) fn sweep(tx: &mut Tx<'_>, before: Instant) -> DbResult<u64> {
    tx.execute(SWEEP, &[before.into()])
}

/// Drops everything stored for a person: answers may hold what an erasure has to remove.
pub fn forget(tx: &mut Tx<'_>, user: UserId) -> DbResult<u64> {
    tx.execute(FORGET, &[user.into()])
}
