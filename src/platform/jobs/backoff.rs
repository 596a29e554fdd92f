//! How long a failed job rests: 1 s, 2 s, 4 s … up to an hour, up to a fifth less so that not all come back at once.

use std::time::Duration;

const LONGEST_SECONDS: u64 = 3_600;

/// The pause after the failed try number `attempt` (from 1). `chance` is any number; a fifth of the pause depends on it.
pub(super) fn pause(attempt: i64, chance: u64) -> Duration {
    let doublings = attempt.saturating_sub(1).clamp(0, 30);
    let millis = (1_u64 << doublings).min(LONGEST_SECONDS) * 1_000;
    Duration::from_millis(millis - chance % (millis / 5 + 1))
}

/// [`pause`] with a chance of its own, never longer than `most`.
pub(super) fn rest(attempt: i64, most: Option<Duration>) -> Duration {
    let pause = pause(attempt, rand::random());
    most.map_or(pause, |most| pause.min(most))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_an_hour() {
        for (attempt, seconds) in [(1, 1), (2, 2), (3, 4), (11, 1_024), (12, 2_048), (13, 3_600), (40, 3_600), (i64::MAX, 3_600), (0, 1)] {
            assert_eq!(pause(attempt, 0), Duration::from_secs(seconds), "{attempt}");
            for chance in [1, 77, 12_345, u64::MAX] {
                let found = pause(attempt, chance);
                assert!(found <= Duration::from_secs(seconds) && found >= Duration::from_millis(seconds * 800), "{attempt}: {found:?}");
            }
        }
    }
}
