//! Closures as the engines see them: without the types of what they answer.
//!
//! What an engine does around a closure is compiled once, and not for each of the hundreds that features have; what is compiled for
//! each is in this file, and little.

use super::conn::{Conn, Tx};
use super::error::{DbError, DbResult};
use crate::values::Instant;
use parking_lot::Mutex;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use tokio::sync::oneshot;

/// A closure that reads; it says whether it went well.
pub(super) type Reading<'a> = dyn FnMut(&mut Conn<'_>) -> bool + 'a;

/// Has an engine call `f` once; what it answers is what comes out, unless the engine failed.
pub(super) fn read<T, E: From<DbError>>(f: impl FnOnce(&mut Conn<'_>) -> Result<T, E>, engine: impl FnOnce(&mut Reading<'_>) -> DbResult<()>) -> Result<T, E> {
    let (mut f, mut answer) = (Some(f), None);
    engine(&mut |conn| {
        answer = f.take().map(|f| f(conn));
        matches!(answer, Some(Ok(_)))
    })?;
    answer.unwrap_or_else(|| Err(DbError::Closed.into()))
}

/// A closure that writes, its last answer, and where its caller looks for that.
trait Work: Send {
    /// Runs the closure, and forgets what it answered before; says whether that is `Ok`.
    fn run(&mut self, tx: &mut Tx<'_>, now: Instant) -> bool;
    /// Lays the last answer down for the caller, or `instead` of it this error.
    fn lay_down(&mut self, instead: Option<DbError>);
}

/// Where an answer lies for whoever waits for it.
type Slot<R> = Arc<Mutex<Option<R>>>;

struct Held<T, E, F> {
    closure: F,
    last: Option<Result<T, E>>,
    slot: Slot<Result<T, E>>,
}

impl<T, E, F> Work for Held<T, E, F>
where
    F: Fn(&mut Tx<'_>, Instant) -> Result<T, E> + Send,
    T: Send,
    E: From<DbError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>, now: Instant) -> bool {
        self.last = None;
        let answer = (self.closure)(tx, now);
        let well = answer.is_ok();
        self.last = Some(answer);
        well
    }

    fn lay_down(&mut self, instead: Option<DbError>) {
        let last = self.last.take();
        *self.slot.lock() = instead.map_or(last, |error| Some(Err(error.into())));
    }
}

/// A write on its way through an engine, which runs it in a transaction, once more where that was lost, and then tells the caller.
pub(super) struct Job {
    work: Box<dyn Work>,
    told: oneshot::Sender<()>,
}

/// What became of the writes of a closure, as far as that is up to the closure.
#[derive(Debug)]
pub(super) enum Ran {
    /// They are to stay.
    Keep,
    /// The closure refused: they are to be undone, and its answer is the answer, unless the engine knows better why.
    Refused,
    /// It panicked, or carried on after a statement had failed: they are to be undone, and this is the answer.
    Broke(DbError),
}

/// The caller's end of a [`Job`].
pub(super) struct Answer<R> {
    slot: Slot<R>,
    told: oneshot::Receiver<()>,
}

impl Job {
    pub(super) fn new<T, E, F>(closure: F) -> (Self, Answer<Result<T, E>>)
    where
        F: Fn(&mut Tx<'_>, Instant) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let slot = Slot::default();
        let (tell, told) = oneshot::channel();
        let work = Box::new(Held { closure, last: None, slot: Arc::clone(&slot) });
        (Self { work, told: tell }, Answer { slot, told })
    }

    pub(super) fn run(&mut self, tx: &mut Tx<'_>, now: Instant) -> Ran {
        match catch_unwind(AssertUnwindSafe(|| self.work.run(tx, now))) {
            Err(panic) => Ran::Broke(DbError::Panicked(said(panic.as_ref()))),
            Ok(false) => Ran::Refused,
            Ok(true) => tx.hidden_failure().map_or(Ran::Keep, Ran::Broke),
        }
    }

    /// Tells the caller what the last run answered, or `instead` of it this error. What the closure held is gone by then.
    pub(super) fn answer(mut self, instead: Option<DbError>) {
        self.work.lay_down(instead);
        drop(self.work);
        // The caller may have gone away (a closed connection); its write stands all the same.
        self.told.send(()).ok();
    }
}

impl<T, E: From<DbError>> Answer<Result<T, E>> {
    pub(super) async fn wait(self) -> Result<T, E> {
        // Who is not told was dropped with the engine, and finds nothing.
        drop(self.told.await);
        take(&self.slot)
    }

    pub(super) fn wait_blocking(self) -> Result<T, E> {
        drop(self.told.blocking_recv());
        take(&self.slot)
    }
}

fn take<T, E: From<DbError>>(slot: &Mutex<Option<Result<T, E>>>) -> Result<T, E> {
    slot.lock().take().unwrap_or_else(|| Err(DbError::Closed.into()))
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".into())
}
