//! Files in the data folder.

use super::super::rules::FileName;
use crate::platform::private;
use anyhow::Context;
use bytes::Bytes;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

pub(in super::super) struct Disk {
    folder: PathBuf,
}

impl Disk {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    pub(super) fn put(&self, file: &FileName, bytes: &[u8]) -> anyhow::Result<()> {
        let path = self.folder.join(file.key());
        write(&path, bytes).with_context(|| format!("{} cannot be written", path.display()))
    }

    pub(super) fn get(&self, file: &FileName) -> anyhow::Result<Option<Bytes>> {
        let path = self.folder.join(file.key());
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes.into())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
        }
    }

    pub(super) fn has(&self, file: &FileName) -> bool {
        self.folder.join(file.key()).is_file()
    }

    pub(super) fn remove(&self, file: &FileName) -> anyhow::Result<()> {
        let path = self.folder.join(file.key());
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).with_context(|| format!("{} cannot be removed", path.display())),
            _ => {}
        }
        // Empty folders go too; one that is not empty stays, which is no error.
        for folder in path.ancestors().skip(1).take(2) {
            if std::fs::remove_dir(folder).is_err() {
                break;
            }
        }
        Ok(())
    }
}

/// Under another name first: whoever reads meanwhile sees the whole file or none.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    private::folder(folder)?;
    let draft = folder.join(format!(".{}", Uuid::new_v4().simple()));
    let written = private::new_file(&draft).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&draft, path)?;
        File::open(folder)?.sync_all()
    });
    if written.is_err() {
        drop(std::fs::remove_file(&draft));
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_come_and_go_without_a_trace() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::new(place.path().join("media"));
        let file = FileName::new(&"ab".repeat(32), 480);
        assert_eq!(disk.get(&file).unwrap(), None);
        disk.put(&file, b"first").unwrap();
        disk.put(&file, b"second").unwrap();
        assert_eq!(disk.get(&file).unwrap().as_deref(), Some(&b"second"[..]));
        disk.remove(&file).unwrap();
        disk.remove(&file).unwrap();
        assert_eq!(disk.get(&file).unwrap(), None);
        assert_eq!(std::fs::read_dir(place.path().join("media")).unwrap().count(), 0);
    }
}
