//! The file that an export becomes: a ZIP of JSON files, made in memory.

use crate::platform::db::{DbError, DbResult};
use serde_json::Value;
use std::io::{Cursor, Write};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Larger ones are refused: what is made in memory must not take all of it.
const MOST_BYTES: u64 = 64 << 20;

/// A ZIP file under way.
pub struct Archive {
    zip: ZipWriter<Cursor<Vec<u8>>>,
    /// Whether the list that is open has an item already.
    items: Option<bool>,
    written: u64,
}

impl Archive {
    pub(super) fn new() -> Self {
        Self { zip: ZipWriter::new(Cursor::new(Vec::new())), items: None, written: 0 }
    }

    /// A file `name.json` with one value.
    pub fn file(&mut self, name: &str, value: &Value) -> DbResult<()> {
        self.open(name)?;
        self.write(format!("{value:#}\n").as_bytes())
    }

    /// Begins a file `name.json` with a list; the items follow by [`Archive::item`].
    pub fn list(&mut self, name: &str) -> DbResult<()> {
        self.open(name)?;
        self.items = Some(false);
        self.write(b"[")
    }

    /// One more item of the list that was begun last.
    pub fn item(&mut self, value: &Value) -> DbResult<()> {
        let Some(following) = self.items else { return Err(DbError::Unusable("an item of an export belongs to no list".into())) };
        self.items = Some(true);
        self.write(if following { b",\n" } else { b"\n" })?;
        self.write(value.to_string().as_bytes())
    }

    pub(super) fn finish(mut self) -> DbResult<Vec<u8>> {
        self.close()?;
        Ok(self.zip.finish().map_err(broken)?.into_inner())
    }

    fn open(&mut self, name: &str) -> DbResult<()> {
        self.close()?;
        let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated).unix_permissions(0o600);
        self.zip.start_file(format!("{name}.json"), options).map_err(broken)
    }

    fn close(&mut self) -> DbResult<()> {
        if self.items.take().is_some() {
            self.write(b"\n]\n")?;
        }
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> DbResult<()> {
        self.written += bytes.len() as u64;
        if self.written > MOST_BYTES {
            return Err(DbError::Unusable(format!("an export is larger than {} MiB", MOST_BYTES >> 20)));
        }
        self.zip.write_all(bytes).map_err(broken)
    }
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> DbError {
    DbError::Engine(error.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::Read;

    #[test]
    fn files_and_lists_are_json() {
        let mut archive = Archive::new();
        archive.file("profile", &json!({"name": "Ada"})).unwrap();
        archive.list("empty").unwrap();
        archive.list("reviews").unwrap();
        archive.item(&json!({"n": 1})).unwrap();
        archive.item(&json!({"n": 2})).unwrap();
        let bytes = archive.finish().unwrap();
        let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
        let mut read = |name: &str| {
            let mut text = String::new();
            zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
            serde_json::from_str::<Value>(&text).unwrap()
        };
        assert_eq!(read("profile.json"), json!({"name": "Ada"}));
        assert_eq!(read("empty.json"), json!([]));
        assert_eq!(read("reviews.json"), json!([{"n": 1}, {"n": 2}]));
    }

    #[test]
    fn an_export_has_an_end() {
        let mut archive = Archive::new();
        archive.list("much").unwrap();
        let piece = Value::String("x".repeat(1 << 20));
        assert!((0..70).any(|_| archive.item(&piece).is_err()));
    }
}
