//! What came of an import: counts, bad rows, clashes, or the one sentence that says why nothing did.

use super::progress::Stage;
use crate::platform::db::DbError;
use serde::Serialize;

/// How many bad rows and clashes are kept to be listed; the rest is only counted.
const LISTED: usize = 20;

/// A row that was skipped.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadRow {
    pub file: String,
    /// Line on which the row begins, the heading being line 1.
    pub line: u64,
    pub column: String,
    pub reason: String,
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, line {}, column {}: {}", self.file, self.line, self.column, self.reason)
    }
}

/// A night that the import says is taken elsewhere and that a guest has booked here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Clash {
    /// The listing's id in the source.
    pub listing: String,
    pub night: String,
}

/// Counts everything, remembers the first few.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Tally<T> {
    pub count: u64,
    pub listed: Vec<T>,
}

impl<T> Default for Tally<T> {
    fn default() -> Self {
        Self { count: 0, listed: Vec::new() }
    }
}

impl<T> Tally<T> {
    pub(super) fn add(&mut self, item: T) {
        self.count += 1;
        if self.listed.len() < LISTED {
            self.listed.push(item);
        }
    }

    /// How many are counted but not listed.
    #[must_use]
    pub fn unlisted(&self) -> u64 {
        self.count.saturating_sub(self.listed.len() as u64)
    }
}

/// Whether anything was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Imported,
    /// The same files with the same options had been imported last: nothing was read into the database.
    Unchanged,
}

/// The counts of one run; `Display` is the summary line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub source: String,
    /// The city, or the folder's name.
    pub scope: String,
    pub outcome: Outcome,
    /// The date that the calendar's first day became, when it was shifted.
    pub shifted_to: Option<String>,
    pub listings_new: u64,
    pub listings_changed: u64,
    pub listings_same: u64,
    /// Of the listings in the files: imported without a price, and so not searchable.
    pub listings_without_price: u64,
    /// Imported earlier, no longer in the files; they are left alone.
    pub listings_gone: u64,
    pub hosts: u64,
    pub taken_ranges: u64,
    pub override_ranges: u64,
    /// Reviews that are new or have changed.
    pub reviews: u64,
    pub bad_rows: Tally<BadRow>,
    pub clashes: Tally<Clash>,
}

impl Report {
    pub(super) fn new(source: &str, scope: &str, outcome: Outcome) -> Self {
        Self {
            source: source.to_owned(),
            scope: scope.to_owned(),
            outcome,
            shifted_to: None,
            listings_new: 0,
            listings_changed: 0,
            listings_same: 0,
            listings_without_price: 0,
            listings_gone: 0,
            hosts: 0,
            taken_ranges: 0,
            override_ranges: 0,
            reviews: 0,
            bad_rows: Tally::default(),
            clashes: Tally::default(),
        }
    }
}

impl std::fmt::Display for Report {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.outcome == Outcome::Unchanged {
            return write!(f, "{}: these files were imported already with the same options; nothing changed", self.scope);
        }
        write!(
            f,
            "{}: {} listings new, {} changed, {} unchanged ({} without a price are paused); {} hosts; {} taken ranges, {} ranges with other terms; {} reviews",
            self.scope,
            self.listings_new,
            self.listings_changed,
            self.listings_same,
            self.listings_without_price,
            self.hosts,
            self.taken_ranges,
            self.override_ranges,
            self.reviews
        )?;
        if self.listings_gone > 0 {
            write!(f, "; {} listings are no longer in the file", self.listings_gone)?;
        }
        if self.clashes.count > 0 {
            write!(f, "; {} booked nights are taken elsewhere too", self.clashes.count)?;
        }
        if self.bad_rows.count > 0 {
            write!(f, "; {} bad rows skipped", self.bad_rows.count)?;
        }
        Ok(())
    }
}

/// Why an import did not finish.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A file that cannot be used; nothing was changed.
    #[error("{file} {reason}")]
    File { file: String, reason: String },
    /// The ask itself makes no sense; nothing was changed.
    #[error("{0}")]
    Ask(String),
    /// Bad rows while `strict` was asked for; nothing was changed.
    #[error("{} bad rows, so nothing was imported (strict); the first: {}", .0.count, .0.listed.first().map_or_else(String::new, ToString::to_string))]
    Strict(Tally<BadRow>),
    /// Whoever watches said stop. What was written stays; running the import again completes it.
    #[error("the import was stopped while {}; run it again to complete it", stage_text(*.0))]
    Stopped(Stage),
    /// Two imports of one source met; each listing was written once. Running the import again completes it.
    #[error("another import of the same source is running; run this one again when it is done")]
    Busy,
    #[error("the import could not be written")]
    Database(#[source] DbError),
}

impl From<DbError> for ImportError {
    fn from(error: DbError) -> Self {
        match error {
            // Ids of a source are unique and were looked up before: only somebody else can have written them since.
            DbError::Unique => Self::Busy,
            other => Self::Database(other),
        }
    }
}

fn stage_text(stage: Stage) -> &'static str {
    match stage {
        Stage::Checking => "checking the files, before anything was written",
        Stage::Hosts => "writing hosts",
        Stage::Listings => "writing listings",
        Stage::Reviews => "writing reviews",
    }
}
