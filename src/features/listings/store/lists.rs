//! SQL of the homes that staff look at.

use super::super::service::standing::State;
use crate::platform::db::{Conn, DbResult, Row};
use crate::values::{Instant, ListingId, UserId};

const COLUMNS: &str = "l.id, l.host_id, l.state, l.state_note, l.withheld, l.title, l.city, l.country, l.photo_url, l.version, l.created_at, l.updated_at";
/// Oldest first: who waits longest comes first.
const SUBMITTED: &str = "WHERE l.state = 'submitted' AND l.id > $1 ORDER BY l.id LIMIT $2";
const WITHHELD: &str = "WHERE l.withheld AND l.id > $1 ORDER BY l.id LIMIT $2";

/// Which homes staff look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Queue {
    Submitted,
    Withheld,
}

/// A home in a list.
#[derive(Debug, Clone)]
pub(in super::super) struct Brief {
    pub id: ListingId,
    pub host: UserId,
    pub state: State,
    pub state_note: Option<String>,
    pub withheld: bool,
    pub title: String,
    pub city: String,
    pub country: String,
    pub photo_url: Option<String>,
    pub version: i64,
    pub created_at: Instant,
    pub updated_at: Instant,
}

/// The statements of the lists, for the test that looks at the engines' plans.
#[must_use]
pub fn list_statements() -> [String; 2] {
    [SUBMITTED, WITHHELD].map(statement)
}

fn statement(rest: &str) -> String {
    format!("SELECT {COLUMNS} FROM listings l {rest}")
}

/// Homes of a queue behind `after`.
pub(in super::super) fn queue(conn: &mut Conn<'_>, queue: Queue, after: ListingId, most: i64) -> DbResult<Vec<Brief>> {
    let rest = if queue == Queue::Submitted { SUBMITTED } else { WITHHELD };
    conn.query(&statement(rest), &[after.into(), most.into()], brief)
}

fn brief(row: &Row<'_>) -> DbResult<Brief> {
    Ok(Brief {
        id: row.get(0)?,
        host: row.get(1)?,
        state: row.known(2, State::parse)?,
        state_note: row.get(3)?,
        withheld: row.get(4)?,
        title: row.get(5)?,
        city: row.get(6)?,
        country: row.get(7)?,
        photo_url: row.get(8)?,
        version: row.get(9)?,
        created_at: row.get(10)?,
        updated_at: row.get(11)?,
    })
}
