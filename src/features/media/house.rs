//! What the feature is made of.

use super::rules::FileName;
use super::shelf::Shelf;
use super::studio::Studio;
use super::temporary::Temporary;
use crate::platform::config::Config;
use crate::platform::error::{Kind, Refused, Result};
use crate::platform::tools::Tools;
use crate::values::UserId;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::sync::Arc;

/// Where the files of this feature lie in the data folder.
const FOLDER: &str = "media";
/// Uploads of one person at once.
const AT_ONCE: u32 = 2;

/// Shelf, studio and files under way; cheap to clone.
#[derive(Clone)]
pub struct Media {
    pub(super) tools: Tools,
    pub(super) shelf: Shelf,
    pub(super) temporary: Temporary,
    pub(super) studio: Studio,
    senders: Senders,
}

/// Whether this instance has the file behind a photo's address: the files of a home that comes from elsewhere may not have come along. Blocks.
pub fn has_file(config: &Config, address: &str) -> anyhow::Result<bool> {
    let Some(file) = address.rsplit('/').next().and_then(FileName::parse) else { return Ok(false) };
    Shelf::open(config, &config.data_dir.join(FOLDER))?.has(&file)
}

/// Uploads under way, by who sends them.
type Senders = Arc<Mutex<HashMap<UserId, u32>>>;

/// The right to send an upload, until this is dropped.
pub(super) struct Turn {
    senders: Senders,
    user: UserId,
}

impl Media {
    /// Opens the shelf, and sweeps away what an earlier process has left. Blocks.
    pub fn open(tools: &Tools) -> anyhow::Result<Self> {
        let folder = tools.config.data_dir.join(FOLDER);
        let temporary = Temporary::new(folder.join("tmp"), tools.config.media.temporary_limit.0 as u64);
        temporary.sweep(tools.clock.now())?;
        let (shelf, studio) = (Shelf::open(&tools.config, &folder)?, Studio::new());
        Ok(Self { tools: tools.clone(), shelf, temporary, studio, senders: Senders::default() })
    }

    /// One person's uploads must not take all the places there are.
    pub(super) fn turn(&self, user: UserId) -> Result<Turn> {
        let mut senders = self.senders.lock();
        let count = senders.entry(user).or_default();
        if *count >= AT_ONCE {
            let mut refused = Refused::new(Kind::TooMany, "too_many_requests", format!("{AT_ONCE} uploads of yours are under way; wait for one to end."));
            refused.retry_after_seconds = Some(5);
            return Err(refused.into());
        }
        *count += 1;
        drop(senders);
        Ok(Turn { senders: Arc::clone(&self.senders), user })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut senders = self.senders.lock();
        if let Some(count) = senders.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                senders.remove(&self.user);
            }
        }
    }
}
