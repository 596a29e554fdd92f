//! A calendar's days folded into ranges: what is taken, and where the terms differ from the listing's own.

use super::super::draft::{Calendar, Override};
use crate::values::{Night, NightRange};

/// Neighbouring days with the same facts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DayRun {
    pub from: Night,
    pub to: Night,
    pub facts: Facts,
}

/// What a calendar says about a day; 0 stands for "says nothing".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub open: bool,
    pub min_nights: u16,
    pub max_nights: u16,
    pub price_minor: i64,
}

/// The listing's own terms; a price of 0 is unknown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    pub price_minor: i64,
    pub min_nights: i64,
    pub max_nights: i64,
}

/// The price that most days have, the smaller one of two that are equally frequent; `None` when no day has one.
pub(crate) fn usual_price<'a>(runs: impl Iterator<Item = &'a DayRun>) -> Option<i64> {
    let mut nights_at: std::collections::BTreeMap<i64, i64> = std::collections::BTreeMap::new();
    for run in runs.filter(|run| run.facts.price_minor > 0) {
        *nights_at.entry(run.facts.price_minor).or_default() += i64::from(run.from.days_until(run.to));
    }
    // Ascending prices and a strict comparison: the first, smallest price wins a tie.
    nights_at
        .into_iter()
        .fold(None, |best: Option<(i64, i64)>, (price, nights)| match best {
            Some((_, most)) if nights <= most => best,
            _ => Some((price, nights)),
        })
        .map(|(price, _)| price)
}

/// Adds a range to `list`, growing the last one when they touch.
pub(crate) fn join(list: &mut Vec<NightRange>, range: NightRange) {
    match list.last_mut() {
        Some(last) if range.from <= last.to => last.to = last.to.max(range.to),
        _ => list.push(range),
    }
}

/// The calendar that sorted, disjoint `runs` say, with every date `shift` days later.
pub(crate) fn calendar<'a>(runs: impl Iterator<Item = &'a DayRun>, terms: Terms, shift: i32) -> Calendar {
    let mut calendar = Calendar::default();
    for run in runs {
        let nights = NightRange::new(run.from.plus(shift), run.to.plus(shift));
        if !run.facts.open {
            join(&mut calendar.taken, nights);
        }
        if let Some(different) = difference(run.facts, terms, nights) {
            match calendar.overrides.last_mut() {
                Some(last) if last.nights.to == nights.from && (Override { nights, ..*last }) == different => last.nights.to = nights.to,
                _ => calendar.overrides.push(different),
            }
        }
    }
    calendar
}

/// Only what differs, or `None` when nothing does.
fn difference(facts: Facts, terms: Terms, nights: NightRange) -> Option<Override> {
    let unless = |said: i64, own: i64| (said > 0 && said != own).then_some(said);
    let different = Override {
        nights,
        price_minor: unless(facts.price_minor, terms.price_minor),
        min_nights: unless(facts.min_nights.into(), terms.min_nights),
        max_nights: unless(facts.max_nights.into(), terms.max_nights),
    };
    (different.price_minor.is_some() || different.min_nights.is_some() || different.max_nights.is_some()).then_some(different)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(from: i32, to: i32, open: bool, price_minor: i64, min_nights: u16, max_nights: u16) -> DayRun {
        DayRun { from: Night(from), to: Night(to), facts: Facts { open, min_nights, max_nights, price_minor } }
    }

    #[test]
    fn the_usual_price_is_the_most_frequent_and_the_smaller_of_two() {
        assert_eq!(usual_price([run(0, 3, true, 500, 1, 9), run(3, 5, true, 400, 1, 9)].iter()), Some(500));
        assert_eq!(usual_price([run(0, 2, true, 500, 1, 9), run(3, 5, true, 400, 1, 9)].iter()), Some(400));
        assert_eq!(usual_price([run(0, 2, true, 500, 1, 9), run(3, 5, true, 400, 1, 9), run(7, 8, false, 500, 1, 9)].iter()), Some(500));
        assert_eq!(usual_price([run(0, 2, true, 0, 1, 9)].iter()), None);
    }

    #[test]
    fn days_fold_into_ranges_and_only_differences_are_kept() {
        let runs = [
            run(10, 12, false, 100, 2, 30),
            run(12, 15, false, 120, 2, 30), // still taken, another price
            run(15, 16, true, 120, 2, 30),
            run(16, 18, true, 120, 3, 30),
            run(20, 22, true, 100, 2, 10), // a hole: two days without a row
            run(22, 23, false, 0, 0, 0),   // says nothing but taken
        ];
        let calendar = calendar(runs.iter(), Terms { price_minor: 100, min_nights: 2, max_nights: 30 }, 5);
        let range = |from, to| NightRange::new(Night(from), Night(to));
        assert_eq!(calendar.taken, [range(15, 20), range(27, 28)]);
        let over = |from, to, price_minor, min_nights, max_nights| Override { nights: range(from, to), price_minor, min_nights, max_nights };
        assert_eq!(calendar.overrides, [over(17, 21, Some(120), None, None), over(21, 23, Some(120), Some(3), None), over(25, 27, None, None, Some(10))]);
    }
}
