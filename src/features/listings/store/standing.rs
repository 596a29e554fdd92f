//! SQL of what somebody is to a listing.

use super::super::service::standing::State;
use crate::platform::access::Relation;
use crate::platform::db::{Conn, DbError, DbResult, Row, Tx};
use crate::values::{Currency, ListingId, UserId};

pub const STANDING: &str = "SELECT l.host_id, l.state, l.version, l.calendar_version, l.currency, l.zone, l.unit_count, l.withheld, c.level
    FROM listings l LEFT JOIN co_hosts c ON c.listing_id = l.id AND c.user_id = $2 WHERE l.id = $1";
const LOCK: &str = "UPDATE listings SET calendar_version = calendar_version + 1 WHERE id = $1";

/// What the database knows of a listing and a person; the caller's roles are not in it.
pub(in super::super) struct Found {
    pub host: UserId,
    pub state: State,
    pub version: i64,
    pub calendar_version: i64,
    pub currency: Currency,
    pub zone: String,
    pub units: i64,
    pub withheld: bool,
    pub relation: Relation,
}

/// A listing as it stands to `user` (nobody: a stranger); `None` where there is no such listing.
pub(in super::super) fn find(conn: &mut Conn<'_>, listing: ListingId, user: Option<UserId>) -> DbResult<Option<Found>> {
    conn.first(STANDING, &[listing.into(), user.into()], |row| found(user, row))
}

/// Takes the listing lock: whoever else claims or changes this calendar waits for the end of the transaction. `false`: no such listing. Once is enough for
/// a transaction.
pub(in super::super) fn lock(tx: &mut Tx<'_>, listing: ListingId) -> DbResult<bool> {
    if tx.keeps("listings", listing.0) {
        return Ok(true);
    }
    let is_there = tx.execute(LOCK, &[listing.into()])? == 1;
    if is_there {
        tx.keep("listings", listing.0);
    }
    Ok(is_there)
}

fn found(user: Option<UserId>, row: &Row<'_>) -> DbResult<Found> {
    let host: UserId = row.get(0)?;
    let level: Option<String> = row.get(8)?;
    let relation = match (user == Some(host), level.as_deref()) {
        (true, _) => Relation::Host,
        (false, None) => Relation::Stranger,
        (false, Some("calendar")) => Relation::CoHostCalendar,
        (false, Some("messages")) => Relation::CoHostMessages,
        (false, Some("full")) => Relation::CoHostFull,
        (false, Some(other)) => return Err(DbError::Column { column: 8, reason: format!("no level of co-hosts: {other}") }),
    };
    let (state, currency): (String, String) = (row.get(1)?, row.get(4)?);
    Ok(Found {
        host,
        state: State::parse(&state).ok_or_else(|| DbError::Column { column: 1, reason: format!("no state of a listing: {state}") })?,
        version: row.get(2)?,
        calendar_version: row.get(3)?,
        currency: Currency::parse(&currency).ok_or_else(|| DbError::Column { column: 4, reason: format!("no currency: {currency}") })?,
        zone: row.get(5)?,
        units: row.get(6)?,
        withheld: row.get(7)?,
        relation,
    })
}
