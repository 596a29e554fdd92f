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
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
