//! What the first reading of all files finds: which listings there are, their hosts and calendars, and what is bad.
//! Nothing is written before it is complete.

use super::book::Book;
use super::draft::{Calendar, Host};
use super::files::{ImportFile, Meter};
use super::progress::{Progress, Stage};
use super::report::{BadRow, ImportError, Tally};
use super::rules::days::{self, Terms};
use super::table::{Misfit, Table, complain};
use crate::values::{Night, NightRange};
use sha2::{Digest, Sha256};
use std::collections::{HashMap, HashSet};

/// Changes when the mapping changes, so that files imported by an older release are read anew.
const MAPPING_VERSION: &str = "1";
/// How many rows pass between two looks at the progress.
const ROWS_PER_TICK: u64 = 4_096;

#[derive(Default)]
pub(super) struct Survey {
    /// Good listings: their id in the source and their place, 0 first, in the order of the file.
    ids: HashMap<Box<str>, u32>,
    /// Listings whose row is bad: their calendars and reviews are skipped without further complaints.
    refused: HashSet<Box<str>>,
    hosts: Vec<Host>,
    host_places: HashMap<Box<str>, u32>,
    /// What calendars say about days.
    pub book: Book,
    /// Taken ranges of formats that list only those: listing, first night, night after the last.
    pub taken: Vec<(u32, Night, Night)>,
    /// Days by which every date is moved.
    pub shift: i32,
    pub shifted_to: Option<Night>,
    pub bad_rows: Tally<BadRow>,
    hash: Sha256,
}

/// Whose row it is.
pub(super) enum Owner {
    Listing(u32),
    Refused,
    Unknown,
}

impl Survey {
    /// A survey of an ask; `options` are all choices that change what is written.
    pub(super) fn new(options: &[&str]) -> Self {
        let mut survey = Self::default();
        for option in [MAPPING_VERSION].iter().chain(options) {
            survey.hash.update((option.len() as u64).to_be_bytes());
            survey.hash.update(option);
        }
        survey
    }

    pub(super) fn listings(&self) -> u32 {
        u32::try_from(self.ids.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn hosts(&self) -> &[Host] {
        &self.hosts
    }

    pub(super) fn bad(&mut self, file: &str, line: u64, misfit: Misfit) {
        complain(&mut self.bad_rows, file, line, misfit);
    }

    /// Counts a listing in; `false` when its id was there before.
    pub(super) fn admit(&mut self, id: &str) -> bool {
        if self.ids.contains_key(id) {
            return false;
        }
        self.ids.insert(id.into(), self.listings());
        true
    }

    pub(super) fn refuse(&mut self, id: &str) {
        if !id.is_empty() && !self.ids.contains_key(id) {
            self.refused.insert(id.into());
        }
    }

    /// The host of several listings is written once; the last row of the file says how they are.
    pub(super) fn meet(&mut self, host: Host) {
        if let Some(place) = self.host_places.get(host.external_id.as_str()) {
            self.hosts[*place as usize] = host;
            return;
        }
        self.host_places.insert(host.external_id.as_str().into(), u32::try_from(self.hosts.len()).unwrap_or(u32::MAX));
        self.hosts.push(host);
    }

    pub(super) fn host_place(&self, id: &str) -> Option<usize> {
        self.host_places.get(id).map(|place| *place as usize)
    }

    pub(super) fn place(&self, id: &str) -> Option<u32> {
        self.ids.get(id).copied()
    }

    pub(super) fn owner(&self, id: &str) -> Owner {
        match self.place(id) {
            Some(place) => Owner::Listing(place),
            None if self.refused.contains(id) => Owner::Refused,
            None => Owner::Unknown,
        }
    }

    /// The place of the listing that a row of `file` names, if there is one; complains when nobody knows it.
    pub(super) fn owner_or_bad(&mut self, file: &str, line: u64, id: &str) -> Option<u32> {
        match self.owner(id) {
            Owner::Listing(place) => Some(place),
            Owner::Refused => None,
            Owner::Unknown => {
                self.bad(file, line, Misfit::new("listing_id", format!("unknown listing {}", id.chars().take(40).collect::<String>())));
                None
            }
        }
    }

    /// Puts calendars in order once all rows are in; days of one listing that were given twice are bad rows of `file`.
    pub(super) fn settle(&mut self, file: &str) {
        let bad_rows = &mut self.bad_rows;
        self.book.settle(|entry| {
            let misfit = Misfit::new("date", format!("{} of this listing is in the file twice; the first row counts", entry.run.from));
            complain(bad_rows, file, entry.line.into(), misfit);
        });
        self.taken.sort_unstable();
        self.taken.shrink_to_fit();
    }

    /// Moves all dates so that the first day of the calendars becomes `day`.
    pub(super) fn shift_to(&mut self, day: Option<Night>) {
        if let (Some(day), Some(first)) = (day, self.book.first_day()) {
            self.shift = first.days_until(day);
            self.shifted_to = Some(day);
        }
    }

    pub(super) fn usual_price(&self, listing: u32) -> Option<i64> {
        days::usual_price(self.book.of(listing))
    }

    pub(super) fn calendar(&self, listing: u32, terms: Terms) -> Calendar {
        let mut calendar = days::calendar(self.book.of(listing), terms, self.shift);
        let start = self.taken.partition_point(|(owner, ..)| *owner < listing);
        for (_, from, to) in self.taken[start..].iter().take_while(|(owner, ..)| *owner == listing) {
            days::join(&mut calendar.taken, NightRange::new(*from, *to));
        }
        calendar
    }

    /// Of all files and options.
    pub(super) fn hash(&self) -> String {
        crate::platform::instance::hex(&self.hash.clone().finalize())
    }
}

/// Reads files one after the other, showing how far it is.
pub(super) struct Reading<'a> {
    progress: &'a dyn Progress,
    before: u64,
    total: u64,
    rows: u64,
}

impl<'a> Reading<'a> {
    pub(super) fn new(progress: &'a dyn Progress, files: &[&ImportFile]) -> Self {
        Self { progress, before: 0, total: files.iter().map(|file| file.size()).sum(), rows: 0 }
    }

    /// Hands every row of `file` to `take`, then adds the file to the survey's hash.
    pub(super) fn file(
        &mut self,
        survey: &mut Survey,
        file: &ImportFile,
        required: &[&str],
        mut take: impl FnMut(&mut Survey, &super::table::Row<'_>) -> Result<(), Misfit>,
    ) -> Result<(), ImportError> {
        let mut table = Table::open(file, required, true)?;
        let name = table.name().to_owned();
        while let Some(row) = table.next_row()? {
            if let Err(misfit) = row.whole().and_then(|()| take(survey, &row)) {
                survey.bad(&name, row.line, misfit);
            }
            self.rows += 1;
            if self.rows.is_multiple_of(ROWS_PER_TICK) {
                self.tick(table.meter())?;
            }
        }
        self.tick(table.meter())?;
        self.before += table.meter().read();
        survey.hash.update(table.meter().hash());
        Ok(())
    }

    fn tick(&self, meter: &Meter) -> Result<(), ImportError> {
        match self.progress.report(Stage::Checking, self.before + meter.read(), self.total) {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(ImportError::Stopped(Stage::Checking)),
        }
    }
}
