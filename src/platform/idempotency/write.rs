//! `db.write_once`: an effect and its answer in one transaction.

use super::claim::{Claim, Fate, Once, again, reused};
use super::store::{self, Kept, Known};
use crate::platform::db::{Db, DbError, Tx};
use crate::platform::error::{Error, Kind, Result};
use crate::values::Instant;
use parking_lot::Mutex;
use std::sync::Arc;

/// An answer that can be kept and given again.
pub trait Repeatable: Send + Sized + 'static {
    /// As it is stored; what is not rendered yet is rendered now.
    fn kept(&mut self) -> Kept;
    /// `kept` may be any answer that was stored for this request, a refusal too.
    fn again(kept: Kept) -> Self;
}

enum Done<A> {
    Now(A),
    Before(Kept),
}

impl Db {
    /// [`Db::write`] for a POST: with an `Idempotency-Key`, `f` takes effect once, and whoever sends the request again gets
    /// the answer of the first time. Without one it is a plain write.
    ///
    /// `f` answers what the client is to get. Its refusals undo its writes, as always; the edge keeps their answers.
    pub async fn write_once<A, F>(&self, once: &Once, f: F) -> Result<A>
    where
        A: Repeatable,
        F: Fn(&mut Tx<'_>, Instant) -> Result<A> + Send + 'static,
    {
        let Some(claim) = once.claim() else { return self.write(f).await };
        let held = Arc::clone(claim);
        claim.meets(Fate::Writing);
        let done = self
            .write(move |tx, now| match store::claim(tx, &held, now).map_err(Broke::Db)? {
                Known::Same(kept) => Ok(Done::Before(kept)),
                Known::Other => Err(Broke::Reused),
                Known::Ours => {
                    let mut answer = f(tx, now).map_err(Broke::Answer)?;
                    store::keep(tx, &held, &answer.kept()).map_err(Broke::Db)?;
                    Ok(Done::Now(answer))
                }
            })
            .await;
        self.conclude(claim, done).await
    }

    /// [`Db::write_once`], and then something that must not stand in a transaction, such as asking a payment provider: `then` gets what `f`
    /// has beside its answer, and answers what the client is to get. Until it does, the stored answer is that of `f`, so that whoever
    /// repeats a request whose process died in between learns what was done.
    pub async fn write_once_then<A, T, F, G, R>(&self, once: &Once, f: F, then: G) -> Result<A>
    where
        A: Repeatable,
        T: Clone + Send + Sync + 'static,
        F: Fn(&mut Tx<'_>, Instant) -> Result<(A, T)> + Send + 'static,
        G: FnOnce(T) -> R,
        R: Future<Output = Result<A>>,
    {
        let made: Arc<Mutex<Option<T>>> = Arc::default();
        let kept = Arc::clone(&made);
        let answer = self
            .write_once(once, move |tx, now| {
                let (answer, more) = f(tx, now)?;
                *kept.lock() = Some(more);
                Ok(answer)
            })
            .await?;
        // An answer from before has nothing beside it.
        let Some(more) = made.lock().take() else { return Ok(answer) };
        let last = then(more).await;
        if let Some(claim) = once.claim() {
            claim.meets(Fate::Amended);
        }
        last
    }

    async fn conclude<A: Repeatable>(&self, claim: &Arc<Claim>, done: Result<Done<A>, Broke>) -> Result<A> {
        let fate = |fate| claim.meets(fate);
        match done {
            Ok(Done::Now(answer)) => {
                fate(Fate::Settled);
                Ok(answer)
            }
            Ok(Done::Before(kept)) => {
                fate(Fate::Settled);
                again(kept).map(A::again)
            }
            Err(Broke::Answer(error)) => {
                fate(if is_worth_keeping(&error) { Fate::Refused } else { Fate::Settled });
                Err(error)
            }
            Err(Broke::Reused) => {
                fate(Fate::Settled);
                Err(reused())
            }
            // The connection broke while the server may have been committing; the row knows whether it did.
            Err(Broke::Db(DbError::Unknown)) => {
                fate(Fate::Settled);
                match self.committed_answer(claim).await {
                    Some(kept) => again(kept).map(A::again),
                    None => Err(DbError::Unknown.into()),
                }
            }
            Err(Broke::Db(error)) => {
                fate(Fate::Settled);
                Err(error.into())
            }
        }
    }

    async fn committed_answer(&self, claim: &Arc<Claim>) -> Option<Kept> {
        let (asked, now) = (Arc::clone(claim), self.now());
        match self.read(move |conn| store::find(conn, &asked, now)).await {
            Ok(Some(Known::Same(kept))) => Some(kept),
            Ok(_) => None,
            Err(error) => {
                tracing::warn!(%error, "whether a transaction was committed could not be asked");
                None
            }
        }
    }
}

impl Once {
    /// What was decided by reading, before the transaction: a refusal is kept as one of the transaction is.
    pub fn decided<T>(&self, answer: Result<T>) -> Result<T> {
        if let (Some(claim), Err(error)) = (self.claim(), &answer)
            && is_worth_keeping(error)
        {
            claim.meets(Fate::Refused);
        }
        answer
    }
}

/// Why the transaction has no answer.
enum Broke {
    /// The closure said so.
    Answer(Error),
    Reused,
    Db(DbError),
}

impl From<DbError> for Broke {
    fn from(error: DbError) -> Self {
        Self::Db(error)
    }
}

/// Refusals that would be the same again: not those that pass by themselves, and not a version that was read too long ago.
fn is_worth_keeping(error: &Error) -> bool {
    matches!(error, Error::Refused(refused) if matches!(refused.kind, Kind::PaymentNeeded | Kind::Forbidden | Kind::NotFound | Kind::Conflict | Kind::Gone | Kind::Unacceptable))
}
