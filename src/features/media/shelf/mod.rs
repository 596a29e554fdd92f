//! Where finished files lie: a folder (`disk.rs`) or a bucket (`bucket.rs`). A file's name is the hash of what is in it, so that it
//! never changes; files that nobody shows any more are taken away by `jobs.rs`.

mod bucket;
mod disk;

use super::rules::FileName;
use crate::platform::config::{Config, MediaStore};
use crate::platform::outbound::Outbound;
use bucket::Bucket;
use bytes::Bytes;
use disk::Disk;
use std::path::Path;
use std::sync::Arc;

/// Cheap to clone. Its calls block.
#[derive(Clone)]
pub(super) enum Shelf {
    Disk(Arc<Disk>),
    Bucket(Arc<Bucket>),
}

impl Shelf {
    /// `folder` is for [`MediaStore::Disk`].
    pub(super) fn open(config: &Config, folder: &Path) -> anyhow::Result<Self> {
        Ok(match config.media.store {
            MediaStore::Disk => Self::Disk(Arc::new(Disk::new(folder.to_owned()))),
            MediaStore::S3 => Self::Bucket(Arc::new(Bucket::open(&config.media, Outbound::open(config))?)),
        })
    }

    /// Puts a file there for good: when this returns, a power cut takes nothing away.
    pub(super) fn put(&self, file: &FileName, bytes: &[u8]) -> anyhow::Result<()> {
        match self {
            Self::Disk(disk) => disk.put(file, bytes),
            Self::Bucket(bucket) => bucket.put(file, bytes),
        }
    }

    /// The file, if it is there.
    pub(super) fn get(&self, file: &FileName) -> anyhow::Result<Option<Bytes>> {
        match self {
            Self::Disk(disk) => disk.get(file),
            Self::Bucket(bucket) => bucket.get(file),
        }
    }

    /// Whether the file is there.
    pub(super) fn has(&self, file: &FileName) -> anyhow::Result<bool> {
        match self {
            Self::Disk(disk) => Ok(disk.has(file)),
            Self::Bucket(bucket) => Ok(bucket.get(file)?.is_some()),
        }
    }

    /// Takes a file away; that it is not there is no error.
    pub(super) fn remove(&self, file: &FileName) -> anyhow::Result<()> {
        match self {
            Self::Disk(disk) => disk.remove(file),
            Self::Bucket(bucket) => bucket.remove(file),
        }
    }

    /// Whether files can be put there, read and taken away.
    pub(super) fn try_out(&self) -> anyhow::Result<()> {
        let probe = FileName::new(&"0".repeat(64), 1);
        self.put(&probe, b"probe")?;
        anyhow::ensure!(self.get(&probe)?.as_deref() == Some(&b"probe"[..]), "what was written is not what is read");
        self.remove(&probe)
    }
}
