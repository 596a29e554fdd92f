//! Who was erased, as a file beside the database: `erasures.jsonl` in the data folder, one id a line, only ever longer.
//! Whoever restores an older backup and keeps this file does not bring anybody back.

use crate::platform::private;
use crate::values::{Instant, UserId};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// The list; opened anew for each use. Blocks.
#[derive(Debug, Clone)]
pub struct Tombstones(PathBuf);

#[derive(Serialize, Deserialize)]
struct Line {
    user_id: Uuid,
    erased_at: String,
}

impl Tombstones {
    #[must_use]
    pub fn of(data_dir: &Path) -> Self {
        Self(data_dir.join("erasures.jsonl"))
    }

    /// Everybody on the list. A line that a power cut left half written is passed over.
    pub fn read(&self) -> io::Result<HashSet<UserId>> {
        let lines = self.text()?;
        Ok(lines.lines().filter_map(|line| serde_json::from_str::<Line>(line).ok()).map(|line| UserId(line.user_id)).collect())
    }

    /// Adds those who are missing, durable before this answers.
    pub fn add(&self, erased: &[(UserId, Instant)]) -> io::Result<()> {
        let text = self.text()?;
        let known = self.read()?;
        let mut new = String::new();
        for (user, at) in erased.iter().filter(|(user, _)| !known.contains(user)) {
            let line = serde_json::to_string(&Line { user_id: user.0, erased_at: at.to_string() }).map_err(io::Error::other)?;
            new.push_str(&line);
            new.push('\n');
        }
        if new.is_empty() {
            return Ok(());
        }
        if !text.is_empty() && !text.ends_with('\n') {
            new.insert(0, '\n');
        }
        let mut file = private::append(&self.0)?;
        file.write_all(new.as_bytes())?;
        file.sync_all()?;
        if let Some(folder) = self.0.parent() {
            File::open(folder)?.sync_all()?;
        }
        Ok(())
    }

    fn text(&self) -> io::Result<String> {
        let mut bytes = Vec::new();
        match File::open(&self.0) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => 0,
            Err(error) => return Err(error),
        };
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_added_once_and_survive_half_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let list = Tombstones::of(folder.path());
        let (ada, bo) = (UserId::new(), UserId::new());
        assert!(list.read().unwrap().is_empty());
        list.add(&[(ada, Instant(0))]).unwrap();
        list.add(&[(ada, Instant(1))]).unwrap();
        let path = folder.path().join("erasures.jsonl");
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
        private::append(&path).unwrap().write_all(b"{\"user_id\":\"01").unwrap();
        list.add(&[(bo, Instant(0))]).unwrap();
        assert_eq!(list.read().unwrap(), HashSet::from([ada, bo]));
    }
}
