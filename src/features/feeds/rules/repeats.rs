//! Rules of repetition (RFC 5545, section 3.3.10), as far as calendars of homes have them: DAILY, WEEKLY, MONTHLY and YEARLY, with
//! INTERVAL, COUNT, UNTIL, BYDAY, BYMONTHDAY and BYMONTH. Dates are made period by period inside a window, and never kept beyond it, so
//! that no rule costs more than its window (S-ICAL 10).

use super::times;
use crate::values::{Instant, Night};
use jiff::civil::Date;

/// How much all rules of one calendar may cost.
#[derive(Debug)]
pub(super) struct Budget {
    pub occurrences: usize,
    pub steps: usize,
}

/// Occurrences of all rules of a calendar, and dates that are looked at for them.
pub(super) const OCCURRENCES: usize = 2_000;
const STEPS: usize = 2_000_000;

impl Default for Budget {
    fn default() -> Self {
        Self { occurrences: OCCURRENCES, steps: STEPS }
    }
}

/// The rules of a calendar ask for more than they may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exhausted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Every {
    Day,
    Week,
    Month,
    Year,
}

/// The last moment of a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    Day(Night),
    Instant(Instant),
}

/// A rule that is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rule {
    every: Every,
    interval: i32,
    count: Option<u32>,
    pub until: Option<Until>,
    /// Ordinal (0: each) and weekday, Monday 0.
    days: Vec<(i8, u8)>,
    month_days: Vec<i8>,
    months: Vec<i8>,
    week_start: u8,
    /// Hours, minutes or seconds were asked for, which say nothing about nights.
    pub ignored_times: bool,
}

/// Reads a rule; `None` when it is not one of those that are understood.
pub(super) fn parse(text: &str) -> Option<Rule> {
    let mut rule = Rule {
        every: Every::Day,
        interval: 1,
        count: None,
        until: None,
        days: Vec::new(),
        month_days: Vec::new(),
        months: Vec::new(),
        week_start: 0,
        ignored_times: false,
    };
    let mut frequency = None;
    for part in text.trim().split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=')?;
        match name.trim().to_ascii_uppercase().as_str() {
            "FREQ" => frequency = Some(every(value)?),
            "INTERVAL" => rule.interval = value.parse().ok().filter(|n| (1..=10_000).contains(n))?,
            "COUNT" => rule.count = Some(value.parse().ok().filter(|n| *n > 0)?),
            "UNTIL" => rule.until = Some(until(value)?),
            "WKST" => rule.week_start = weekday(value)?,
            "BYDAY" => rule.days = list(value, by_day)?,
            "BYMONTHDAY" => rule.month_days = list(value, |one| one.parse().ok().filter(|n: &i8| *n != 0 && n.abs() <= 31))?,
            "BYMONTH" => rule.months = list(value, |one| one.parse().ok().filter(|n| (1..=12).contains(n)))?,
            "BYHOUR" | "BYMINUTE" | "BYSECOND" => rule.ignored_times = true,
            _ => return None,
        }
    }
    rule.every = frequency?;
    let ordinals = rule.days.iter().any(|(ordinal, _)| *ordinal != 0);
    (!ordinals || matches!(rule.every, Every::Month | Every::Year)).then_some(rule)
}

fn every(value: &str) -> Option<Every> {
    match value.trim().to_ascii_uppercase().as_str() {
        "DAILY" => Some(Every::Day),
        "WEEKLY" => Some(Every::Week),
        "MONTHLY" => Some(Every::Month),
        "YEARLY" => Some(Every::Year),
        _ => None,
    }
}

fn until(value: &str) -> Option<Until> {
    let value = value.trim();
    if value.len() == 8 {
        return times::date(value).map(Until::Day);
    }
    // A time without a zone ends a rule whose times have none; the day is near enough for nights.
    let Some(utc) = value.strip_suffix(['Z', 'z']) else { return times::date(value.get(..8)?).map(Until::Day) };
    let (day, clock) = (times::date(utc.get(..8)?)?, utc.get(8..)?.strip_prefix(['T', 't'])?);
    let part = |from: usize| clock.get(from..from + 2)?.parse::<i64>().ok().filter(|n| (0..60).contains(n));
    Some(Until::Instant(Instant(i64::from(day.0) * 86_400 * Instant::SECOND).plus_seconds(part(0)? * 3_600 + part(2)? * 60 + part(4)?)))
}

