//! Deletes old entries, after signing where the chain is cut off.

use super::chain::Signer;
use super::store::{self, CheckpointRow};
use super::verify::Trail;
use crate::platform::chain::{self, Link};
use crate::platform::db::{DbError, DbResult, Tx};
use crate::platform::keys::Keys;
use crate::values::Instant;

/// How long entries are kept.
pub const KEPT_DAYS: i64 = 400;
/// Entries deleted at once; more are left for the next call.
const PIECE: i64 = 200;

/// Deletes the oldest entries, up to 200 that are older than `keep_days` (of 24 hours), and leaves a signed checkpoint in their place.
/// Answers how many went; 0: nothing is due.
///
/// Refuses when the chain is broken in what would go: a checkpoint vouches for what is not there any more, and traces of
/// tampering are not to vanish by themselves.
pub fn truncate(tx: &mut Tx<'_>, keys: &Keys, now: Instant, keep_days: i64) -> DbResult<u64> {
    let (signer, before) = (Signer::new(keys), now.plus_seconds(-keep_days.saturating_mul(86_400)));
    chain::lock::<Trail>(tx)?;
    let last = store::last_checkpoint(tx)?;
    let mut end = last.as_ref().map_or(Link::START, |checkpoint| checkpoint.link);
    let begin = end.seq;
    for sealed in store::sealed_after(tx, i64::MIN, PIECE)? {
        let next = sealed.entry.as_ref().map(|entry| (entry.at, end.next(&entry.bytes())));
        match next {
            Some((_, next)) if next != sealed.link => return Err(broken(end.seq + 1)),
            None => return Err(broken(end.seq + 1)),
            // The chain is in the order of sealing, so it may go on with an entry that is a little older; that one waits too.
            Some((at, _)) if at >= before => break,
            Some((_, next)) => end = next,
        }
    }
    if end.seq == begin {
        return Ok(0);
    }
    let signature = signer.sign_checkpoint(&end, now, last.as_ref().map(|checkpoint| &checkpoint.signature));
    store::put_checkpoint(tx, &CheckpointRow { link: end, signature, at: now })?;
    let gone = store::delete_up_to(tx, end.seq)?;
    tracing::info!(entries = gone, checkpoint = %end, "old audit entries were deleted");
    Ok(gone)
}

fn broken(seq: i64) -> DbError {
    DbError::Unusable(format!("nothing is deleted, because the audit trail is broken at {seq}; run `stopover doctor`"))
}
