//! SQL of hosts whose payouts staff have stopped, and of the turns of taxes.

use crate::platform::db::{Conn, DbResult, Row, Tx};
use crate::values::{Currency, Instant, UserId};

const PUT: &str = "INSERT INTO payout_holds (host_id, reason, created_by, created_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const LIFT: &str = "DELETE FROM payout_holds WHERE host_id = $1";
const OF: &str = "SELECT host_id, reason, created_at FROM payout_holds WHERE host_id = $1";
const LIST: &str = "SELECT host_id, reason, created_at FROM payout_holds WHERE host_id > $1 ORDER BY host_id LIMIT $2";
const TURN: &str = "INSERT INTO tax_remittance_turns (tax, currency, turns) VALUES ($1, $2, 1)
    ON CONFLICT (tax, currency) DO UPDATE SET turns = tax_remittance_turns.turns + 1";

pub(super) const STATEMENTS: [(&str, &str); 3] = [(LIFT, "u"), (OF, "u"), (LIST, "un")];

/// That staff have stopped somebody's payouts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Hold {
    pub host: UserId,
    pub reason: String,
    pub since: Instant,
}

/// `false` where they are stopped already.
pub(in super::super) fn put(tx: &mut Tx<'_>, now: Instant, host: UserId, by: UserId, reason: &str) -> DbResult<bool> {
    Ok(tx.execute(PUT, &[host.into(), reason.into(), by.into(), now.into()])? == 1)
}

/// `false` where they were not stopped.
pub(in super::super) fn lift(tx: &mut Tx<'_>, host: UserId) -> DbResult<bool> {
    Ok(tx.execute(LIFT, &[host.into()])? == 1)
}

pub(in super::super) fn of(conn: &mut Conn<'_>, host: UserId) -> DbResult<Option<Hold>> {
    conn.first(OF, &[host.into()], read)
}

/// Up to `limit` of them behind `after`.
pub(in super::super) fn list(conn: &mut Conn<'_>, after: UserId, limit: i64) -> DbResult<Vec<Hold>> {
    conn.query(LIST, &[after.into(), limit.into()], read)
}

/// Whoever has the turn hands a part of this tax on; others wait until the transaction ends.
pub(in super::super) fn take_turn(tx: &mut Tx<'_>, tax: &str, currency: Currency) -> DbResult<()> {
    tx.execute(TURN, &[tax.into(), currency.code().into()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> DbResult<Hold> {
    Ok(Hold { host: row.get(0)?, reason: row.get(1)?, since: row.get(2)? })
}
