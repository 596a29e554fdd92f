//! Files under way: what is being uploaded lies in a folder of its own, never in memory, and is gone with the request. What a dead
//! process has left there is swept away.

use crate::platform::error::{Error, Kind, Refused, Result};
use crate::platform::private;
use crate::values::Instant;
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// No upload takes longer, so older files are nobody's.
const OLD_SECONDS: i64 = 3_600;

/// The folder, and how full it is; cheap to clone.
#[derive(Clone)]
pub(super) struct Temporary(Arc<Inner>);

struct Inner {
    folder: PathBuf,
    most: u64,
    used: Mutex<u64>,
}

/// A file under way. It is removed when this is dropped.
pub(super) struct Draft {
    home: Temporary,
    path: PathBuf,
    file: File,
    length: u64,
}

impl Temporary {
    pub(super) fn new(folder: PathBuf, most: u64) -> Self {
        Self(Arc::new(Inner { folder, most, used: Mutex::new(0) }))
    }

    /// Begins a file. Its name tells when.
    pub(super) fn begin(&self, now: Instant) -> Result<Draft> {
        let open = || {
            private::folder(&self.0.folder)?;
            let path = self.0.folder.join(format!("{}-{}", now.0, Uuid::new_v4().simple()));
            Ok::<_, std::io::Error>((private::new_file(&path)?, path))
        };
        let (file, path) = open().map_err(broken)?;
        Ok(Draft { home: self.clone(), path, file: File::from_std(file), length: 0 })
    }

    /// Removes what was begun long ago; answers how many files. Blocks.
    pub(super) fn sweep(&self, now: Instant) -> std::io::Result<usize> {
        let entries = match std::fs::read_dir(&self.0.folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut removed = 0;
        for entry in entries {
            let entry = entry?;
            let begun = entry.file_name().to_str().and_then(|name| name.split_once('-')?.0.parse::<i64>().ok());
            if begun.is_none_or(|begun| begun < now.plus_seconds(-OLD_SECONDS).0) {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn take(&self, more: u64) -> Result<()> {
        let mut used = self.0.used.lock();
        if used.saturating_add(more) > self.0.most {
            let mut refused = Refused::new(Kind::Busy, "overloaded", "As much is being uploaded as there is room for; try again shortly.");
            refused.retry_after_seconds = Some(10);
            return Err(refused.into());
        }
        *used += more;
        Ok(())
    }
}

impl Draft {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) async fn write(&mut self, bytes: &[u8]) -> Result<()> {
        let more = bytes.len() as u64;
        self.home.take(more)?;
        self.length += more;
        self.file.write_all(bytes).await.map_err(broken)
    }

    /// Everything is in the file, for whoever reads it.
    pub(super) async fn finish(&mut self) -> Result<()> {
        self.file.flush().await.map_err(broken)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        *self.home.0.used.lock() -= self.length;
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "a file of an upload could not be removed; it will be swept away");
        }
    }
}

fn broken(error: std::io::Error) -> Error {
    if error.kind() == std::io::ErrorKind::StorageFull {
        return Error::refused(Kind::StorageFull, "storage_full", "There is no room for uploads on the server's disk.");
    }
    anyhow::Error::from(error).context("a file of an upload cannot be written").into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn drafts_are_counted_and_go_away() {
        let folder = tempfile::tempdir().unwrap();
        let temporary = Temporary::new(folder.path().join("tmp"), 10);
        let count = || std::fs::read_dir(folder.path().join("tmp")).unwrap().count();
        let mut draft = temporary.begin(Instant(5)).unwrap();
        draft.write(b"123456").await.unwrap();
        draft.finish().await.unwrap();
        assert_eq!((std::fs::read(draft.path()).unwrap().as_slice(), draft.length(), count()), (&b"123456"[..], 6, 1));
        let mut other = temporary.begin(Instant(6)).unwrap();
        assert!(other.write(b"12345").await.is_err(), "there is room for ten bytes");
        drop(draft);
        other.write(b"12345").await.unwrap();
        drop(other);
        assert_eq!((count(), *temporary.0.used.lock()), (0, 0));
    }

    #[test]
    fn only_what_is_old_is_swept() {
        let folder = tempfile::tempdir().unwrap();
        let now = Instant(0).plus_seconds(1_000_000);
        for name in [format!("{}-new", now.plus_seconds(-10).0), format!("{}-old", now.plus_seconds(-OLD_SECONDS - 1).0), "odd".to_owned()] {
            std::fs::write(folder.path().join(name), b"x").unwrap();
        }
        let temporary = Temporary::new(folder.path().into(), 10);
        assert_eq!((temporary.sweep(now).unwrap(), temporary.sweep(now).unwrap()), (2, 0));
        assert_eq!(Temporary::new(folder.path().join("nowhere"), 1).sweep(now).unwrap(), 0);
    }
}
