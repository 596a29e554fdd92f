//! Shapes of the audit trail.

use crate::platform::audit::{self, Row};
use poem_openapi::Object;
use poem_openapi::types::Any;
use serde_json::Value;
use uuid::Uuid;

/// Something that was done.
#[derive(Object)]
pub(super) struct EntryView {
    id: Uuid,
    /// RFC 3339, UTC.
    at: String,
    /// `user`, `nobody` (a stranger), `console` (the command line) or `system`.
    actor: String,
    actor_id: Option<Uuid>,
    /// Whom the actor stood in for.
    on_behalf_of: Option<Uuid>,
    /// `noun.verb`.
    action: String,
    /// What the action means, in a sentence.
    meaning: Option<String>,
    object_kind: Option<String>,
    object_id: Option<Uuid>,
    reason: Option<String>,
    /// Field → `[old, new]`; sensitive values as keyed hashes.
    diff: Any<Value>,
    request_id: String,
    /// The network it came from.
    address: Option<String>,
}

/// A page of entries, newest first.
#[derive(Object)]
pub(super) struct EntriesView {
    pub(super) data: Vec<EntryView>,
    /// For the parameter `cursor` of the next page; null on the last.
    pub(super) next_cursor: Option<String>,
    pub(super) has_more: bool,
}

/// What a walk along the chain has found.
#[derive(Object)]
pub(super) struct ReportView {
    /// Whether nothing is wrong.
    intact: bool,
    /// Entries whose seals were found right.
    sealed: u64,
    /// Entries that have no seal yet.
    waiting: u64,
    /// Number and hash of the last right link; noted down elsewhere, it proves later that nothing up to it was taken away.
    head: String,
    faults: Vec<FaultView>,
}

/// Something that must not be.
#[derive(Object)]
pub(super) struct FaultView {
    /// The first number of the chain that is wrong.
    seq: Option<i64>,
    what: String,
}

impl EntryView {
    pub(super) fn of(row: Row) -> Self {
        let (object_kind, object_id) = row.object.unzip();
        Self {
            id: row.id,
            at: row.at.to_string(),
            actor: row.actor.name().into(),
            actor_id: row.actor.user().map(|user| user.0),
            on_behalf_of: row.on_behalf_of.map(|user| user.0),
            meaning: audit::action(&row.action).map(|action| action.meaning.to_owned()),
            action: row.action,
            object_kind,
            object_id,
            reason: row.reason,
            diff: Any(serde_json::from_str(&row.diff).unwrap_or(Value::Null)),
            request_id: row.request_id,
            address: row.address,
        }
    }
}

impl ReportView {
    pub(super) fn of(report: audit::Report) -> Self {
        Self {
            intact: report.faults.is_empty(),
            sealed: report.sealed,
            waiting: report.waiting,
            head: report.end.to_string(),
            faults: report.faults.into_iter().map(|fault| FaultView { seq: fault.seq, what: fault.what }).collect(),
        }
    }
}
