//! How long sessions last (S-TOK 3, 4, 7).

use crate::platform::access::Roles;
use crate::platform::config::{Accounts, Span};
use crate::values::Instant;

/// Sessions somebody may have at once; the oldest gives way.
pub(crate) const MOST_SESSIONS: usize = 50;
/// For so long the refresh token before the newest answers with the same successor: an answer may have been lost.
pub(crate) const REPLAY_SECONDS: i64 = 10;

/// Until when a session counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lives {
    idle_seconds: i64,
    life_seconds: i64,
}

impl Lives {
    /// Staff have shorter sessions.
    pub(crate) fn of(settings: &Accounts, roles: Roles) -> Self {
        let seconds = |span: Span| i64::try_from(span.0.as_secs()).unwrap_or(i64::MAX / Instant::SECOND);
        let (idle, life) =
            if roles.is_empty() { (settings.session_idle, settings.session_life) } else { (settings.staff_session_idle, settings.staff_session_life) };
        Self { idle_seconds: seconds(idle), life_seconds: seconds(life) }
    }

    /// Until when it may rest, when it was used at `now`.
    pub(crate) fn idle_until(self, now: Instant) -> Instant {
        now.plus_seconds(self.idle_seconds)
    }

    /// Until when it may last, when it began at `now`.
    pub(crate) fn expires_at(self, now: Instant) -> Instant {
        now.plus_seconds(self.life_seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::access::Role;

    #[test]
    fn staff_come_back_more_often() {
        let settings = Accounts::default();
        let (guest, staff) = (Lives::of(&settings, Roles::NONE), Lives::of(&settings, Roles::NONE.with(Role::Finance)));
        let days = |n: i64| Instant(n * 86_400 * Instant::SECOND);
        assert_eq!((guest.idle_until(Instant(0)), guest.expires_at(Instant(0))), (days(30), days(90)));
        assert_eq!((staff.idle_until(Instant(0)), staff.expires_at(Instant(0))), (Instant(12 * 3_600 * Instant::SECOND), days(7)));
    }
}
