//! A policy of the operator's own: a table of rows as somebody writes it, judged, and then terms like any other.

use super::policy::{Deadline, GraceRule, Kept, Later, Policy, Rules, WHOLE_BP};
use crate::features::listings::line;
use crate::platform::error::FieldError;

const MOST_ROWS: usize = 10;
const MOST_DAYS: u16 = 365;
const MOST_HOURS: u16 = 720;
const MOST_NIGHTS: u16 = 365;
const MOST_GRACE_HOURS: u16 = 168;
const LONGEST_KEY: usize = 40;
const LONGEST_NAME: usize = 60;

/// As the operator writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnTable {
    /// What homes name it by, for ever.
    pub key: String,
    /// What people read.
    pub name: String,
    /// For stays of 28 nights and more; else for shorter ones.
    pub long: bool,
    /// The earliest first; the last one ends at check-in.
    pub rows: Vec<Row>,
    /// `None`: C1 for short stays, and none for long ones.
    pub grace: Option<GraceRule>,
    pub after_check_in: Later,
}

/// Whoever cancels so long before check-in or earlier, and later than the row before says, leaves the host this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Row {
    /// Either dates at the wall time of arrival (D7), or hours.
    pub days: Option<u16>,
    pub hours: Option<u16>,
    pub kept: Kept,
}

/// Tables that are known by name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preset {
    /// 48 hours to think again for stays that are confirmed 14 days before or earlier; half until 7 days before; then all (C1).
    ClassicStrict,
}

impl Preset {
    pub(crate) const NAMES: &'static str = "classic_strict";

    #[must_use]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        (name == Self::NAMES).then_some(Self::ClassicStrict)
    }

    /// Its table under a name of the operator's.
    #[must_use]
    pub(crate) fn table(self, key: String, name: String) -> OwnTable {
        let row = |days, rest_bp| Row { days: Some(days), hours: None, kept: Kept { nights: 0, rest_bp } };
        match self {
            Self::ClassicStrict => OwnTable {
                key,
                name,
                long: false,
                rows: vec![row(7, WHOLE_BP / 2), row(0, WHOLE_BP)],
                grace: Some(GraceRule { hours: 48, confirmed_days: 14, latest_days: None }),
                after_check_in: Later::ALL,
            },
        }
    }
}

impl Row {
    /// How early it is on paper, where a day has 24 hours. `None`: it says neither days nor hours, or both.
    fn hours_early(self) -> Option<u32> {
        match (self.days, self.hours) {
            (Some(days), None) => Some(u32::from(days) * 24),
            (None, Some(hours)) => Some(hours.into()),
            _ => None,
        }
    }
}

impl OwnTable {
    /// Everything that is wrong with it; empty when it can be kept. Pointers are those of the fields as they are sent.
    #[must_use]
    pub(crate) fn faults(&self) -> Vec<FieldError> {
        let mut faults = Faults::default();
        let letter = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let is_key = self.key.len() <= LONGEST_KEY && self.key.bytes().all(letter) && self.key.starts_with(|c: char| c.is_ascii_lowercase());
        faults.unless(is_key, "/key", "invalid_text", "is 1 to 40 of a-z, 0-9 and _, a letter first");
        faults.unless(Policy::parse(&self.key).is_none(), "/key", "invalid_policy", "is the name of a standard policy");
        faults.unless(self.name().is_some(), "/name", "invalid_text", "is one line of 1 to 60 characters, without control characters");
        faults.rows(&self.rows);
        if let Some(grace) = self.grace {
            faults.range("/grace/hours", grace.hours, 1, MOST_GRACE_HOURS);
            faults.range("/grace/confirmed_days", grace.confirmed_days, 0, MOST_DAYS);
            faults.range("/grace/latest_days", grace.latest_days.unwrap_or(0), 0, MOST_DAYS);
        }
        faults.later(self.after_check_in, self.rows.last().map_or(Kept::NOTHING, |row| row.kept));
        faults.0
    }

    /// The name as it is kept; `None` where it is none.
    #[must_use]
    pub(crate) fn name(&self) -> Option<String> {
        line(&self.name, LONGEST_NAME).ok().filter(|name| !name.is_empty())
    }

    /// The terms that a booking promises. `None` where [`Self::faults`] has something to say about the rows.
    #[must_use]
    pub(crate) fn rules(&self) -> Option<Rules> {
        let (last, deadlines) = self.rows.split_last()?;
        let deadline = |row: &Row| row.hours_early().map(|_early| Deadline { days: row.days.unwrap_or(0), hours: row.hours, kept: row.kept });
        Some(Rules {
            policy: self.key.clone(),
            grace: self.grace.or((!self.long).then_some(GraceRule::SHORT)),
            deadlines: deadlines.iter().map(deadline).collect::<Option<_>>()?,
            until_check_in: last.kept,
            after_check_in: self.after_check_in,
        })
    }
}

#[derive(Default)]
struct Faults(Vec<FieldError>);

impl Faults {
    fn unless(&mut self, fine: bool, pointer: &str, code: &'static str, message: impl Into<String>) {
        if !fine {
            self.0.push(FieldError::new(pointer, code, message));
        }
    }

    fn range(&mut self, pointer: &str, number: u16, least: u16, most: u16) {
        self.unless((least..=most).contains(&number), pointer, "out_of_range", format!("is {least} to {most}"));
    }

    fn kept(&mut self, at: &str, kept: Kept) {
        self.range(&format!("{at}/first_nights"), kept.nights, 0, MOST_NIGHTS);
        self.unless(kept.rest_bp <= WHOLE_BP, &format!("{at}/kept_bp"), "out_of_range", "is 0 to 10000");
    }

    fn rows(&mut self, rows: &[Row]) {
        self.unless((1..=MOST_ROWS).contains(&rows.len()), "/rows", "out_of_range", "are 1 to 10");
        for (n, row) in rows.iter().take(MOST_ROWS).enumerate() {
            let at = format!("/rows/{n}");
            self.unless(row.hours_early().is_some(), &at, "invalid_policy", "has either `days_before` or `hours_before`");
            self.range(&format!("{at}/days_before"), row.days.unwrap_or(0), 0, MOST_DAYS);
            self.range(&format!("{at}/hours_before"), row.hours.unwrap_or(0), 0, MOST_HOURS);
            self.kept(&at, row.kept);
        }
        for (n, pair) in rows.windows(2).take(MOST_ROWS).enumerate() {
            let (before, row, at) = (pair[0], pair[1], format!("/rows/{}", n + 1));
            if let (Some(earlier), Some(later)) = (before.hours_early(), row.hours_early()) {
                self.unless(later < earlier, &at, "invalid_policy", "is nearer to check-in than the row before");
            }
            // Whoever waits never gets more back (C15).
            self.unless(row.kept.covers(before.kept) && row.kept != before.kept, &at, "invalid_policy", "keeps more than the row before");
        }
        let ends = rows.last().is_none_or(|row| row.hours_early().is_none_or(|early| early == 0));
        self.unless(ends, "/rows", "invalid_policy", "end with one of 0 days or hours: what is kept until check-in");
    }

    fn later(&mut self, later: Later, until_check_in: Kept) {
        const AT: &str = "/after_check_in";
        self.range(&format!("{AT}/further_nights"), later.further_nights.unwrap_or(0), 0, MOST_NIGHTS);
        self.unless(later.rest_bp <= WHOLE_BP, &format!("{AT}/kept_bp"), "out_of_range", "is 0 to 10000");
        // Of the first night on, which is spent then.
        self.unless(later.after(1).covers(until_check_in), AT, "invalid_policy", "keeps no less than the last row");
    }
}
