//! Until when a stay can be called off, and what of the room the host keeps then: the policy of a listing as a timeline
//! (docs/RULES.md, "Calling a stay off").

use super::policy::{Deadline, Later, Rules};
use crate::values::written::{instant, instant_or_none};
use crate::values::{Instant, Stay, Zone};
use serde::{Deserialize, Serialize};

/// Whoever cancels at `until` or before (and after the step before) leaves the host `kept` of the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    #[serde(with = "instant")]
    pub until: Instant,
    /// Minor units of the room; fees and taxes follow their own rules.
    pub kept: i64,
}

/// A time after the confirmation in which nothing is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    pub hours: u16,
    /// Only for stays that are confirmed by then.
    #[serde(with = "instant")]
    pub confirmed_by: Instant,
    /// It ends here at the latest.
    #[serde(with = "instant_or_none")]
    pub until_latest: Option<Instant>,
}

impl Grace {
    /// That of a stay, for whoever confirms it in time.
    pub(super) fn of(rules: &Rules, arrival: &Arrival<'_>) -> Option<Self> {
        let rule = rules.grace?;
        let (confirmed_by, check_in) = (arrival.days_before(rule.confirmed_days), arrival.days_before(0));
        let latest = rule.latest_days.map(|days| arrival.days_before(days));
        // From check-in on the nights are kept that are spent: a time that would run past it ends there, and is told so.
        let too_long = ends_after(confirmed_by, rule.hours) > check_in;
        Some(Self { hours: rule.hours, confirmed_by, until_latest: latest.or(too_long.then_some(check_in)) })
    }

    /// Its last instant for a stay that was confirmed then; `None` where it has none.
    pub(super) fn ends(self, confirmed_at: Instant) -> Option<Instant> {
        let end = ends_after(confirmed_at, self.hours);
        (confirmed_at <= self.confirmed_by).then(|| self.until_latest.map_or(end, |latest| end.min(latest)))
    }
}

fn ends_after(confirmed_at: Instant, hours: u16) -> Instant {
    confirmed_at.plus_seconds(i64::from(hours) * 3_600)
}

/// The policy of one stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timeline {
    pub policy: String,
    pub grace: Option<Grace>,
    /// In the order of time; the last ends at check-in. Steps that are over are left out.
    pub steps: Vec<Step>,
    pub after_check_in: Later,
}

/// Where and when guests arrive.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    pub stay: Stay,
    pub zone: &'a Zone,
    /// Local wall time, minutes since midnight.
    pub minute: u16,
}

impl Arrival<'_> {
    /// "`days` days before check-in": so many dates earlier, the same wall time (D7).
    #[must_use]
    pub fn days_before(&self, days: u16) -> Instant {
        self.zone.resolve(self.stay.check_in().plus(-i32::from(days)), self.minute)
    }
}

impl Deadline {
    /// Its last instant in time.
    pub(super) fn ends(&self, arrival: &Arrival<'_>) -> Instant {
        let check_in = arrival.days_before(0);
        self.hours.map_or_else(|| arrival.days_before(self.days), |hours| check_in.plus_seconds(-i64::from(hours) * 3_600))
    }
}

/// The timeline of a stay, as it stands at `now`. `nights`: what each night bears of the room (P20).
#[must_use]
pub fn timeline(rules: &Rules, arrival: &Arrival<'_>, nights: &[i64], now: Instant) -> Timeline {
    let ends = rules.deadlines.iter().map(|deadline| (deadline.ends(arrival), deadline.kept));
    let mut steps: Vec<Step> = Vec::with_capacity(rules.deadlines.len() + 1);
    for (until, kept) in ends.chain([(arrival.days_before(0), rules.until_check_in)]) {
        // Where the clocks change, a day may be over later than hours that are fewer on paper; the row before holds until then.
        if steps.last().is_none_or(|last| last.until < until) {
            steps.push(Step { until, kept: kept.of(nights) });
        }
    }
    steps.retain(|step| now <= step.until);
    Timeline {
        policy: rules.policy.clone(),
        grace: Grace::of(rules, arrival).filter(|grace| now <= grace.confirmed_by),
        steps,
        after_check_in: rules.after_check_in,
    }
}

#[cfg(test)]
mod tests {
    use super::super::policy::Policy;
    use super::*;
    use crate::values::Night;

