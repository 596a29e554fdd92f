//! What the callers want, and what they met, added up.

use crate::values::{Instant, Night};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Most nights of a stay.
const LONGEST: u64 = 6;
/// Days from the first one on that stays are wanted in.
const HORIZON_DAYS: i32 = 300;
/// How long after a booking ended others may still have seen it.
const COMMIT_SECONDS: i64 = 30;
/// Words of errors that are kept.
const SAMPLES: usize = 5;

/// Looks random and is the same for the same seed.
#[derive(Debug, Clone)]
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// Of `0..bound`.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (x ^ (x >> 31)) % bound.max(1)
    }

    /// A stay of one to six nights.
    pub(super) fn stay(&mut self, first: Night) -> (Night, Night) {
        let days = u64::try_from(HORIZON_DAYS).unwrap_or(1);
        let check_in = first.plus(i32::try_from(self.below(days)).unwrap_or(0));
        (check_in, check_in.plus(1 + i32::try_from(self.below(LONGEST)).unwrap_or(0)))
    }

    /// Most pay and stay; one in sixteen each is refused by the bank, thinks better of it before paying, or calls off afterwards.
    pub(super) fn intent(&mut self) -> Intent {
        match self.below(16) {
            0 => Intent::BadCard,
            1 => Intent::Withdraw,
            2 => Intent::Cancel,
            _ => Intent::Stay,
        }
    }
}

/// What a caller does once the nights are theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Intent {
    Stay,
    BadCard,
    Withdraw,
    Cancel,
}

/// A stay that somebody was told is not free: which home, from when to when, and when they had asked and were told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Refused {
    pub home: usize,
    pub nights: (Night, Night),
    pub asked: Instant,
    pub told: Instant,
}

/// A booking that there is or was: its nights, when it was made, and when it ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Had {
    pub nights: (Night, Night),
    pub made: Instant,
    pub ended: Option<Instant>,
}

impl Had {
    /// Whether it had a night of the stay while somebody asked for it.
    fn explains(&self, refused: &Refused) -> bool {
        let shares = self.nights.0 < refused.nights.1 && refused.nights.0 < self.nights.1;
        // What ended is still seen until it is committed, which may wait for others.
        shares && self.made <= refused.told && self.ended.is_none_or(|at| at.plus_seconds(COMMIT_SECONDS) >= refused.asked)
    }
}

/// Stays at one home.
pub(super) type Stays = Vec<Had>;

/// What one caller met.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    pub attempts: u64,
    pub confirmed: u64,
    pub withdrawn: u64,
    pub cancelled: u64,
    pub refused: BTreeMap<&'static str, u64>,
    /// Refusals of nights without reasons, or without the nearest free ones.
    pub bare_refusals: u64,
    pub not_free: Vec<Refused>,
    pub errors: u64,
    pub samples: Vec<String>,
    pub took: Vec<Duration>,
}

impl Tally {
    pub(super) fn broke(&mut self, what: String) {
        self.errors += 1;
        if self.samples.len() < SAMPLES {
            self.samples.push(what);
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.confirmed += other.confirmed;
        self.withdrawn += other.withdrawn;
        self.cancelled += other.cancelled;
        for (code, count) in other.refused {
            *self.refused.entry(code).or_default() += count;
        }
        self.bare_refusals += other.bare_refusals;
        self.not_free.extend(other.not_free);
        self.errors += other.errors;
        self.samples.extend(other.samples);
        self.samples.truncate(SAMPLES);
        self.took.extend(other.took);
    }
}

/// What the tables say when all callers are done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Found {
    /// Pairs of bookings of one home that share a night.
    pub overlaps: i64,
    /// Bookings that stand and whose nights are not all theirs, and nights that belong to no booking that stands.
    pub half: i64,
    /// Bookings that stand as paid, and whose money is not there, or the other way round.
    pub unpaid: i64,
}

/// What came of it.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub seconds: f64,
    pub attempts: u64,
    /// Paid and confirmed, called off later or not.
    pub accepted: u64,
    pub withdrawn: u64,
    pub cancelled: u64,
    pub refused: BTreeMap<&'static str, u64>,
    pub errors: u64,
    /// Of the errors, some.
    pub samples: Vec<String>,
    #[serde(flatten)]
    pub found: Found,
    /// Refusals of nights that nobody had then.
    pub needless: u64,
    /// Refusals of nights without reasons or without other free nights.
    pub bare: u64,
    /// What does not hold in the books; empty when all is well.
    pub books: String,
    pub per_second: f64,
    pub p50_ms: f64,
    pub p99_ms: f64,
}

