//! The trail as a chain, and the walk along it.

use super::chain::{Signer, Stored};
use super::store;
use crate::platform::chain::{self, Chained, Fault, Hash, Link, Names, Report, Sealed};
use crate::platform::db::{Conn, Db, DbResult};
use crate::platform::keys::Keys;
use crate::values::Instant;
use uuid::Uuid;

/// The audit trail.
pub(super) struct Trail;

impl Chained for Trail {
    const NAMES: Names = Names {
        words: "audit trail",
        entries: "audit",
        seals: "audit_seals",
        waiting: "audit_waiting",
        id: "audit_id",
        head: "audit_head",
        purpose: "audit head",
        lock: 0x41_55_44_49_54,
    };
    type Stored = Stored;

    fn id(stored: &Stored) -> Uuid {
        stored.id
    }

    fn bytes(stored: &Stored) -> Vec<u8> {
        stored.bytes()
    }

    fn waiting(conn: &mut Conn<'_>, limit: i64) -> DbResult<Vec<Stored>> {
        store::waiting(conn, limit)
    }

    fn sealed_after(conn: &mut Conn<'_>, seq: i64, limit: i64) -> DbResult<Vec<Sealed<Stored>>> {
        store::sealed_after(conn, seq, limit)
    }

    fn beginning(conn: &mut Conn<'_>) -> DbResult<Link> {
        Ok(store::last_checkpoint(conn)?.map_or(Link::START, |checkpoint| checkpoint.link))
    }

    /// The newest checkpoint, when all of them were signed with our key, each over the one before.
    fn proven_beginning(conn: &mut Conn<'_>, keys: &Keys) -> DbResult<Result<Link, Fault>> {
        let (signer, mut before) = (Signer::new(keys), None::<Hash>);
        let (mut end, mut forged) = (Link::START, None);
        store::checkpoints(conn, |checkpoint| {
            if signer.sign_checkpoint(&checkpoint.link, checkpoint.at, before.as_ref()) != checkpoint.signature && forged.is_none() {
                forged = Some(checkpoint.link.seq);
            }
            (before, end) = (Some(checkpoint.signature), checkpoint.link);
        })?;
        let what = "has a checkpoint that was not signed by this instance, or the checkpoint before it is missing";
        Ok(forged.map_or(Ok(end), |seq| Err(Fault { seq: Some(seq), what: what.into() })))
    }
}

/// Looks at the whole trail as it is committed now. Memory does not grow with it. Blocks.
pub fn verify(db: &Db, keys: &Keys) -> DbResult<Report> {
    let now = db.now();
    db.snapshot(|conn| verify_in(conn, keys, now))
}

/// [`verify`] in a view of the caller's; it must be one cut, or what is sealed meanwhile looks wrong.
pub fn verify_in(conn: &mut Conn<'_>, keys: &Keys, now: Instant) -> DbResult<Report> {
    chain::walk::<Trail>(conn, keys, now, |_| ())
}

/// For `stopover doctor`. Blocks.
pub fn check(db: &Db, keys: &Keys) -> Result<String, String> {
    let report = verify(db, keys).map_err(|error| format!("{:#}", anyhow::Error::from(error)))?;
    if report.faults.is_empty() {
        return Ok(format!("{} entries, {} waiting, head {}", report.sealed, report.waiting, report.end));
    }
    let faults: Vec<String> = report.faults.iter().map(ToString::to_string).collect();
    Err(format!("the audit trail was tampered with or is not being sealed: {}", faults.join("; ")))
}
