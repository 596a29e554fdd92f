//! Numbers committed entries and chains them, a moment after their transaction.
//!
//! Not in it: a chain has one end, and whoever extended it inside a business transaction would make all others wait. One
//! node seals at a time (an advisory lock; SQLite has one writer), and takes what it sees committed; an entry whose transaction
//! commits later is sealed later, whatever its id.

use super::chain::{Link, Signer};
use super::store;
use super::truncate::{KEPT_DAYS, truncate};
use crate::platform::db::{Db, DbError, DbResult, Lane, Tx};
use crate::platform::keys::Keys;
use crate::platform::tasks::{Stopping, Task};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often is looked for entries without a seal: four times in the second they have.
const EVERY: Duration = Duration::from_millis(250);
/// Seals made in one transaction: few enough that guests do not notice.
const PIECE: i64 = 200;
/// How often old entries are looked for, and how soon again after a failure.
const TRUNCATE_EVERY: Duration = Duration::from_secs(86_400);
const TRUNCATE_AGAIN: Duration = Duration::from_secs(3_600);

/// Seals what was committed, within a second, and deletes entries older than [`KEPT_DAYS`] once a day.
#[must_use]
pub fn sealer(db: Db, keys: Arc<Keys>) -> Task {
    Task::new("audit sealer", move |stopping| run(db, keys, stopping))
}

async fn run(db: Db, keys: Arc<Keys>, mut stopping: Stopping) {
    let (mut truncate_at, mut failing) = (Instant::now(), false);
    loop {
        // Once more after the request to stop: what was written last should not wait for the next start.
        let last = stopping.is_requested();
        match seal_waiting(&db, &keys).await {
            Ok(_) => failing = false,
            Err(error) => {
                if !failing {
                    tracing::warn!(%error, cause = ?std::error::Error::source(&error), "audit entries could not be sealed; trying again");
                }
                failing = true;
            }
        }
        if last {
            return;
        }
        if Instant::now() >= truncate_at {
            truncate_at = Instant::now() + truncate_all(&db, &keys, &stopping).await;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.requested() => {}
        }
    }
}

/// Seals everything that is committed now; answers how many entries that were. For commands that end before a sealer would
/// come by. Blocks.
pub fn seal_all(db: &Db, keys: &Arc<Keys>) -> DbResult<u64> {
    let mut all = 0;
    while db.read_blocking(store::any_waiting)? {
        let keys = Arc::clone(keys);
        match db.write_blocking(Lane::Urgent, move |tx, _| seal(tx, &keys))? {
            0 => break,
            sealed => all += sealed,
        }
    }
    Ok(all)
}

async fn seal_waiting(db: &Db, keys: &Arc<Keys>) -> DbResult<u64> {
    let mut all = 0;
    while db.read(store::any_waiting).await? {
        let keys = Arc::clone(keys);
        // Not in the lane behind all guests: while they keep coming, nothing would be sealed.
        match db.write(move |tx, _| seal(tx, &keys)).await? {
            0 => break,
            sealed => all += sealed,
        }
    }
    Ok(all)
}

/// Gives up to [`PIECE`] entries their seals and signs the new head; answers how many.
fn seal(tx: &mut Tx<'_>, keys: &Keys) -> DbResult<u64> {
    let signer = Signer::new(keys);
    store::lock(tx)?;
    let entries = store::waiting(tx, PIECE)?;
    if entries.is_empty() {
        return Ok(0);
    }
    let (mut end, mut sealed) = (end_of_chain(tx, &signer)?, 0);
    for entry in &entries {
        let next = end.next(entry);
        if store::put_seal(tx, &next, entry.id)? {
            (end, sealed) = (next, sealed + 1);
        }
    }
    if sealed > 0 {
        store::put_head(tx, &signer.sign_head(&end))?;
    }
    Ok(sealed)
}

/// The link that the next one is tied to: the signed head, which must be the newest seal (or the checkpoint, when none is left).
///
/// Where it is not, somebody has been at the chain. The trail must go on, but the break must stay visible: so a number is
/// left out, which [`super::verify`] finds for ever after.
fn end_of_chain(tx: &mut Tx<'_>, signer: &Signer) -> DbResult<Link> {
    let last = match store::last_seal(tx)? {
        Some(link) => link,
        None => store::last_checkpoint(tx)?.map_or(Link::START, |checkpoint| checkpoint.link),
    };
    let head = store::head(tx)?;
    let signed = head.as_deref().and_then(|text| signer.open_head(text));
    if signed == Some(last) || (head.is_none() && last == Link::START) {
        return Ok(last);
    }
    tracing::error!(seq = last.seq, "the newest seal of the audit trail is not the one that was signed; run `stopover doctor`");
    let beyond = last.seq.max(signed.map_or(0, |link| link.seq));
    Ok(Link { seq: beyond.checked_add(1).ok_or_else(|| DbError::Unusable("the audit trail has run out of numbers".into()))?, ..last })
}

/// Deletes what is old enough, piece by piece; answers when to look again.
async fn truncate_all(db: &Db, keys: &Arc<Keys>, stopping: &Stopping) -> Duration {
    while !stopping.is_requested() {
        let keys = Arc::clone(keys);
        match db.write_in(Lane::Bulk, move |tx, now| truncate(tx, &keys, now, KEPT_DAYS)).await {
            Ok(0) => break,
            Ok(_) => {}
            Err(error) => {
                let error: DbError = error;
                tracing::warn!(%error, "old audit entries could not be deleted; trying again in an hour");
                return TRUNCATE_AGAIN;
            }
        }
    }
    TRUNCATE_EVERY
}
