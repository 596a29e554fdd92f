//! Where pictures are developed: two at a time, off the async threads, each for ten seconds at most.

use super::picture::{self, Developed};
use super::rules::{Format, PhotoRefusal};
use crate::platform::error::{Error, Result};
use crate::platform::tasks::aside;
use anyhow::Context;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

const AT_ONCE: usize = 2;
/// Without optimisation everything takes some thirty times as long.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 60 } else { 10 });

/// Cheap to clone.
#[derive(Clone)]
pub(super) struct Studio(Arc<Semaphore>);

impl Studio {
    pub(super) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// Develops the file at `path`. Whoever takes too long is told so, and keeps the place until the thread is done: there are never
    /// more than two.
    pub(super) async fn develop(&self, path: PathBuf, format: Format) -> Result<Developed> {
        let place = Arc::clone(&self.0).acquire_owned().await.context("the studio is closed")?;
        let work = aside(move || {
            let _place = place;
            let bytes = std::fs::read(&path).context("an uploaded file cannot be read back")?;
            picture::develop(&bytes, format).map_err(Error::from)
        });
        match timeout(PATIENCE, work).await {
            Ok(Ok(developed)) => developed,
            // A decoder that trips over a file is not worth more than the file.
            Ok(Err(_panic)) => Err(PhotoRefusal::Unreadable.into()),
            Err(_elapsed) => Err(PhotoRefusal::TooCostly.into()),
        }
    }
}
