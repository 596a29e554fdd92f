//! The index on disk: opening, filling, committing, and telling whether it may be believed.
//!
//! The index is a cache of the database. A commit carries the event number up to which it is true; at start the
//! log is replayed from there. An index that is missing, damaged, of another layout or of another database is made
//! anew from the database.

use super::super::corpus::Corpus;
use super::TextView;
use super::words::Words;
use crate::platform::events::Mark;
use crate::values::ListingId;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tantivy::directory::error::{LockError, OpenDirectoryError};
use tantivy::directory::{Directory, DirectoryLock, INDEX_WRITER_LOCK, MmapDirectory};
use tantivy::schema::{BytesOptions, FAST, Field, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

/// Rises whenever the fields or the words of the index change.
const LAYOUT: u32 = 1;
const TOKENIZER: &str = "stopover_words";
const WRITER_BYTES: usize = 64_000_000;

/// The fields of a document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    id: Field,
    id_high: Field,
    id_low: Field,
    pub(crate) title: Field,
    pub(crate) place: Field,
    pub(crate) body: Field,
}

/// What is indexed of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Texts {
    pub id: ListingId,
    pub title: String,
    /// Neighbourhood and city, kind of room and property.
    pub place: String,
    /// Description, neighbourhood text, amenities, host.
    pub body: String,
}

/// What a commit says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp {
    pub layout: u32,
    /// Which database this is an index of.
    pub instance: String,
    /// The event up to which it is true.
    #[serde(flatten)]
    pub mark: Mark,
}

impl Stamp {
    pub(crate) fn new(instance: &str, mark: Mark) -> Self {
        Self { layout: LAYOUT, instance: instance.to_owned(), mark }
    }
}

/// The index and its one writer.
pub(crate) struct TextIndex {
    index: Index,
    reader: IndexReader,
    /// Missing after a failure, until the next change makes another.
    writer: Option<IndexWriter>,
    pub(crate) fields: Fields,
    instance: String,
}

/// Why an index on disk is not used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("there is none yet")]
    Missing,
    #[error("it belongs to another database or an older release")]
    Foreign,
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Another process has it open; making it anew would not help.
    #[error("another process is using it")]
    InUse,
}

impl TextIndex {
    /// Opens the index in `folder` and answers the event it is true for.
    pub(crate) fn open(folder: &Path, instance: &str) -> Result<(Self, Mark), Unfit> {
        let (index, fields, stamp) = readable(folder, instance)?;
        Ok((Self::over(index, fields, instance)?, stamp.mark))
    }

    /// How many listings the index in `folder` holds, and for which event; a server may have it open.
    pub(crate) fn inspect(folder: &Path, instance: &str) -> Result<(u64, Mark), Unfit> {
        let (index, _, stamp) = readable(folder, instance)?;
        let reader = index.reader().map_err(|e| Unfit::Damaged(e.to_string()))?;
        Ok((reader.searcher().num_docs(), stamp.mark))
    }

    /// Makes an empty index in `folder`, removing whatever was there, unless another process is using it.
    pub(crate) fn create(folder: &Path, instance: &str) -> Result<Self, Unfit> {
        let damaged = |e: &dyn std::fmt::Display| Unfit::Damaged(e.to_string());
        if folder.is_dir() {
            let _lock = lock(folder)?;
            std::fs::remove_dir_all(folder).map_err(|e| damaged(&e))?;
        } else if folder.exists() {
            std::fs::remove_file(folder).map_err(|e| damaged(&e))?;
        }
        std::fs::create_dir_all(folder).map_err(|e| damaged(&e))?;
        let (schema, fields) = layout();
        let index = Index::create_in_dir(folder, schema).map_err(|e| damaged(&e))?;
        Self::over(index, fields, instance)
    }

    fn over(index: Index, fields: Fields, instance: &str) -> Result<Self, Unfit> {
        index.tokenizers().register(TOKENIZER, Words::new());
        let writer = match index.writer_with_num_threads(1, WRITER_BYTES) {
            Ok(writer) => writer,
            Err(tantivy::TantivyError::LockFailure(..)) => return Err(Unfit::InUse),
            Err(other) => return Err(Unfit::Damaged(other.to_string())),
        };
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(|e: tantivy::TantivyError| Unfit::Damaged(e.to_string()))?;
        Ok(Self { index, reader, writer: Some(writer), fields, instance: instance.to_owned() })
    }

    /// Puts a listing's texts in, replacing what was there. Visible after [`TextIndex::commit`].
    pub(crate) fn put(&mut self, texts: &Texts) -> tantivy::Result<()> {
        self.remove(texts.id)?;
        self.add(texts)
    }

    /// Adds a listing that is surely not there yet.
    pub(crate) fn add(&mut self, texts: &Texts) -> tantivy::Result<()> {
        let (high, low) = texts.id.0.as_u64_pair();
        let mut document = TantivyDocument::new();
        document.add_bytes(self.fields.id, texts.id.0.as_bytes());
        document.add_u64(self.fields.id_high, high);
        document.add_u64(self.fields.id_low, low);
        document.add_text(self.fields.title, &texts.title);
        document.add_text(self.fields.place, &texts.place);
        document.add_text(self.fields.body, &texts.body);
        self.writer()?.add_document(document).map(|_opstamp| ())
    }

    pub(crate) fn remove(&mut self, id: ListingId) -> tantivy::Result<()> {
        let term = Term::from_field_bytes(self.fields.id, id.0.as_bytes());
        self.writer()?.delete_term(term);
        Ok(())
    }

