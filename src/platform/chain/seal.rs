//! Numbers committed entries and chains them, a moment after their transaction.
//!
//! Not in it: a chain has one end, and whoever extended it inside a business transaction would make all others wait. One
//! node seals at a time (an advisory lock; SQLite has one writer), and takes what it sees committed; an entry whose transaction
//! commits later is sealed later, whatever its id.

use super::{Chained, Link, Signer, store};
use crate::platform::db::{Db, DbError, DbResult, Lane, Tx};
use crate::platform::keys::Keys;
use crate::platform::tasks::{Stopping, Task};
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;
use uuid::Uuid;

/// How often is looked for entries without a seal: four times in the second they have.
const EVERY: Duration = Duration::from_millis(250);
/// Seals made in one transaction: few enough that guests do not notice.
const PIECE: i64 = 200;

/// Seals what was committed, round by round.
pub struct Sealer<C> {
    db: Db,
    keys: Arc<Keys>,
    failing: bool,
    chain: PhantomData<fn() -> C>,
}

impl<C: Chained> Sealer<C> {
    #[must_use]
    pub fn new(db: Db, keys: Arc<Keys>) -> Self {
        Self { db, keys, failing: false, chain: PhantomData }
    }

    /// Seals everything that is committed now. What fails is told once and tried again in the next round.
    pub async fn round(&mut self) {
        match self.seal_waiting().await {
            Ok(()) => self.failing = false,
            Err(error) => {
                if !self.failing {
                    let (chain, cause) = (C::NAMES.words, std::error::Error::source(&error));
                    tracing::warn!(%error, ?cause, chain, "entries could not be sealed; trying again");
                }
                self.failing = true;
            }
        }
    }

    /// Returns when the next round is due, or the server ends.
    pub async fn rest(stopping: &mut Stopping) {
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = stopping.requested() => {}
        }
    }

    async fn seal_waiting(&self) -> DbResult<()> {
        while self.db.read(store::any_waiting::<C>).await? {
            let keys = Arc::clone(&self.keys);
            // Not in the lane behind all guests: while they keep coming, nothing would be sealed.
            if self.db.write(move |tx, _| seal::<C>(tx, &keys)).await? == 0 {
                break;
            }
        }
        Ok(())
    }
}

/// A task that seals what was committed, within a second.
#[must_use]
pub fn sealer<C: Chained>(name: &'static str, db: Db, keys: Arc<Keys>) -> Task {
    Task::new(name, move |mut stopping| async move {
        let mut sealer = Sealer::<C>::new(db, keys);
        loop {
            // Once more after the request to stop: what was written last should not wait for the next start.
            let last = stopping.is_requested();
            sealer.round().await;
            if last {
                return;
            }
            Sealer::<C>::rest(&mut stopping).await;
        }
    })
}

/// Seals everything that is committed now; answers how many entries that were. For commands that end before a sealer would
/// come by. Blocks.
pub fn seal_all<C: Chained>(db: &Db, keys: &Arc<Keys>) -> DbResult<u64> {
    let mut all = 0;
    while db.read_blocking(store::any_waiting::<C>)? {
        let keys = Arc::clone(keys);
        match db.write_blocking(Lane::Urgent, move |tx, _| seal::<C>(tx, &keys))? {
            0 => break,
            sealed => all += sealed,
        }
    }
    Ok(all)
}

/// Gives up to [`PIECE`] entries their seals and signs the new head; answers how many.
fn seal<C: Chained>(tx: &mut Tx<'_>, keys: &Keys) -> DbResult<u64> {
    let signer = Signer::of::<C>(keys);
    store::lock::<C>(tx)?;
    let entries = C::waiting(tx, PIECE)?;
    if entries.is_empty() {
        return Ok(0);
    }
    let (mut end, mut sealed) = (end_of_chain::<C>(tx, &signer)?, Vec::with_capacity(entries.len()));
    let ids: Vec<Uuid> = entries.iter().map(C::id).collect();
    for entry in entries {
        let next = end.next(&C::bytes(&entry));
        if store::put_seal::<C>(tx, &next, C::id(&entry))? {
            end = next;
            sealed.push(entry);
        }
    }
    store::take_out::<C>(tx, &ids)?;
    if !sealed.is_empty() {
        C::sealed(tx, &sealed)?;
        store::put_head::<C>(tx, &signer.sign_head(&end))?;
    }
    Ok(sealed.len() as u64)
}

/// The link that the next one is tied to: the signed head, which must be the newest seal (or the beginning, when none is left).
///
/// Where it is not, somebody has been at the chain. It must go on, but the break must stay visible: so a number is
/// left out, which [`super::walk`] finds for ever after.
fn end_of_chain<C: Chained>(tx: &mut Tx<'_>, signer: &Signer) -> DbResult<Link> {
    let last = match store::last_seal::<C>(tx)? {
        Some(link) => link,
        None => C::beginning(tx)?,
    };
    let head = store::head::<C>(tx)?;
    let signed = head.as_deref().and_then(|text| signer.open_head(text));
    if signed == Some(last) || (head.is_none() && last == Link::START) {
        return Ok(last);
    }
    let words = C::NAMES.words;
    tracing::error!(seq = last.seq, "the newest seal of the {words} is not the one that was signed; run `stopover doctor`");
    let beyond = last.seq.max(signed.map_or(0, |link| link.seq));
    Ok(Link { seq: beyond.checked_add(1).ok_or_else(|| DbError::Unusable(format!("the {words} has run out of numbers")))?, ..last })
}
