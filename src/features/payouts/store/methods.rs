//! SQL of where hosts want their money.

use crate::features::payouts::rules::terms::Method;
use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Instant, UserId};
use uuid::Uuid;

/// The columns of a method, in the order in which [`read`] takes them.
macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, user_id, kind, details_sealed, hint, active_at, failed_at, removed_at, created_at FROM payout_methods ", $rest)
    };
}

const INSERT: &str = "INSERT INTO payout_methods (id, user_id, kind, details_sealed, hint, active_at, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
const OF_USER: &str = select!("WHERE user_id = $1 AND removed_at IS NULL ORDER BY id DESC LIMIT 50");
const NEWEST: &str = select!("WHERE user_id = $1 AND removed_at IS NULL ORDER BY id DESC LIMIT 1");
const ONE: &str = select!("WHERE id = $1");
const REMOVE: &str = "UPDATE payout_methods SET removed_at = $3 WHERE id = $1 AND user_id = $2 AND removed_at IS NULL";
const WIPE: &str = "UPDATE payout_methods SET details_sealed = '' WHERE id = $1 AND removed_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM payouts p
    WHERE p.host_id = payout_methods.user_id AND p.method_id = payout_methods.id AND p.state IN ('created', 'sent') AND p.state = 'sent')";
const FAILED: &str = "UPDATE payout_methods SET failed_at = $2 WHERE id = $1 AND failed_at IS NULL";
const FORGET: &str = "UPDATE payout_methods SET details_sealed = '', hint = '', removed_at = COALESCE(removed_at, $2) WHERE user_id = $1";

pub(super) const STATEMENTS: [(&str, &str); 7] = [(OF_USER, "u"), (NEWEST, "u"), (ONE, "u"), (REMOVE, "uui"), (WIPE, "u"), (FAILED, "ui"), (FORGET, "ui")];

pub(in super::super) fn insert(tx: &mut Tx<'_>, of: &Method) -> DbResult<()> {
    let params = [of.id.into(), of.user.into(), (&of.kind).into(), (&of.details_sealed).into(), (&of.hint).into(), of.active_at.into(), of.created_at.into()];
    tx.execute(INSERT, &params)?;
    Ok(())
}

/// Those of a host that were not removed, newest first; never more than fifty.
pub(in super::super) fn of_user(conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Method>> {
    conn.query(OF_USER, &[user.into()], read)
}

/// The one that counts, or will.
pub(in super::super) fn newest(conn: &mut Conn<'_>, user: UserId) -> DbResult<Option<Method>> {
    conn.first(NEWEST, &[user.into()], read)
}

/// One, removed or not.
pub(in super::super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<Method>> {
    conn.first(ONE, &[id.into()], read)
}

/// The same, and until the transaction ends nobody takes its details away, or sends something there.
pub(in super::super) fn locked(tx: &mut Tx<'_>, id: Uuid) -> DbResult<Option<Method>> {
    tx.first_held(ONE, &[id.into()], read)
}

/// `false`: the host has no such method. Its details go, unless a payout to it is `sent`; the hint stays.
pub(in super::super) fn remove(tx: &mut Tx<'_>, now: Instant, user: UserId, id: Uuid) -> DbResult<bool> {
    // In this order: whoever has just sent something there is waited for, and then seen.
    if tx.execute(REMOVE, &[id.into(), user.into(), now.into()])? == 0 {
        return Ok(false);
    }
    wipe(tx, id)?;
    Ok(true)
}

/// Takes the details of a method that was removed away, once nothing is on its way there any more.
pub(in super::super) fn wipe(tx: &mut Tx<'_>, id: Uuid) -> DbResult<()> {
    tx.execute(WIPE, &[id.into()])?;
    Ok(())
}

/// Money came back from it.
pub(in super::super) fn failed(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<()> {
    tx.execute(FAILED, &[id.into(), now.into()])?;
    Ok(())
}

pub(in super::super) fn forget(tx: &mut Tx<'_>, now: Instant, user: UserId) -> DbResult<()> {
    tx.execute(FORGET, &[user.into(), now.into()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> DbResult<Method> {
    Ok(Method {
        id: row.get(0)?,
        user: row.get(1)?,
        kind: row.get(2)?,
        details_sealed: row.get(3)?,
        hint: row.get(4)?,
        active_at: row.get(5)?,
        failed_at: row.get(6)?,
        removed_at: row.get(7)?,
        created_at: row.get(8)?,
    })
}
