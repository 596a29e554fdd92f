//! Dates, times and durations of iCalendar. Whatever has a time of day is an instant in the end; whatever has none is a date.

use super::lines::Line;
use crate::values::{Instant, Night, Zone};

const DAY_SECONDS: i64 = 86_400;

/// A date, or a time of day in some zone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum When {
    Day(Night),
    Clock { day: Night, second: i64, zone: Zone },
}

impl When {
    /// The date, as it is written.
    pub(super) fn day(&self) -> Night {
        match self {
            Self::Day(day) | Self::Clock { day, .. } => *day,
        }
    }

    /// The same on another date.
    pub(super) fn on(&self, day: Night) -> Self {
        match self {
            Self::Day(_) => Self::Day(day),
            Self::Clock { second, zone, .. } => Self::Clock { day, second: *second, zone: zone.clone() },
        }
    }

    /// The instant, where there is one.
    pub(super) fn instant(&self) -> Option<Instant> {
        match self {
            Self::Day(_) => None,
            Self::Clock { day, second, zone } => Some(zone.instant(*day, *second)),
        }
    }

    /// The date in the zone of a listing.
    pub(super) fn local_day(&self, listing: &Zone) -> Night {
        self.instant().map_or(self.day(), |at| listing.local(at).today)
    }
}

/// A value that was read, and whether its zone had to be guessed.
pub(super) struct Read {
    pub when: When,
    pub unknown_zone: bool,
}

/// Reads the value of DTSTART, DTEND, RECURRENCE-ID, or one of EXDATE and RDATE. Times without a zone are the listing's; those of a zone that
/// nobody knows are taken as UTC.
pub(super) fn read(line: &Line, value: &str, listing: &Zone) -> Option<Read> {
    let value = value.trim();
    let day = date(value.get(..8)?)?;
    let Some(clock) = value.get(8..).filter(|rest| !rest.is_empty()) else { return Some(Read { when: When::Day(day), unknown_zone: false }) };
    let (clock, utc) = clock.strip_suffix(['Z', 'z']).map_or((clock, false), |clock| (clock, true));
    let digits = clock.strip_prefix(['T', 't'])?;
    if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let part = |from: usize| digits[from..from + 2].parse::<i64>().ok();
    let (hour, minute, leap) = (part(0)?, part(2)?, part(4)?);
    if hour > 23 || minute > 59 || leap > 60 {
        return None;
    }
    let second = hour * 3_600 + minute * 60 + leap.min(59);
    let named = line.parameter("TZID").filter(|_| !utc);
    let known = named.map(zone);
    let unknown_zone = matches!(known, Some(None));
    let zone = match known {
        Some(Some(zone)) => zone,
        None if !utc => listing.clone(),
        _ => Zone::parse("UTC")?,
    };
    Some(Read { when: When::Clock { day, second, zone }, unknown_zone })
}

/// A zone by its TZID, some of which carry a path before the name: `/example.org/20230101/Europe/Berlin`.
fn zone(id: &str) -> Option<Zone> {
    let id = id.trim();
    Zone::parse(id).or_else(|| id.match_indices('/').take(8).find_map(|(at, _)| Zone::parse(&id[at + 1..])))
}

/// `YYYYMMDD`, within the years that are understood.
pub(super) fn date(digits: &str) -> Option<Night> {
    if digits.len() != 8 || !digits.is_ascii() {
        return None;
    }
    Night::parse(&format!("{}-{}-{}", &digits[..4], &digits[4..6], &digits[6..]))
}

/// Seconds of a DURATION such as `P1W`, `P3D`, `PT36H` or `P1DT2H30M`; negative ones are refused.
pub(super) fn duration(text: &str) -> Option<i64> {
    let text = text.trim();
    let mut rest = text.strip_prefix('+').unwrap_or(text).strip_prefix(['P', 'p'])?;
    let (mut seconds, mut of_day, mut parts) = (0_i64, false, 0);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix(['T', 't']) {
            (rest, of_day) = (time, true);
            continue;
        }
        let end = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: i64 = rest[..end].parse().ok()?;
        let unit = match (rest[end..].chars().next()?.to_ascii_uppercase(), of_day) {
            ('W', false) => 7 * DAY_SECONDS,
            ('D', false) => DAY_SECONDS,
            ('H', true) => 3_600,
            ('M', true) => 60,
            ('S', true) => 1,
            _ => return None,
        };
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
        rest = &rest[end + 1..];
        parts += 1;
    }
    (parts > 0).then_some(seconds)
}

/// Nights of an all-day event that lasts so long: begun days count whole, and there is one at least.
pub(super) fn nights(seconds: i64) -> i32 {
    i32::try_from(seconds.saturating_add(DAY_SECONDS - 1) / DAY_SECONDS).unwrap_or(i32::MAX / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn at(line: &str) -> Option<String> {
        let line = lines::read(line.as_bytes()).unwrap();
        let read = read(&line, &line.value, &Zone::parse("America/New_York").unwrap())?;
        let guess = if read.unknown_zone { " ?" } else { "" };
        Some(read.when.instant().map_or_else(|| read.when.day().to_string(), |at| at.to_string()) + guess)
    }

    #[test]
    fn dates_and_times_are_read() {
        for (line, expected) in [
            ("DTSTART;VALUE=DATE:20260601", "2026-06-01"),
            ("DTSTART:20260601", "2026-06-01"),
            ("DTSTART:20260601T140000Z", "2026-06-01T14:00:00Z"),
            ("DTSTART;TZID=Europe/Berlin:20260601T140000", "2026-06-01T12:00:00Z"),
            ("DTSTART;TZID=\"/x.org/2023/Europe/Berlin\":20260601T140000", "2026-06-01T12:00:00Z"),
            // Without a zone: the listing's.
            ("DTSTART:20260601T140000", "2026-06-01T18:00:00Z"),
            ("DTSTART;TZID=Mars/Base:20260601T140000", "2026-06-01T14:00:00Z ?"),
            // An hour that does not exist is the one after it.
            ("DTSTART;TZID=America/New_York:20260308T023000", "2026-03-08T07:30:00Z"),
            ("DTSTART:20260601T235960Z", "2026-06-01T23:59:59Z"),
        ] {
            assert_eq!(at(line).as_deref(), Some(expected), "{line}");
        }
        for bad in [
            "DTSTART:",
            "DTSTART:2026",
            "DTSTART:20260230",
            "DTSTART:18000101",
            "DTSTART:20260601T25",
            "DTSTART:20260601T250000",
            "DTSTART:2026060\u{661}",
            "DTSTART:20260601X140000",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations_are_read() {
        for (text, seconds) in [("P1W", 604_800), ("P3D", 259_200), ("PT36H", 129_600), ("+P1DT2H30M5S", 95_405), ("PT0S", 0)] {
            assert_eq!(duration(text), Some(seconds), "{text}");
        }
        for bad in ["", "P", "PT", "3D", "-P1D", "P1M", "PT1D", "P1X", "P99999999999999999999D", "P9223372036854775807W"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!([nights(0), nights(86_400), nights(86_401), nights(i64::MAX)], [1, 1, 2, i32::MAX / 2]);
    }
}