    /// The golden stay (P21): 4 to 11 June 2026.
    const NIGHTS: [i64; 7] = [10_493, 12_318, 12_317, 10_493, 10_493, 10_493, 10_493];

    fn told(policy: Policy, nights: &[i64], now: &str) -> Timeline {
        let check_in = Night::parse("2026-06-04").unwrap();
        let stay = Stay::new(check_in, check_in.plus(i32::try_from(nights.len()).unwrap())).unwrap();
        let zone = Zone::parse("Europe/Berlin").unwrap();
        timeline(&policy.rules(stay.nights()), &Arrival { stay, zone: &zone, minute: 900 }, nights, Instant::parse(now).unwrap())
    }

    fn steps(timeline: &Timeline) -> Vec<(String, i64)> {
        timeline.steps.iter().map(|step| (step.until.to_string(), step.kept)).collect()
    }

    #[test]
    fn each_policy_keeps_what_its_table_says() {
        let at = |date: &str| format!("{date}T13:00:00Z");
        for (policy, expected) in [
            (Policy::Flexible, vec![(at("2026-06-03"), 0), (at("2026-06-04"), 10_493)]),
            (Policy::Moderate, vec![(at("2026-05-30"), 0), (at("2026-06-04"), 43_796)]),
            (Policy::Limited, vec![(at("2026-05-21"), 0), (at("2026-05-28"), 38_550), (at("2026-06-04"), 77_100)]),
            (Policy::Firm, vec![(at("2026-05-05"), 0), (at("2026-05-28"), 38_550), (at("2026-06-04"), 77_100)]),
            (Policy::Strict, vec![(at("2026-05-28"), 38_550), (at("2026-06-04"), 77_100)]),
            (Policy::NonRefundable, vec![(at("2026-06-04"), 77_100)]),
        ] {
            let told = told(policy, &NIGHTS, "2026-01-01T00:00:00Z");
            assert_eq!(steps(&told), expected, "{policy:?}");
            assert_eq!(told.grace.map(|grace| grace.hours), (policy != Policy::NonRefundable).then_some(24), "{policy:?}");
        }
    }

    #[test]
    fn long_stays_keep_thirty_nights() {
        let nights = [100; 40];
        let firm = told(Policy::FirmLong, &nights, "2026-01-01T00:00:00Z");
        assert_eq!(steps(&firm), [("2026-05-05T13:00:00Z".into(), 0), ("2026-06-04T13:00:00Z".into(), 3_000)]);
        assert_eq!((firm.grace, firm.after_check_in.further_nights), (None, Some(30)));
        let strict = told(Policy::StrictLong, &nights[..28], "2026-01-01T00:00:00Z");
        assert_eq!(steps(&strict), [("2026-06-04T13:00:00Z".into(), 2_800)]);
        let grace = strict.grace.unwrap();
        assert_eq!((grace.hours, grace.until_latest.unwrap().to_string()), (48, "2026-05-07T13:00:00Z".into()));
    }

    #[test]
    fn the_deadline_itself_is_in_time_and_what_is_over_is_not_told() {
        let at = |now| steps(&told(Policy::Flexible, &NIGHTS, now)).len();
        assert_eq!((at("2026-06-03T13:00:00Z"), at("2026-06-03T13:00:01Z")), (2, 1));
        assert!(told(Policy::Firm, &NIGHTS, "2026-05-28T13:00:00Z").grace.is_some());
        assert!(told(Policy::Firm, &NIGHTS, "2026-05-28T13:00:01Z").grace.is_none());
    }

    #[test]
    fn the_policy_is_that_of_the_length() {
        let first = Night::parse("2026-06-04").unwrap();
        let of = |nights, cheap| Policy::of(Stay::new(first, first.plus(nights)).unwrap(), cheap, "moderate", "our_months");
        assert_eq!((of(27, false), of(28, false), of(3, true)), ("moderate", "our_months", "non_refundable"));
        for policy in Policy::ALL {
            assert_eq!(Policy::parse(policy.name()), Some(policy));
        }
    }

    #[test]
    fn steps_keep_more_and_more() {
        for policy in Policy::ALL {
            let told = told(policy, &NIGHTS, "2026-01-01T00:00:00Z");
            assert!(told.steps.windows(2).all(|pair| pair[0].until < pair[1].until && pair[0].kept <= pair[1].kept), "{policy:?}");
        }
    }
}
