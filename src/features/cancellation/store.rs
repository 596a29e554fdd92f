//! SQL of the operator's own policies. Their terms are never changed, and no row is ever deleted: homes go on naming them.

use super::rules::Rules;
use crate::platform::db::{Conn, DbResult, Json, Row, Tx};
use crate::values::Instant;
use uuid::Uuid;

const ONE: &str = "SELECT id, key, name, is_long, rules, retired_at, created_at FROM cancellation_policies WHERE id = $1";
const BY_KEY: &str = "SELECT id, key, name, is_long, rules, retired_at, created_at FROM cancellation_policies WHERE key = $1";
const PAGE: &str = "SELECT id, key, name, is_long, rules, retired_at, created_at FROM cancellation_policies WHERE id > $1 ORDER BY id LIMIT $2";
const OPEN: &str =
    "SELECT id, key, name, is_long, rules, retired_at, created_at FROM cancellation_policies WHERE retired_at IS NULL AND id > $1 ORDER BY id LIMIT $2";
const INSERT: &str = "INSERT INTO cancellation_policies (id, key, name, is_long, rules, retired_at, created_at)
    VALUES ($1, $2, $3, $4, $5, NULL, $6) ON CONFLICT (key) DO NOTHING";
const RETIRE: &str = "UPDATE cancellation_policies SET retired_at = $2 WHERE id = $1 AND retired_at IS NULL";

/// The statements that must find their rows by an index, with the kinds of their parameters: u an id, t a text, n a number, i an instant.
pub const STATEMENTS: [(&str, &str); 5] = [(ONE, "u"), (BY_KEY, "t"), (PAGE, "un"), (OPEN, "un"), (RETIRE, "ui")];

/// A policy as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OwnPolicy {
    pub id: Uuid,
    pub key: String,
    pub name: String,
    pub long: bool,
    pub rules: Rules,
    pub retired_at: Option<Instant>,
    pub created_at: Instant,
}

impl OwnPolicy {
    /// It changes once, when it is retired.
    pub(super) fn version(&self) -> i64 {
        if self.retired_at.is_some() { 2 } else { 1 }
    }
}

pub(super) fn one(conn: &mut Conn<'_>, id: Uuid) -> DbResult<Option<OwnPolicy>> {
    conn.first(ONE, &[id.into()], read)
}

/// The one that homes name so, retired or not.
pub(super) fn by_key(conn: &mut Conn<'_>, key: &str) -> DbResult<Option<OwnPolicy>> {
    conn.first(BY_KEY, &[key.into()], read)
}

/// Up to `limit` after the one with the id `after`, in the order in which they were made.
pub(super) fn page(conn: &mut Conn<'_>, after: Uuid, limit: i64) -> DbResult<Vec<OwnPolicy>> {
    conn.query(PAGE, &[after.into(), limit.into()], read)
}

/// Up to `limit` that are not retired.
pub(super) fn open(conn: &mut Conn<'_>, limit: i64) -> DbResult<Vec<OwnPolicy>> {
    conn.query(OPEN, &[Uuid::nil().into(), limit.into()], read)
}

/// `false` where there is one with this key.
pub(super) fn insert(tx: &mut Tx<'_>, now: Instant, id: Uuid, name: &str, long: bool, rules: &Rules) -> DbResult<bool> {
    let params = [id.into(), (&rules.policy).into(), name.into(), long.into(), Json::of(rules)?.into(), now.into()];
    Ok(tx.execute(INSERT, &params)? == 1)
}

/// `false` where it is retired already.
pub(super) fn retire(tx: &mut Tx<'_>, now: Instant, id: Uuid) -> DbResult<bool> {
    Ok(tx.execute(RETIRE, &[id.into(), now.into()])? == 1)
}

fn read(row: &Row<'_>) -> DbResult<OwnPolicy> {
    Ok(OwnPolicy {
        id: row.get(0)?,
        key: row.get(1)?,
        name: row.get(2)?,
        long: row.get(3)?,
        rules: row.json(4)?,
        retired_at: row.get(5)?,
        created_at: row.get(6)?,
    })
}