fn weekday(name: &str) -> Option<u8> {
    let at = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].iter().position(|known| known.eq_ignore_ascii_case(name.trim()))?;
    u8::try_from(at).ok()
}

fn by_day(text: &str) -> Option<(i8, u8)> {
    let text = text.trim();
    let (ordinal, name) = text.split_at_checked(text.len().checked_sub(2)?)?;
    let ordinal = if ordinal.is_empty() { 0 } else { ordinal.parse().ok().filter(|n: &i8| *n != 0 && n.abs() <= 53)? };
    Some((ordinal, weekday(name)?))
}

fn list<T>(value: &str, read: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<T> = value.split(',').map(|one| read(one.trim())).collect::<Option<_>>()?;
    (all.len() <= 64).then_some(all)
}

impl Rule {
    /// The dates on which an event begins that begins on `first`, as far as they lie in `[from, to)`; `first` is always one of them, and
    /// the first that counts. `lives` says whether a date is still before the rule's end.
    pub(super) fn starts(&self, first: Night, from: Night, to: Night, budget: &mut Budget, lives: impl Fn(Night) -> bool) -> Result<Vec<Night>, Exhausted> {
        let (mut found, mut counted) = (Vec::new(), 0_u32);
        let mut keep = |day: Night, budget: &mut Budget| {
            if from <= day && day < to {
                budget.occurrences = budget.occurrences.checked_sub(1).ok_or(Exhausted)?;
                found.push(day);
            }
            Ok(())
        };
        keep(first, budget)?;
        counted += 1;
        // Only who counts has to begin at the beginning.
        let mut period = if self.count.is_some() { 0 } else { self.period_before(first, from) };
        'periods: loop {
            let Some((begins, days)) = self.period(first, period) else { break };
            if begins >= to || begins > Night::LAST {
                break;
            }
            budget.steps = budget.steps.checked_sub(self.cost()).ok_or(Exhausted)?;
            for day in days.into_iter().filter(|day| *day > first) {
                if day >= to || !lives(day) || self.count.is_some_and(|count| counted >= count) {
                    break 'periods;
                }
                counted += 1;
                keep(day, budget)?;
            }
            period += 1;
        }
        Ok(found)
    }

    /// Dates that are looked at in one period.
    fn cost(&self) -> usize {
        match self.every {
            Every::Day => 1,
            Every::Week => 7,
            Every::Month => 31,
            Every::Year => 366,
        }
    }

    /// A period that surely lies before `from`; the first one is 0.
    fn period_before(&self, first: Night, from: Night) -> i32 {
        let shortest = match self.every {
            Every::Day => 1,
            Every::Week => 7,
            Every::Month => 31,
            Every::Year => 366,
        };
        (first.days_until(from) / (shortest * self.interval) - 2).max(0)
    }

    /// The first day of a period, and the days in it that the rule names, in order. `None` beyond the years that are understood.
    fn period(&self, first: Night, number: i32) -> Option<(Night, Vec<Night>)> {
        let ahead = number.checked_mul(self.interval)?;
        let date = first.date();
        let (begins, mut days) = match self.every {
            Every::Day => {
                let day = first.plus(ahead);
                (day, vec![day])
            }
            Every::Week => {
                let monday = first.plus(-((i32::from(first.weekday()) + 7 - i32::from(self.week_start)) % 7)).plus(ahead.checked_mul(7)?);
                (monday, (0..7).map(|n| monday.plus(n)).collect())
            }
            Every::Month => {
                let months = i32::from(date.year()) * 12 + i32::from(date.month()) - 1 + ahead;
                let begins = month(months.div_euclid(12), months.rem_euclid(12) + 1)?;
                (Night::from_date(begins), self.days_of_month(begins, date.day()))
            }
            Every::Year => {
                let begins = month(i32::from(date.year()) + ahead, 1)?;
                (Night::from_date(begins), self.days_of_year(begins, date))
            }
        };
        days.retain(|day| self.filters(first, *day));
        days.sort_unstable();
        days.dedup();
        Some((begins, days))
    }

    /// What the parts of the rule leave of the days of a period.
    fn filters(&self, first: Night, day: Night) -> bool {
        let date = day.date();
        let in_month = self.months.is_empty() || self.months.contains(&date.month());
        let on_weekday = |default| if self.days.is_empty() { default } else { self.days.iter().any(|(_, weekday)| *weekday == day.weekday()) };
        in_month
            && match self.every {
                Every::Day => on_weekday(true) && (self.month_days.is_empty() || self.is_month_day(date)),
                Every::Week => on_weekday(day.weekday() == first.weekday()),
                Every::Month | Every::Year => true,
            }
    }

    fn is_month_day(&self, date: Date) -> bool {
        let from_end = date.day() - date.days_in_month() - 1;
        self.month_days.iter().any(|n| *n == date.day() || *n == from_end)
    }

    /// The days of one month, by BYMONTHDAY and BYDAY, or the day of the first occurrence.
    fn days_of_month(&self, begins: Date, first_day: i8) -> Vec<Night> {
        let nights = (1..=begins.days_in_month()).filter_map(|day| Date::new(begins.year(), begins.month(), day).ok());
        let length = i32::from(begins.days_in_month());
        let wanted = |date: &Date| match (self.month_days.is_empty(), self.days.is_empty()) {
            (true, true) => date.day() == first_day,
            (by_weekday_only, no_weekday) => {
                let nth = (i32::from(date.day()) - 1) / 7 + 1;
                let from_end = -((length - i32::from(date.day())) / 7 + 1);
                (by_weekday_only || self.is_month_day(*date)) && (no_weekday || self.names_weekday(Night::from_date(*date), nth, from_end))
            }
        };
        nights.filter(wanted).map(Night::from_date).collect()
    }

    /// The days of one year.
    fn days_of_year(&self, begins: Date, first: Date) -> Vec<Night> {
        let by_months = !self.months.is_empty() || !self.month_days.is_empty() || self.days.is_empty();
        if !by_months {
            let (new_year, length) = (Night::from_date(begins), i32::from(begins.days_in_year()));
            let of_year = |n: &i32| self.names_weekday(new_year.plus(*n), n / 7 + 1, -((length - 1 - n) / 7 + 1));
            return (0..length).filter(of_year).map(|n| new_year.plus(n)).collect();
        }
        let plain = self.months.is_empty() && self.month_days.is_empty();
        let months = (1..=12).filter(|number| if plain { *number == first.month() } else { self.months.is_empty() || self.months.contains(number) });
        months.filter_map(|number| Date::new(begins.year(), number, 1).ok()).flat_map(|month| self.days_of_month(month, first.day())).collect()
    }

    fn names_weekday(&self, day: Night, nth: i32, from_end: i32) -> bool {
        self.days.iter().any(|(ordinal, weekday)| *weekday == day.weekday() && (*ordinal == 0 || i32::from(*ordinal) == nth || i32::from(*ordinal) == from_end))
    }
}

