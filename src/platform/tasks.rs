//! Work that goes on beside the requests: readers of the event log, ticks, sweepers; and what would hold up their threads.

use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::{JoinError, JoinSet};

/// A piece of work that runs until it is asked to stop.
pub struct Task {
    name: &'static str,
    run: Box<dyn FnOnce(Stopping) -> BoxFuture<'static, ()> + Send>,
}

impl Task {
    /// `run` is started with the server and should return soon after [`Stopping::requested`].
    pub fn new<F>(name: &'static str, run: impl FnOnce(Stopping) -> F + Send + 'static) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self { name, run: Box::new(move |stopping| Box::pin(run(stopping))) }
    }
}

/// Tells a task that the server is ending.
#[derive(Clone)]
pub struct Stopping(watch::Receiver<bool>);

impl Stopping {
    /// Returns when the server ends.
    pub async fn requested(&mut self) {
        // An error means that the other side is gone, which is an ending too.
        drop(self.0.wait_for(|stop| *stop).await);
    }

    #[must_use]
    pub fn is_requested(&self) -> bool {
        *self.0.borrow()
    }
}

/// The tasks that run now.
pub struct Running {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Running {
    /// Starts all tasks; call it on the async runtime.
    #[must_use]
    pub fn start(tasks: Vec<Task>) -> Self {
        let (stop, stopping) = watch::channel(false);
        let mut running = JoinSet::new();
        for task in tasks {
            let (name, mut work) = (task.name, JoinSet::new());
            work.spawn((task.run)(Stopping(stopping.clone())));
            let stopping = Stopping(stopping.clone());
            running.spawn(async move {
                let ended = work.join_next().await;
                if let Some(Err(error)) = ended {
                    tracing::error!(task = name, %error, "a background task broke");
                } else if !stopping.is_requested() {
                    tracing::info!(task = name, "a background task has finished");
                }
            });
        }
        Self { stop, tasks: running }
    }

    /// Asks all tasks to stop and waits for them, at most `patience`; then ends them.
    pub async fn stop(mut self, patience: Duration) {
        self.stop.send_replace(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(patience, all).await.is_err() {
            tracing::warn!("some background tasks did not stop in time and were ended");
        }
    }
}

/// Why there is no answer from [`aside`].
#[derive(Debug, thiserror::Error)]
pub enum NoAnswer {
    #[error(transparent)]
    Ended(#[from] JoinError),
    #[error("the work was never begun")]
    NotBegun,
}

/// Runs what would block, or computes for long, on a thread that may.
///
/// Like tokio's `spawn_blocking`, but begun when it is first awaited, and what tokio makes of a closure (twenty functions) is made once
/// for all of them. Once begun, it goes on though nobody waits any more.
pub async fn aside<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> Result<R, NoAnswer> {
    let slot: Arc<Mutex<Option<R>>> = Arc::default();
    let filled = Arc::clone(&slot);
    run_aside(Box::new(move || *filled.lock() = Some(work()))).await?;
    let answer = slot.lock().take();
    answer.ok_or(NoAnswer::NotBegun)
}

async fn run_aside(work: Box<dyn FnOnce() + Send>) -> Result<(), JoinError> {
    tokio::task::spawn_blocking(work).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicBool, Ordering};

    #[tokio::test]
    async fn tasks_are_asked_to_stop_and_waited_for() {
        let tidy = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&tidy);
        let patient = Task::new("patient", move |mut stopping| async move {
            stopping.requested().await;
            seen.store(true, Ordering::SeqCst);
        });
        let broken = Task::new("broken", |_| async { panic!("on purpose") });
        Running::start(vec![patient, broken]).stop(Duration::from_secs(5)).await;
        assert!(tidy.load(Ordering::SeqCst));
    }

    #[tokio::test]
    async fn what_is_done_aside_is_answered_and_a_panic_is_told() {
        let name = || std::thread::current().id();
        assert_ne!(aside(name).await.unwrap(), name());
        let broken = aside(|| panic!("on purpose")).await;
        assert!(matches!(broken, Err(NoAnswer::Ended(error)) if error.is_panic()));
    }
}
