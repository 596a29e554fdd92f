//! When a stay begins and ends, and until when something about it may be done (docs/RULES.md, D5 to D8, D11).

use crate::values::{Instant, Stay, Zone};

/// The wall times of a listing, in minutes since local midnight, and where its wall is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Times {
    pub zone: Zone,
    pub check_in_minute: u16,
    pub check_out_minute: u16,
}

impl Times {
    /// The instant from which guests may come (D5).
    #[must_use]
    pub fn check_in_at(&self, stay: Stay) -> Instant {
        self.zone.resolve(stay.check_in(), self.check_in_minute)
    }

    /// The instant by which guests leave (D5).
    #[must_use]
    pub fn check_out_at(&self, stay: Stay) -> Instant {
        self.zone.resolve(stay.check_out(), self.check_out_minute)
    }

    /// "`days` days before check-in": so many dates earlier, at the same wall time (D7). Such a day may last 23 or 25 hours.
    #[must_use]
    pub fn days_before_check_in(&self, stay: Stay, days: u16) -> Instant {
        self.zone.resolve(stay.check_in().plus(-i32::from(days)), self.check_in_minute)
    }
}

/// Whether `now` is still in time: the instant of the deadline itself is (D8).
#[must_use]
pub fn in_time(now: Instant, deadline: Instant) -> bool {
    now <= deadline
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::Night;
    use proptest::prelude::*;

    fn times(zone: &str, check_in_minute: u16, check_out_minute: u16) -> Times {
        Times { zone: Zone::parse(zone).unwrap(), check_in_minute, check_out_minute }
    }

    fn stay(from: &str, to: &str) -> Stay {
        Stay::new(Night::parse(from).unwrap(), Night::parse(to).unwrap()).unwrap()
    }

    #[test]
    fn dates_are_counted_first_and_clocks_asked_second() {
        let berlin = times("Europe/Berlin", 15 * 60, 11 * 60);
        let easter = stay("2026-03-30", "2026-04-03");
        assert_eq!(berlin.check_in_at(easter).to_string(), "2026-03-30T13:00:00Z");
        assert_eq!(berlin.check_out_at(easter).to_string(), "2026-04-03T09:00:00Z");
        for (days, at) in [(0, "2026-03-30T13:00:00Z"), (1, "2026-03-29T13:00:00Z"), (2, "2026-03-28T14:00:00Z"), (30, "2026-02-28T14:00:00Z")] {
            assert_eq!(berlin.days_before_check_in(easter, days).to_string(), at, "{days} days before");
        }
    }

    #[test]
    fn the_instant_of_the_deadline_is_in_time() {
        let deadline = Instant::parse("2026-03-28T14:00:00Z").unwrap();
        assert!(in_time(deadline, deadline) && in_time(deadline.plus_seconds(-1), deadline) && !in_time(deadline.plus_seconds(1), deadline));
    }

    fn zones() -> Vec<String> {
        let mut names: Vec<String> = jiff::tz::db().available().map(|name| name.to_string()).filter(|name| Zone::parse(name).is_some()).collect();
        names.sort();
        names
    }

    // From 2012 on: before, some islands skipped whole days, and nobody can sleep in a night that never was.
    proptest! {
        #![proptest_config(ProptestConfig::with_cases(10_000))]
        #[test]
        fn everybody_leaves_after_they_came(
            zone in prop::sample::select(zones()), first in Night::parse("2012-01-01").unwrap().0..Night::parse("2150-01-01").unwrap().0,
            nights in 1_i32..366, check_in in 0_u16..1_440, check_out in 0_u16..1_440,
        ) {
            let times = times(&zone, check_in, check_out);
            let stay = Stay::new(Night(first), Night(first + nights)).unwrap();
            prop_assert!(times.check_out_at(stay) > times.check_in_at(stay));
            prop_assert_eq!(i32::from(stay.nights()), stay.check_in().days_until(stay.check_out()));
            prop_assert!(times.days_before_check_in(stay, 1) < times.check_in_at(stay));
            // What the clock on the wall shows then is the time that was asked for, unless no clock ever showed it.
            let shown = times.zone.local(times.check_in_at(stay));
            prop_assert!((shown.today, shown.minute) >= (stay.check_in(), check_in));
        }
    }
}
