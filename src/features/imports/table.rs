//! A CSV file as rows with named columns. Every complaint knows its file, line and column.

use super::files::{ImportFile, Meter};
use super::report::{BadRow, ImportError, Tally};
use csv::ByteRecord;
use std::collections::HashMap;
use std::io::Read;
use std::sync::Arc;

/// Longest text that a field may hold.
const FIELD_BYTES_MAX: usize = 1 << 20;

/// Why a row cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Misfit {
    pub column: &'static str,
    pub reason: String,
}

impl Misfit {
    pub(super) fn new(column: &'static str, reason: impl Into<String>) -> Self {
        Self { column, reason: reason.into() }
    }

    /// "x is not what": the value is shown, but not at any length.
    pub(super) fn of(column: &'static str, value: &str, what: &str) -> Self {
        let shown: String = value.chars().take(40).collect();
        let dots = if shown.len() < value.len() { "…" } else { "" };
        Self::new(column, format!("“{shown}{dots}” is not {what}"))
    }
}

/// An open CSV file.
pub(super) struct Table {
    file: ImportFile,
    name: String,
    reader: csv::Reader<Box<dyn Read + Send>>,
    columns: HashMap<String, usize>,
    width: usize,
    /// Lines that the reader is behind: it ends a row at a carriage return and counts the line feed to the next one.
    behind: u64,
    record: ByteRecord,
    meter: Arc<Meter>,
}

impl Table {
    /// Opens the file and reads its heading, which must have all `required` columns; further columns do no harm.
    pub(super) fn open(file: &ImportFile, required: &[&str], hash: bool) -> Result<Self, ImportError> {
        let (source, meter) = file.open(hash)?;
        let mut reader = csv::ReaderBuilder::new().flexible(true).has_headers(false).buffer_capacity(256 << 10).from_reader(source);
        let mut heading = ByteRecord::new();
        if !reader.read_byte_record(&mut heading).map_err(|error| explain(file, error))? {
            return Err(file.refuse("is empty"));
        }
        meter.row_done();
        let columns: HashMap<String, usize> =
            heading.iter().enumerate().map(|(place, name)| (String::from_utf8_lossy(name).trim().to_owned(), place)).collect();
        let missing: Vec<&str> = required.iter().copied().filter(|name| !columns.contains_key(*name)).collect();
        if missing.len() == required.len() {
            return Err(file.refuse(format!("is not the CSV file that is needed here: its first line names none of the columns {}", required.join(", "))));
        }
        if !missing.is_empty() {
            return Err(file.refuse(format!("lacks the column{} {}", if missing.len() == 1 { "" } else { "s" }, missing.join(", "))));
        }
        let feeds = heading.iter().flatten().filter(|byte| **byte == b'\n').count() as u64;
        let behind = (2 + feeds).saturating_sub(reader.position().line());
        Ok(Self { behind, name: file.name(), file: file.clone(), reader, width: heading.len(), columns, record: heading, meter })
    }

    /// The next row, or `None` at the end of the file.
    pub(super) fn next_row(&mut self) -> Result<Option<Row<'_>>, ImportError> {
        let more = self.reader.read_byte_record(&mut self.record).map_err(|error| explain(&self.file, error))?;
        self.meter.row_done();
        let line = self.record.position().map_or(0, csv::Position::line) + self.behind;
        Ok(more.then_some(Row { record: &self.record, columns: &self.columns, width: self.width, line }))
    }

    pub(super) fn meter(&self) -> &Meter {
        &self.meter
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// Notes a bad row of the table called `file`.
pub(super) fn complain(bad: &mut Tally<BadRow>, file: &str, line: u64, misfit: Misfit) {
    bad.add(BadRow { file: file.to_owned(), line, column: misfit.column.to_owned(), reason: misfit.reason });
}

fn explain(file: &ImportFile, error: csv::Error) -> ImportError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => file.explain(&error),
        other => file.refuse(format!("is not readable as CSV: {other:?}")),
    }
}

/// One row of a table.
pub(super) struct Row<'a> {
    record: &'a ByteRecord,
    columns: &'a HashMap<String, usize>,
    width: usize,
    /// Line on which the row begins.
    pub line: u64,
}

impl<'a> Row<'a> {
    /// Refuses a row with another number of fields than the heading: its values stand in the wrong columns.
    pub(super) fn whole(&self) -> Result<(), Misfit> {
        if self.record.len() == self.width {
            return Ok(());
        }
        Err(Misfit::new("(row)", format!("the row has {} fields, the heading has {}", self.record.len(), self.width)))
    }

    /// The field, trimmed; empty when the file has no such column.
    pub(super) fn text(&self, column: &'static str) -> Result<&'a str, Misfit> {
        let field = self.columns.get(column).and_then(|place| self.record.get(*place)).unwrap_or_default();
        if field.len() > FIELD_BYTES_MAX {
            return Err(Misfit::new(column, format!("the text has {} bytes, more than 1 MiB", field.len())));
        }
        std::str::from_utf8(field).map(str::trim).map_err(|_| Misfit::new(column, "the text is not UTF-8"))
    }

    /// The field, which must not be empty.
    pub(super) fn needed(&self, column: &'static str) -> Result<&'a str, Misfit> {
        match self.text(column)? {
            "" => Err(Misfit::new(column, "the field is empty")),
            text => Ok(text),
        }
    }

    /// What `read` makes of the field; `None` when it is empty, refused as "not `what`" when it makes nothing of it.
    pub(super) fn maybe<T>(&self, column: &'static str, what: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Result<Option<T>, Misfit> {
        match self.text(column)? {
            "" => Ok(None),
            text => read(text).map(Some).ok_or_else(|| Misfit::of(column, text, what)),
        }
    }

    /// Like [`Row::maybe`] for a field that must not be empty.
    pub(super) fn must<T>(&self, column: &'static str, what: &str, read: impl FnOnce(&'a str) -> Option<T>) -> Result<T, Misfit> {
        self.maybe(column, what, read)?.ok_or_else(|| Misfit::new(column, "the field is empty"))
    }
}
