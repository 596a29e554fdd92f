//! A clock that a test sets by hand.

use std::sync::atomic::{AtomicI64, Ordering::SeqCst};
use stopover::values::{Clock, Instant};

/// Stands still at 2026-06-01T12:00:00Z until it is set.
#[derive(Debug)]
pub(crate) struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that shows `text`, as in `2026-06-01T12:00:00Z`.
    pub(crate) fn at(text: &str) -> Self {
        Self(AtomicI64::new(Instant::parse(text).unwrap().0))
    }

    pub(crate) fn set(&self, text: &str) {
        self.0.store(Instant::parse(text).unwrap().0, SeqCst);
    }

    pub(crate) fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds * Instant::SECOND, SeqCst);
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::at("2026-06-01T12:00:00Z")
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        Instant(self.0.load(SeqCst))
    }

    fn move_on(&self, micros: i64) -> bool {
        self.0.fetch_add(micros, SeqCst);
        true
    }
}

#[test]
fn it_stands_still_and_moves_when_told() {
    let clock = TestClock::default();
    assert_eq!(clock.now(), clock.now());
    clock.advance_seconds(90);
    assert_eq!(clock.now().to_string(), "2026-06-01T12:01:30Z");
    clock.set("2030-01-01T00:00:00Z");
    assert_eq!(clock.now().to_string(), "2030-01-01T00:00:00Z");
}
