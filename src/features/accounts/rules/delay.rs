//! How long somebody who was wrong has to wait (S-RATE 1): after ten failures of an account from one address prefix within a
//! quarter of an hour a growing delay; after a hundred from anywhere only a known device or a new password gets in.

use super::super::store::failures::Failures;
use crate::values::Instant;

/// In which failures are counted together.
pub(crate) const WINDOW_SECONDS: i64 = 15 * 60;
/// Failures that cost nothing: people mistype.
const FREE: i64 = 10;
/// Longest delay.
const MOST_SECONDS: i64 = 15 * 60;
/// Failures of one account from anywhere, within a day, after which only known devices are listened to.
pub(crate) const ACCOUNT_LIMIT: i64 = 100;

/// Whether a try is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    GoOn,
    /// Seconds to wait.
    Wait(u32),
}

/// Looks at what was counted before a try; `known_device`: the account was used from there before.
pub(crate) fn judge(now: Instant, here: Option<Failures>, anywhere: Option<Failures>, known_device: bool) -> Verdict {
    let left = |failures: Option<Failures>| failures.and_then(|f| f.blocked_until).map_or(0, |until| (until.0 - now.0).max(0));
    let micros = if known_device { left(here) } else { left(here).max(left(anywhere)) };
    if micros == 0 { Verdict::GoOn } else { Verdict::Wait(u32::try_from(micros / Instant::SECOND + 1).unwrap_or(u32::MAX)) }
}

/// For how long the next try is not listened to, after so many failures in the window.
pub(crate) fn block_seconds(failures: i64) -> i64 {
    match failures - FREE {
        over @ 0..=9 => (1_i64 << over).min(MOST_SECONDS),
        over if over > 9 => MOST_SECONDS,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_end() {
        let seconds: Vec<i64> = [1, 9, 10, 11, 12, 15, 19, 20, 21, 500].into_iter().map(block_seconds).collect();
        assert_eq!(seconds, [0, 0, 1, 2, 4, 32, 512, 900, 900, 900]);
    }

    #[test]
    fn a_known_device_is_not_shut_out_by_others() {
        let blocked = |until| Some(Failures { failures: 100, window_from: Instant(0), blocked_until: Some(Instant(until)) });
        let now = Instant(1_000 * Instant::SECOND);
        assert_eq!(judge(now, None, None, false), Verdict::GoOn);
        assert_eq!(judge(now, blocked(1_001 * Instant::SECOND), None, false), Verdict::Wait(2));
        assert_eq!(judge(now, None, blocked(1_100 * Instant::SECOND), false), Verdict::Wait(101));
        assert_eq!(judge(now, None, blocked(1_100 * Instant::SECOND), true), Verdict::GoOn);
        assert_eq!(judge(now, blocked(999 * Instant::SECOND), None, true), Verdict::GoOn);
    }
}
