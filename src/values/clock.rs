//! Instants, and where they come from. Only `SystemClock` may ask the machine for the time.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(pub i64);

impl Instant {
    pub const SECOND: i64 = 1_000_000;

    /// This instant moved by whole seconds, later when positive; stops at the ends of the representable time.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(Self::SECOND)))
    }

    /// The same instant for `jiff`, which knows calendars and zones.
    #[must_use]
    pub fn timestamp(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX })
    }

    /// Reads an RFC 3339 text such as `2026-07-03T09:00:00Z`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        text.parse::<jiff::Timestamp>().ok().map(|t| Self(t.as_microsecond()))
    }
}

impl std::fmt::Display for Instant {
    /// RFC 3339 in UTC, as on the wire.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.timestamp().fmt(f)
    }
}

/// Where "now" comes from: the machine, or a test's hand.
pub trait Clock: Send + Sync {
    fn now(&self) -> Instant;

    /// Moves on by so many microseconds, zero or more; `false`: this clock cannot be moved.
    fn move_on(&self, _micros: i64) -> bool {
        false
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Instant {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros());
        Instant(i64::try_from(since).unwrap_or(i64::MAX))
    }
}

/// A clock that goes like the machine's and can be moved ahead of it, never back: for developers.
#[derive(Debug, Default)]
pub struct VirtualClock {
    /// Microseconds before the machine's clock.
    ahead: AtomicI64,
    /// The latest instant that anybody has seen: should the machine's clock be set back, this one waits.
    latest: AtomicI64,
}

impl VirtualClock {
    /// What the machine's clock shows.
    #[must_use]
    pub fn machine() -> Instant {
        SystemClock.now()
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> Instant {
        let shown = Self::machine().0.saturating_add(self.ahead.load(Ordering::SeqCst));
        Instant(self.latest.fetch_max(shown, Ordering::SeqCst).max(shown))
    }

    fn move_on(&self, micros: i64) -> bool {
        self.ahead.fetch_add(micros.max(0), Ordering::SeqCst);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_clock_goes_on_and_never_back() {
        let clock = VirtualClock::default();
        let before = clock.now();
        assert!(before >= VirtualClock::machine().plus_seconds(-60) && clock.now() >= before);
        assert!(clock.move_on(3_600 * Instant::SECOND));
        assert!(clock.now() >= before.plus_seconds(3_600));
        assert!(clock.move_on(-7_200 * Instant::SECOND));
        assert!(clock.now() >= before.plus_seconds(3_600), "there is no way back");
        assert!(!SystemClock.move_on(1));
    }
}