/// The first of a month.
fn month(year: i32, month: i32) -> Option<Date> {
    Date::new(i16::try_from(year).ok().filter(|year| *year <= 2_199)?, i8::try_from(month).ok()?, 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night(text: &str) -> Night {
        Night::parse(text).unwrap()
    }

    fn dates(rule: &str, first: &str, from: &str, to: &str) -> String {
        let rule = parse(rule).unwrap();
        let lives = |day: Night| rule.until.is_none_or(|until| matches!(until, Until::Day(last) if day <= last));
        let all = rule.starts(night(first), night(from), night(to), &mut Budget::default(), lives).unwrap();
        all.iter().map(|day| day.to_string()[5..].to_owned()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn rules_name_their_days() {
        for (rule, first, from, to, expected) in [
            ("FREQ=DAILY", "2026-06-01", "2026-06-03", "2026-06-06", "06-03 06-04 06-05"),
            ("FREQ=DAILY;INTERVAL=10", "2020-01-01", "2026-06-01", "2026-07-01", "06-08 06-18 06-28"),
            ("FREQ=DAILY;COUNT=3", "2026-06-01", "2026-05-01", "2026-08-01", "06-01 06-02 06-03"),
            ("FREQ=DAILY;COUNT=3", "2026-06-01", "2026-06-03", "2026-08-01", "06-03"),
            ("FREQ=DAILY;BYDAY=SA,SU;UNTIL=20260614", "2026-06-06", "2026-06-01", "2026-08-01", "06-06 06-07 06-13 06-14"),
            ("FREQ=WEEKLY", "2026-06-01", "2026-06-01", "2026-06-30", "06-01 06-08 06-15 06-22 06-29"),
            ("FREQ=WEEKLY;BYDAY=FR,MO;INTERVAL=2", "2026-06-01", "2026-06-01", "2026-06-30", "06-01 06-05 06-15 06-19 06-29"),
            // RFC 5545: with WKST=SU the Sunday belongs to the week after.
            ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", "1997-08-05", "1997-01-01", "1998-01-01", "08-05 08-10 08-19 08-24"),
            ("FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", "1997-08-05", "1997-01-01", "1998-01-01", "08-05 08-17 08-19 08-31"),
            ("FREQ=MONTHLY", "2026-01-31", "2026-01-01", "2026-06-01", "01-31 03-31 05-31"),
            ("FREQ=MONTHLY;BYMONTHDAY=-1", "2026-01-31", "2026-01-01", "2026-05-01", "01-31 02-28 03-31 04-30"),
            ("FREQ=MONTHLY;BYDAY=-1FR", "2026-01-30", "2026-01-01", "2026-04-01", "01-30 02-27 03-27"),
            ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "2026-02-13", "2026-01-01", "2027-01-01", "02-13 03-13 11-13"),
            ("FREQ=YEARLY", "2024-02-29", "2025-01-01", "2029-01-01", "02-29"),
            ("FREQ=YEARLY;BYMONTH=1,7", "2026-01-15", "2026-01-01", "2028-01-01", "01-15 07-15 01-15 07-15"),
            ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", "1997-01-01", "2000-01-01", "05-19 05-18 05-17"),
            ("FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "2026-11-26", "2026-01-01", "2028-01-01", "11-26 11-25"),
        ] {
            assert_eq!(dates(rule, first, from, to), expected, "{rule}");
        }
    }

    #[test]
    fn what_is_not_understood_is_refused() {
        for bad in [
            "",
            "COUNT=3",
            "FREQ=SECONDLY",
            "FREQ=HOURLY",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;BYSETPOS=1",
            "FREQ=YEARLY;BYWEEKNO=3",
            "FREQ=WEEKLY;BYDAY=2MO",
            "FREQ=DAILY;UNTIL=x",
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "FREQ=DAILY;X",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
        assert!(parse("FREQ=DAILY;BYHOUR=9,10;BYMINUTE=0").unwrap().ignored_times);
    }

    #[test]
    fn endless_rules_cost_what_their_window_holds() {
        let (from, to) = (night("2026-06-01"), night("2028-05-31"));
        let mut budget = Budget::default();
        for rule in ["FREQ=DAILY", "FREQ=DAILY;COUNT=4000000000", "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;INTERVAL=10000"]
        {
            let found = parse(rule).unwrap().starts(night("1900-01-01"), from, to, &mut budget, |_| true).unwrap();
            assert!(found.len() <= 730, "{rule}");
        }
        let (daily, mut budget) = (parse("FREQ=DAILY").unwrap(), Budget::default());
        for _ in 0..2 {
            assert_eq!(daily.starts(from, from, to, &mut budget, |_| true).map(|all| all.len()), Ok(730));
        }
        assert_eq!(daily.starts(from, from, to, &mut budget, |_| true), Err(Exhausted));
    }
}
