//! The calendar's log: who changed what, and how it was before (A18).

use super::super::store::log::{self, LogRow};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::events;
use crate::values::{Instant, ListingId, NightRange, UserId};
use serde_json::{Value, json};
use uuid::Uuid;

/// What kind of change it was; the names are stored and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    /// Prices, limits and blocks of single days.
    Edit,
    /// The availability rules.
    Rules,
    Units,
    Hold,
    Booking,
    /// A hold or a booking gave its nights back.
    Release,
    /// A feed brought or removed nights.
    External,
}

impl LogKind {
    fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::Rules => "rules",
            Self::Units => "units",
            Self::Hold => "hold",
            Self::Booking => "booking",
            Self::Release => "release",
            Self::External => "external",
        }
    }
}

/// A change that was made.
#[derive(Debug, Clone)]
pub struct LogEntry {
    /// `None`: the house itself.
    pub actor: Option<UserId>,
    pub kind: LogKind,
    /// The nights that are meant.
    pub ranges: Vec<NightRange>,
    /// Objects, without notes of the host and without guests' names.
    pub was: Value,
    pub became: Value,
}

/// Writes an entry in the transaction of the change.
pub fn note(tx: &mut Tx<'_>, now: Instant, listing: ListingId, entry: &LogEntry) -> DbResult<()> {
    debug_assert!(entry.was.is_object() && entry.became.is_object(), "was and became are objects");
    let ranges: Vec<Value> = entry.ranges.iter().map(|range| json!({"from": range.from.to_string(), "to": range.to.to_string()})).collect();
    let row = LogRow {
        id: Uuid::now_v7(),
        at: now,
        actor: entry.actor,
        kind: entry.kind.name().to_owned(),
        ranges: Value::Array(ranges).to_string(),
        was: entry.was.to_string(),
        became: entry.became.to_string(),
    };
    log::append(tx, listing, &row)
}

/// [`note`], and tells search and caches.
pub(super) fn tell(tx: &mut Tx<'_>, now: Instant, listing: ListingId, event: events::Kind, entry: &LogEntry) -> DbResult<()> {
    note(tx, now, listing, entry)?;
    events::append(tx, event, listing.0, &json!({}), now)
}

/// Entries of a listing, newest first, after `last`; one more than `limit` when there are more.
pub(crate) fn entries(conn: &mut Conn<'_>, listing: ListingId, last: Option<(Instant, Uuid)>, limit: i64) -> DbResult<Vec<LogRow>> {
    log::list(conn, listing, last, limit)
}