impl Report {
    #[expect(clippy::float_arithmetic, clippy::cast_precision_loss, reason = "a rate for people to read")]
    pub(super) fn of(mut all: Tally, needless: u64, found: Found, books: String, took: Duration) -> Self {
        all.took.sort_unstable();
        let seconds = took.as_secs_f64();
        Self {
            seconds,
            attempts: all.attempts,
            accepted: all.confirmed,
            withdrawn: all.withdrawn,
            cancelled: all.cancelled,
            refused: all.refused,
            errors: all.errors,
            samples: all.samples,
            found,
            needless,
            bare: all.bare_refusals,
            books,
            per_second: all.confirmed as f64 / seconds.max(0.001),
            p50_ms: millis(&all.took, 50),
            p99_ms: millis(&all.took, 99),
        }
    }

    /// Nothing was sold twice, nothing is half, nothing broke.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.found == Found::default() && self.errors == 0 && self.needless == 0 && self.bare == 0 && self.books.is_empty()
    }
}

/// A percentile of sorted times.
#[expect(clippy::float_arithmetic, reason = "milliseconds for people to read")]
fn millis(sorted: &[Duration], percent: usize) -> f64 {
    let at = (sorted.len() * percent / 100).min(sorted.len().saturating_sub(1));
    sorted.get(at).map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
}

/// Refusals of nights that no booking had at that time, this run's or another's. `stays`: all there ever were, home by home.
pub(super) fn needless(refused: &[Refused], stays: &[Stays]) -> u64 {
    let had = |refused: &Refused| stays.get(refused.home).is_some_and(|stays| stays.iter().any(|stay| stay.explains(refused)));
    refused.iter().filter(|refused| !had(refused)).count().try_into().unwrap_or(u64::MAX)
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "attempts   {} in {:.1} s", self.attempts, self.seconds)?;
        writeln!(f, "accepted   {}, of which {} were called off later", self.accepted, self.cancelled)?;
        writeln!(f, "withdrawn  {}", self.withdrawn)?;
        for (code, count) in &self.refused {
            writeln!(f, "refused    {count} {code}")?;
        }
        writeln!(f, "errors     {}", self.errors)?;
        self.samples.iter().try_for_each(|sample| writeln!(f, "           {sample}"))?;
        writeln!(f, "overlaps   {}", self.found.overlaps)?;
        writeln!(f, "half       {} bookings or nights; {} bookings whose money does not fit", self.found.half, self.found.unpaid)?;
        writeln!(f, "needless   {} refusals of nights that nobody had then; {} without reasons or other free nights", self.needless, self.bare)?;
        writeln!(f, "books      {}", if self.books.is_empty() { "all invariants hold" } else { &self.books })?;
        write!(f, "bookings   {:.0} a second, from the wish to the confirmation p50 {:.1} ms, p99 {:.1} ms", self.per_second, self.p50_ms, self.p99_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night(text: &str) -> Night {
        Night::parse(text).unwrap()
    }

    #[test]
    fn stays_are_short_and_soon_and_the_same_for_a_seed() {
        let first = night("2027-01-01");
        let draw = |seed| (0..500).scan(Dice::new(seed), |dice, _| Some(dice.stay(first))).collect::<Vec<_>>();
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        for (from, to) in draw(3) {
            assert!((1..=6).contains(&from.days_until(to)) && (0..HORIZON_DAYS).contains(&first.days_until(from)));
        }
    }

    #[test]
    fn a_refusal_is_needless_when_nobody_had_a_night_of_it_then() {
        let had = Had { nights: (night("2027-01-03"), night("2027-01-05")), made: Instant(10), ended: Some(Instant(20).plus_seconds(-COMMIT_SECONDS)) };
        let stays = vec![vec![had], vec![]];
        let asked =
            |home, from, to, (asked, told)| needless(&[Refused { home, nights: (night(from), night(to)), asked: Instant(asked), told: Instant(told) }], &stays);
        assert_eq!(asked(0, "2027-01-04", "2027-01-08", (12, 13)), 0);
        assert_eq!(asked(0, "2027-01-05", "2027-01-08", (12, 13)), 1, "they leave in the morning");
        assert_eq!(asked(1, "2027-01-04", "2027-01-08", (12, 13)), 1, "another home");
        assert_eq!([(8, 9), (8, 10), (20, 22), (21, 22)].map(|when| asked(0, "2027-01-04", "2027-01-08", when)), [1, 0, 0, 1], "before and after");
    }

    #[test]
    fn percentiles_are_of_the_times_themselves() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!((millis(&times, 50), millis(&times, 99), millis(&[], 99)), (51.0, 100.0, 0.0));
    }
}
