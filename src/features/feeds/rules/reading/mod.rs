//! From a calendar of another site to the nights it takes, event by event, each with its verdict (docs/RULES.md, I1 to I7).

use super::components::{self, Raw};
use super::dialects::{self, Class};
use super::lines::Line;
use super::repeats::{self, Budget, Until};
use super::times::{self, When};
use super::{Unreadable, Verdict, Warning};
use crate::values::{Instant, Night, NightRange, Zone};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Nights ahead that are taken over; what begins later is left out.
pub const HORIZON: i32 = 1_095;
/// Rules of repetition are followed so far only.
const REPEATS: i32 = 730;
/// I7: blocks that reach this far ahead are the other site's booking window, those that end this soon its notice.
const WINDOW_FROM: i32 = 300;
const NOTICE_TO: i32 = 7;
/// Dates named one by one (RDATE, EXDATE) that are looked at in one event.
const DATES: usize = 2_000;

/// How a host wants a calendar read, and where and when it is read.
#[derive(Debug, Clone)]
pub struct Manner {
    /// Of the listing.
    pub zone: Zone,
    /// Today there.
    pub today: Night,
    /// Whether a timed event inside one day takes that night.
    pub block_same_day: bool,
    /// I7.
    pub ignore_window_blocks: bool,
}

/// One event, and what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub uid: String,
    pub summary: String,
    pub class: Class,
    pub verdict: Verdict,
    pub warnings: Vec<Warning>,
    /// The nights it takes: one range, or one for each repetition.
    pub ranges: Vec<NightRange>,
}

/// A calendar that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub site: &'static str,
    pub product: String,
    pub events: Vec<Seen>,
    pub strange_lines: usize,
}

impl Reading {
    /// What is taken, joined where it overlaps: the same home cannot be taken twice. Ranges that touch stay apart.
    #[must_use]
    pub fn taken(&self) -> Vec<(NightRange, Class)> {
        let mut all: Vec<(NightRange, Class)> =
            self.events.iter().filter(|seen| seen.verdict == Verdict::Takes).flat_map(|seen| seen.ranges.iter().map(|range| (*range, seen.class))).collect();
        all.sort_unstable();
        let mut joined: Vec<(NightRange, Class)> = Vec::with_capacity(all.len());
        for (range, class) in all {
            match joined.last_mut() {
                Some((last, of)) if range.from < last.to => (last.to, *of) = (last.to.max(range.to), (*of).max(class)),
                _ => joined.push((range, class)),
            }
        }
        joined
    }

    /// How often something was odd.
    #[must_use]
    pub fn warnings(&self) -> usize {
        self.strange_lines + self.events.iter().map(|seen| seen.warnings.len()).sum::<usize>()
    }
}

/// Reads a calendar. `is_own` tells by its UID an event that came from this very listing.
pub fn read(bytes: &[u8], manner: &Manner, is_own: impl Fn(&str) -> bool) -> Result<Reading, Unreadable> {
    understood(bytes, manner, is_own, true)
}

/// [`read`] for its nights alone: what the events call themselves is not kept, so that a calendar of the largest kind takes little more room
/// than its own text.
pub fn read_nights(bytes: &[u8], manner: &Manner, is_own: impl Fn(&str) -> bool) -> Result<Reading, Unreadable> {
    understood(bytes, manner, is_own, false)
}

fn understood(bytes: &[u8], manner: &Manner, is_own: impl Fn(&str) -> bool, words: bool) -> Result<Reading, Unreadable> {
    let mut replaced = Replaced::default();
    components::each(bytes, |raw| {
        replaced.note(&raw, &manner.zone);
        Ok(())
    })?;
    let (mut budget, mut events) = (Budget::default(), Vec::new());
    let head = components::each(bytes, |raw| {
        let mut event = Event { raw: &raw, manner, replaced: &replaced, warnings: Vec::new() };
        let (verdict, ranges) = event.judge(&mut budget, &is_own)?;
        let (warnings, class) = (event.warnings, dialects::class(&raw.summary));
        let (uid, summary) = if words { (raw.uid, raw.summary) } else { Default::default() };
        events.push(Seen { uid, summary, class, verdict, warnings, ranges });
        Ok(())
    })?;
    // Were it believed, a calendar whose dates nobody here understands would open every night.
    if !events.is_empty() && events.iter().all(|seen| seen.verdict == Verdict::Unreadable) {
        return Err(Unreadable::NoDates);
    }
    Ok(Reading { site: dialects::site(&head.product), product: head.product, events, strange_lines: head.strange_lines })
}

