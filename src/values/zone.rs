//! Time zones of listings (docs/RULES.md, D4–D9). Zone data is compiled in, so that a bare container knows it too.

use super::{Instant, Night};
use jiff::tz::TimeZone;

/// An IANA time zone that is known to exist, such as `America/New_York`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    name: String,
    rules: TimeZone,
}

/// What a clock on the wall of a listing shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalMoment {
    /// Today's date there.
    pub today: Night,
    /// Minutes since local midnight, 0..1440.
    pub minute: u16,
}

impl Zone {
    /// Finds a zone by its IANA name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        let rules = TimeZone::get(name).ok()?;
        let name = rules.iana_name()?.to_owned();
        Some(Self { name, rules })
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The local date and minute at `now` (D9).
    #[must_use]
    pub fn local(&self, now: Instant) -> LocalMoment {
        let there = now.timestamp().to_zoned(self.rules.clone()).datetime();
        let minute = i32::from(there.hour()) * 60 + i32::from(there.minute());
        LocalMoment { today: Night::from_date(there.date()), minute: u16::try_from(minute).unwrap_or(0) }
    }

    /// The instant at which the clock on the wall shows `minute` (0..1440) on the date of `night` (D6).
    #[must_use]
    pub fn resolve(&self, night: Night, minute: u16) -> Instant {
        self.instant(night, 60 * i64::from(minute.min(1_439)))
    }

    /// When a clock on the wall here shows `second` seconds after midnight of `day`. A time that a change of clocks leaves out moves forward by what was
    /// left out, of one that comes twice it is the first (D6; RFC 5545, section 3.3.5).
    #[must_use]
    pub fn instant(&self, day: Night, second: i64) -> Instant {
        let midnight = day.date().at(0, 0, 0, 0);
        let shown = midnight.checked_add(jiff::SignedDuration::from_secs(second)).unwrap_or(midnight);
        let at = self.rules.to_ambiguous_timestamp(shown).compatible();
        Instant(at.map_or_else(|_out_of_reach| i64::from(day.0).saturating_mul(86_400 * Instant::SECOND), |at| at.as_microsecond()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skipped_times_move_forward_and_doubled_ones_are_the_earlier() {
        for (zone, date, time, at) in [
            ("Europe/Berlin", "2026-03-29", (2, 30), "2026-03-29T01:30:00Z"),
            ("Europe/Berlin", "2026-03-29", (3, 30), "2026-03-29T01:30:00Z"),
            ("Europe/Berlin", "2026-10-25", (2, 30), "2026-10-25T00:30:00Z"),
            ("Europe/Berlin", "2026-10-25", (3, 0), "2026-10-25T02:00:00Z"),
            ("Europe/Berlin", "2026-07-01", (15, 0), "2026-07-01T13:00:00Z"),
            // Half an hour is skipped, and doubled.
            ("Australia/Lord_Howe", "2026-10-04", (2, 15), "2026-10-03T15:45:00Z"),
            ("Australia/Lord_Howe", "2026-04-05", (1, 45), "2026-04-04T14:45:00Z"),
            // Midnight does not exist.
            ("America/Sao_Paulo", "2018-11-04", (0, 0), "2018-11-04T03:00:00Z"),
            // A whole day does not exist.
            ("Pacific/Apia", "2011-12-30", (15, 0), "2011-12-31T01:00:00Z"),
            ("Asia/Kathmandu", "2026-01-01", (15, 0), "2026-01-01T09:15:00Z"),
        ] {
            let found = Zone::parse(zone).unwrap().resolve(Night::parse(date).unwrap(), time.0 * 60 + time.1);
            assert_eq!(found.to_string(), at, "{zone} {date} {time:?}");
        }
    }

    #[test]
    fn one_instant_is_another_date_elsewhere() {
        let now = Instant::parse("2026-03-01T02:30:00Z").unwrap();
        for (zone, today, minute) in
            [("America/New_York", "2026-02-28", 21 * 60 + 30), ("Europe/Berlin", "2026-03-01", 3 * 60 + 30), ("Pacific/Apia", "2026-03-01", 15 * 60 + 30)]
        {
            let local = Zone::parse(zone).unwrap().local(now);
            assert_eq!((local.today.to_string().as_str(), local.minute), (today, minute), "{zone}");
        }
        assert!(Zone::parse("Mars/Olympus").is_none());
    }

    #[test]
    fn wall_clocks_lead_to_instants() {
        let berlin = Zone::parse("Europe/Berlin").unwrap();
        for (day, second, instant) in [
            ("2026-06-01", 14 * 3_600, "2026-06-01T12:00:00Z"),
            ("2026-03-29", 2 * 3_600 + 1_800, "2026-03-29T01:30:00Z"),
            ("2026-10-25", 2 * 3_600 + 1_800, "2026-10-25T00:30:00Z"),
        ] {
            assert_eq!(berlin.instant(Night::parse(day).unwrap(), second), Instant::parse(instant).unwrap(), "{day}");
        }
        assert!(berlin.instant(Night::LAST, 86_399) > berlin.instant(Night::FIRST, 0));
    }
}
