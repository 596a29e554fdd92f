//! How much a co-host may do, and who may say so (docs/RULES.md, H1 to H5).

/// Most co-hosts of a listing, open invitations included.
pub(in super::super) const MOST: usize = 20;
/// How long an invitation is good.
pub(in super::super) const INVITATION_SECONDS: i64 = 7 * 86_400;

/// How much a co-host may do; the names are stored and shown, each level includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// See the calendar and why nights are closed.
    Calendar,
    /// And write to guests.
    Messages,
    /// And edit the listing, answer guests, and manage co-hosts of the levels below.
    Full,
}

impl Level {
    const ALL: [Self; 3] = [Self::Calendar, Self::Messages, Self::Full];

    #[must_use]
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Calendar => "calendar",
            Self::Messages => "messages",
            Self::Full => "full",
        }
    }

    #[must_use]
    pub(crate) fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }
}

/// Whether somebody who manages co-hosts may do it to these levels: what one has, and is to have. Whoever is `limited`, a full
/// co-host, goes up to messages (H2).
#[must_use]
pub(in super::super) fn may_manage(limited: bool, levels: &[Level]) -> bool {
    !limited || levels.iter().all(|level| *level < Level::Full)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_co_hosts_manage_the_levels_below_them() {
        use Level::{Calendar, Full, Messages};
        for (limited, levels, may) in [
            (false, &[Full][..], true),
            (false, &[Full, Calendar], true),
            (true, &[Calendar], true),
            (true, &[Calendar, Messages], true),
            (true, &[Messages, Full], false),
            (true, &[Full, Messages], false),
            (true, &[Full], false),
        ] {
            assert_eq!(may_manage(limited, levels), may, "{limited} {levels:?}");
        }
        assert!(Level::ALL.into_iter().all(|level| Level::parse(level.name()) == Some(level)) && Level::parse("king").is_none());
    }
}
