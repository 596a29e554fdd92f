//! When a feed is asked again, and when its nights are too old to be believed (I8, I10). Pure; chance comes in as a number.

use crate::values::Instant;

/// Minutes between two fetches: least, usual, most.
pub const MINUTES: (i64, i64, i64) = (5, 30, 1_440);
/// Between two fetches that somebody asks for.
pub const ON_DEMAND_SECONDS: i64 = 60;
/// Without success for so long, a feed is stale.
pub const STALE_SECONDS: i64 = 86_400;
/// After failures nobody waits longer than this, or than the usual pause where that is longer.
const LONGEST_REST_SECONDS: i64 = 4 * 3_600;

/// The pause until the next fetch: the feed's own, doubled with each failure in a row, and a tenth more or less, so that not all feeds are asked
/// at once.
#[must_use]
pub fn pause_seconds(every_minutes: i64, failures: i64, chance: u64) -> i64 {
    let every = every_minutes.clamp(MINUTES.0, MINUTES.2) * 60;
    let doubled = every.saturating_mul(1 << failures.saturating_sub(1).clamp(0, 16));
    let pause = doubled.min(LONGEST_REST_SECONDS.max(every));
    let tenth = pause / 10;
    pause - tenth + i64::try_from(chance % 1_000_000).unwrap_or(0) * 2 * tenth / 1_000_000
}

/// Since when a feed is stale at `now`; `last_good`: the last success, or when it was added.
#[must_use]
pub fn stale_since(last_good: Instant, now: Instant) -> Option<Instant> {
    (now >= last_good.plus_seconds(STALE_SECONDS)).then_some(last_good)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_vary() {
        for (every, failures, least, most) in [
            (30, 0, 1_620, 1_980),
            (30, 1, 1_620, 1_980),
            (30, 2, 3_240, 3_960),
            (30, 9, 12_960, 15_840),
            (30, i64::MAX, 12_960, 15_840),
            (1_440, 5, 77_760, 95_040),
            (0, 0, 270, 330),
            (i64::MAX, 0, 77_760, 95_040),
        ] {
            for chance in [0, 1, 500_000, 999_999, u64::MAX] {
                let found = pause_seconds(every, failures, chance);
                assert!((least..=most).contains(&found), "{every} {failures} {chance}: {found}");
            }
            assert_eq!(pause_seconds(every, failures, 0), least);
        }
    }

    #[test]
    fn a_day_without_success_is_stale() {
        let good = Instant(1_000 * Instant::SECOND);
        assert_eq!(stale_since(good, good.plus_seconds(86_399)), None);
        assert_eq!(stale_since(good, good.plus_seconds(86_400)), Some(good));
    }
}