/// Days of repeating events for which another event stands, by a hash of their UID: a calendar may hold thousands of long ones.
#[derive(Default)]
struct Replaced(HashSet<(u64, u64, Night)>);

impl Replaced {
    fn note(&mut self, raw: &Raw, zone: &Zone) {
        let instead_of = raw.instead_of.as_ref().filter(|_| !raw.uid.is_empty());
        if let Some(read) = instead_of.and_then(|line| times::read(line, &line.value, zone)) {
            self.0.insert(Self::place(&raw.uid, read.when.local_day(zone)));
        }
    }

    /// Whether this event is the repeating one, and another stands for it on `day`.
    fn covers(&self, raw: &Raw, day: Night) -> bool {
        !self.0.is_empty() && raw.instead_of.is_none() && self.0.contains(&Self::place(&raw.uid, day))
    }

    fn place(uid: &str, day: Night) -> (u64, u64, Night) {
        (xxh3_64_with_seed(uid.as_bytes(), 1), xxh3_64_with_seed(uid.as_bytes(), 2), day)
    }
}

struct Event<'a> {
    raw: &'a Raw,
    manner: &'a Manner,
    replaced: &'a Replaced,
    warnings: Vec<Warning>,
}

/// How long an event lasts, wherever it begins.
enum Length {
    Nights(i32),
    Seconds(i64),
    /// Until this time, so many days after the first.
    Until(i32, When),
}