    /// Takes everything out; visible after [`TextIndex::commit`].
    pub(crate) fn clear(&mut self) -> tantivy::Result<()> {
        self.writer()?.delete_all_documents().map(|_opstamp| ())
    }

    /// Makes everything put so far durable and true for `mark`. After an error nothing put since the last commit is
    /// kept: put it again.
    pub(crate) fn commit(&mut self, mark: Mark) -> tantivy::Result<()> {
        let stamp = serde_json::to_string(&Stamp::new(&self.instance, mark)).map_err(std::io::Error::other)?;
        let done = self.writer()?.prepare_commit().and_then(|mut prepared| {
            prepared.set_payload(&stamp);
            prepared.commit()
        });
        if let Err(error) = done {
            self.give_up();
            return Err(error);
        }
        self.reader.reload()
    }

    /// Forgets everything since the last commit. After any failure this must come before the next change: the writer of
    /// a failed commit has no workers left, and would take texts, answer that all is well, and lose them.
    pub(crate) fn give_up(&mut self) {
        self.writer = None;
    }

    /// The writer, made anew after a failure.
    fn writer(&mut self) -> tantivy::Result<&mut IndexWriter> {
        match &mut self.writer {
            Some(writer) => Ok(writer),
            missing => Ok(missing.insert(self.index.writer_with_num_threads(1, WRITER_BYTES)?)),
        }
    }

    /// The committed texts as seen by a corpus; segments that `before` knew with the same ordinals are taken over.
    pub(crate) fn view(&self, corpus: &Corpus, before: Option<&TextView>) -> tantivy::Result<TextView> {
        TextView::new(self.searcher(), self.fields, corpus.ordinals(), before, |id| corpus.ordinal(id))
    }

    /// What is committed now.
    pub(crate) fn searcher(&self) -> tantivy::Searcher {
        self.reader.searcher()
    }

    /// Waits for background merges; for the end of a rebuild.
    pub(crate) fn finish(self) -> tantivy::Result<()> {
        self.writer.map_or(Ok(()), IndexWriter::wait_merging_threads)
    }

    /// Where the index of an instance is.
    pub(crate) fn folder(data: &Path) -> PathBuf {
        data.join("search-index")
    }
}

/// The lock of a writer on the folder, whatever state its index is in: nobody's index is removed while it is in use.
fn lock(folder: &Path) -> Result<DirectoryLock, Unfit> {
    let directory = MmapDirectory::open(folder)?;
    directory.acquire_lock(&INDEX_WRITER_LOCK).map_err(|error| match error {
        LockError::LockBusy => Unfit::InUse,
        LockError::IoError(cause) => Unfit::Damaged(cause.to_string()),
    })
}

/// Opens the files and looks whether they can be believed.
fn readable(folder: &Path, instance: &str) -> Result<(Index, Fields, Stamp), Unfit> {
    if !folder.join("meta.json").exists() {
        return Err(Unfit::Missing);
    }
    let damaged = |e: tantivy::TantivyError| Unfit::Damaged(e.to_string());
    let index = Index::open_in_dir(folder).map_err(damaged)?;
    let (schema, fields) = layout();
    let payload = index.load_metas().map_err(damaged)?.payload.unwrap_or_default();
    let Ok(stamp) = serde_json::from_str::<Stamp>(&payload) else { return Err(Unfit::Foreign) };
    if index.schema() != schema || stamp.layout != LAYOUT || stamp.instance != instance {
        return Err(Unfit::Foreign);
    }
    if let Some(file) = index.validate_checksum().map_err(damaged)?.iter().next() {
        return Err(Unfit::Damaged(format!("{} has changed since it was written", file.display())));
    }
    Ok((index, fields, stamp))
}

impl From<OpenDirectoryError> for Unfit {
    fn from(error: OpenDirectoryError) -> Self {
        Self::Damaged(error.to_string())
    }
}

fn layout() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    // Only who has a word is asked, not how often or where: the index stays small.
    let words = TextFieldIndexing::default().set_tokenizer(TOKENIZER).set_index_option(IndexRecordOption::Basic).set_fieldnorms(false);
    let text = TextOptions::default().set_indexing_options(words);
    let fields = Fields {
        id: schema.add_bytes_field("id", BytesOptions::default().set_indexed()),
        id_high: schema.add_u64_field("id_high", FAST),
        id_low: schema.add_u64_field("id_low", FAST),
        title: schema.add_text_field("title", text.clone()),
        place: schema.add_text_field("place", text.clone()),
        body: schema.add_text_field("body", text),
    };
    (schema.build(), fields)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_failed_commit_nothing_is_lost_that_is_put_again() {
        let data = tempfile::tempdir().unwrap();
        let (folder, away) = (data.path().join("index"), data.path().join("away"));
        let texts = |title: &str| Texts { id: ListingId::new(), title: title.into(), place: String::new(), body: String::new() };
        let mark = |seq| Mark { seq, event: None };
        let mut index = TextIndex::create(&folder, "here").unwrap();
        let first = texts("first");
        index.put(&first).unwrap();
        index.commit(mark(1)).unwrap();
        std::fs::rename(&folder, &away).unwrap();
        index.put(&texts("second")).unwrap();
        assert!(index.commit(mark(2)).is_err());
        std::fs::rename(&away, &folder).unwrap();
        index.put(&first).unwrap();
        index.put(&texts("second")).unwrap();
        index.commit(mark(2)).unwrap();
        assert_eq!(index.searcher().num_docs(), 2);
    }
}