impl Event<'_> {
    fn judge(&mut self, budget: &mut Budget, is_own: &impl Fn(&str) -> bool) -> Result<(Verdict, Vec<NightRange>), Unreadable> {
        let without_nights = |verdict| Ok((verdict, Vec::new()));
        if self.raw.cancelled {
            return without_nights(Verdict::Cancelled);
        }
        if self.raw.transparent {
            return without_nights(Verdict::Transparent);
        }
        if is_own(&self.raw.uid) {
            return without_nights(Verdict::Own);
        }
        let Some(start) = self.raw.start.as_ref().and_then(|line| self.time(line, &line.value)) else { return without_nights(Verdict::Unreadable) };
        let length = self.length(&start);
        let all: Vec<NightRange> = self.starts(&start, &length, budget)?.iter().map(|start| self.range(start, &length)).collect();
        let longest = all.iter().map(|range| range.nights()).max().unwrap_or(0);
        if dialects::is_marker(&self.raw.summary, longest) {
            return without_nights(Verdict::Marker);
        }
        Ok(self.left(all))
    }

    /// What is left of the ranges, and why the others are not.
    fn left(&self, all: Vec<NightRange>) -> (Verdict, Vec<NightRange>) {
        let today = self.manner.today;
        let empty = all.iter().all(|range| range.nights() == 0);
        let ahead: Vec<NightRange> = all.iter().copied().filter(|range| range.nights() > 0 && range.to > today).collect();
        let near: Vec<NightRange> = ahead.iter().copied().filter(|range| range.from < today.plus(HORIZON)).collect();
        let is_window = |range: &NightRange| range.to >= today.plus(WINDOW_FROM) || range.to <= today.plus(NOTICE_TO);
        let ignores = self.manner.ignore_window_blocks && dialects::class(&self.raw.summary) == Class::Block;
        let kept: Vec<NightRange> = near.iter().copied().filter(|range| !(ignores && is_window(range))).collect();
        let verdict = match () {
            () if !kept.is_empty() => Verdict::Takes,
            () if !near.is_empty() => Verdict::Window,
            () if !ahead.is_empty() => Verdict::Beyond,
            () if empty && !all.is_empty() => Verdict::SameDay,
            () => Verdict::Past,
        };
        (verdict, kept)
    }

    fn time(&mut self, line: &Line, value: &str) -> Option<When> {
        let read = times::read(line, value, &self.manner.zone)?;
        if read.unknown_zone {
            self.warn(Warning::UnknownZone);
        }
        Some(read.when)
    }

    fn warn(&mut self, warning: Warning) {
        if !self.warnings.contains(&warning) {
            self.warnings.push(warning);
        }
    }

    /// I2: without an end one night for a date, nothing for a time; an end at or before the beginning is one night.
    fn length(&mut self, start: &When) -> Length {
        let whole_days = matches!(start, When::Day(_));
        if let Some(line) = &self.raw.end {
            if let Some(end) = self.time(line, &line.value) {
                let days = start.day().days_until(end.day());
                if days < 0 {
                    self.warn(Warning::EndsBeforeItBegins);
                }
                return if whole_days { Length::Nights(start.day().days_until(end.local_day(&self.manner.zone)).max(1)) } else { Length::Until(days, end) };
            }
            self.warn(Warning::NoEnd);
        }
        if let Some(line) = &self.raw.duration {
            match times::duration(&line.value) {
                Some(seconds) if whole_days => return Length::Nights(times::nights(seconds)),
                Some(seconds) => return Length::Seconds(seconds),
                None => self.warn(Warning::NoEnd),
            }
        }
        if whole_days { Length::Nights(1) } else { Length::Seconds(0) }
    }

    /// I3: from the local date of the beginning up to the local date of the end.
    fn range(&self, start: &When, length: &Length) -> NightRange {
        let from = start.local_day(&self.manner.zone);
        let end = match length {
            Length::Nights(nights) => from.plus(*nights),
            Length::Seconds(seconds) => start.instant().map_or(from, |at| self.manner.zone.local(at.plus_seconds(*seconds)).today),
            Length::Until(days, end) => end.on(start.day().plus(*days)).local_day(&self.manner.zone),
        };
        let timed = matches!(start, When::Clock { .. });
        let to = if end <= from && (!timed || self.manner.block_same_day) { from.plus(1) } else { end };
        NightRange::new(from, to.min(Night::LAST))
    }

    /// Where the event begins: once, or as often as its rule says inside the window.
    fn starts(&mut self, start: &When, length: &Length, budget: &mut Budget) -> Result<Vec<When>, Unreadable> {
        let mut days = vec![start.day()];
        if let Some(line) = &self.raw.rule {
            match repeats::parse(&line.value) {
                Some(rule) => {
                    if rule.ignored_times {
                        self.warn(Warning::TimesOfRule);
                    }
                    let (from, to) = self.window(start, length);
                    let lives = |day: Night| match rule.until {
                        None => true,
                        Some(Until::Day(last)) => day <= last,
                        Some(Until::Instant(last)) => start.on(day).instant().unwrap_or(midnight(day)) <= last,
                    };
                    days = rule.starts(start.day(), from, to, budget, lives).map_err(|_exhausted| Unreadable::TooManyRepeats)?;
                }
                None => self.warn(Warning::UnknownRule),
            }
        }
        let mut starts: Vec<When> = days.into_iter().map(|day| start.on(day)).collect();
        for line in &self.raw.more {
            for value in line.value.split(',').take(DATES) {
                match self.time(line, value) {
                    Some(when) => starts.push(when),
                    None => self.warn(Warning::UnknownDate),
                }
            }
        }
        if starts.len() > repeats::OCCURRENCES {
            return Err(Unreadable::TooManyRepeats);
        }
        let gone = self.exceptions();
        let is_gone = |day: Night| gone.contains(&day) || self.replaced.covers(self.raw, day);
        starts.retain(|when| !is_gone(when.local_day(&self.manner.zone)));
        Ok(starts)
    }

    /// Days that are taken out of the repetition. A day is enough: no home is taken twice on one.
    fn exceptions(&mut self) -> HashSet<Night> {
        let mut gone = HashSet::new();
        for line in &self.raw.without {
            for value in line.value.split(',').take(DATES) {
                match self.time(line, value) {
                    Some(when) => drop(gone.insert(when.local_day(&self.manner.zone))),
                    None => self.warn(Warning::UnknownDate),
                }
            }
        }
        gone
    }

    /// Dates on which a repetition may begin and still matter.
    fn window(&self, start: &When, length: &Length) -> (Night, Night) {
        let lasts = i32::try_from(self.range(start, length).nights()).unwrap_or(i32::MAX / 2);
        (self.manner.today.plus(-lasts - 2), self.manner.today.plus(REPEATS))
    }
}

fn midnight(day: Night) -> Instant {
    Instant(i64::from(day.0).saturating_mul(86_400 * Instant::SECOND))
}

#[cfg(test)]
mod tests;
