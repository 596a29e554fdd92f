//! The four ways to ask for dates: one stay, a stay and some days around it, a number of nights within a window, or a
//! weekend, week or month of some months.

use super::ask::Ask;
use super::engine::dates::{Dates, Flexible};
use crate::platform::error::{Error, Kind, Result};
use crate::platform::wire::DateAsk;
use crate::values::{Night, Stay};

/// How long, where only months are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flex {
    /// Two nights from a Friday on.
    Weekend,
    /// Seven nights from any day on.
    Week,
    /// Twenty-eight nights from any day on.
    Month,
}

impl Flex {
    fn nights(self) -> u16 {
        match self {
            Self::Weekend => 2,
            Self::Week => 7,
            Self::Month => 28,
        }
    }

    fn begins_on(self, night: Night) -> bool {
        self != Self::Weekend || night.weekday() == FRIDAY
    }
}

const FRIDAY: u8 = 4;
/// How far a stay may be moved.
const SHIFTS: [u16; 5] = [1, 2, 3, 7, 14];
/// Months that may be named.
const MOST_MONTHS: usize = 12;
/// Days from the first to the last day of a window.
const WIDEST_WINDOW: i32 = 366;

impl Ask {
    /// The dates that are asked for; refuses what is not exactly one of the four ways.
    pub(super) fn dates(&self) -> Result<Option<Dates>> {
        let months = self.flex.map(|_| "flex").or(self.months.as_ref().map(|_| "months"));
        let window = self.nights.map(|_| "nights").or(self.window_from.map(|_| "window_from")).or(self.window_to.map(|_| "window_to"));
        let stay = self.plus_minus.map(|_| "plus_minus").or(self.check_in.map(|_| "check_in")).or(self.check_out.map(|_| "check_out"));
        match [months, window, stay] {
            [None, None, None] => Ok(None),
            [Some(_), None, None] => self.within_months().map(Some),
            [None, Some(_), None] => self.within_window().map(Some),
            [None, None, Some(_)] => self.about_a_stay().map(Some),
            [_, Some(second), None] | [.., Some(second)] => {
                Err(refuse(second, "dates are asked for in one way only: flex, nights in a window, or check_in and check_out"))
            }
        }
    }

    /// `check_in` and `check_out`, perhaps with `plus_minus`.
    fn about_a_stay(&self) -> Result<Dates> {
        let arrival = night("check_in", self.check_in, "must be given together with check_out")?;
        let departure = night("check_out", self.check_out, "must be given together with check_in")?;
        let stay = Stay::new(arrival, departure).map_err(|e| refuse("check_out", e.to_string()))?;
        let Some(days) = self.plus_minus else { return Ok(Dates::Fixed(stay)) };
        if !SHIFTS.contains(&days) {
            return Err(Error::out_of_range("plus_minus", "must be 1, 2, 3, 7 or 14"));
        }
        let days = i32::from(days);
        Ok(Dates::Flexible(Flexible::new(stay.nights(), (-days..=days).map(|day| arrival.plus(day)), Some(arrival))))
    }

    /// `nights`, `window_from` and `window_to`.
    fn within_window(&self) -> Result<Dates> {
        let nights = self.nights.ok_or_else(|| refuse("nights", "must be given together with window_from and window_to"))?;
        let from = night("window_from", self.window_from, "must be given together with nights and window_to")?;
        let to = night("window_to", self.window_to, "must be given together with nights and window_from")?;
        if !(1..=Stay::MAX_NIGHTS).contains(&nights) {
            return Err(Error::out_of_range("nights", format!("must be 1 to {}", Stay::MAX_NIGHTS)));
        }
        let days = from.days_until(to);
        if days > WIDEST_WINDOW {
            return Err(refuse("window_to", format!("at most {WIDEST_WINDOW} days after window_from")));
        }
        if days < i32::from(nights) {
            return Err(refuse("window_to", "must leave room for the nights after window_from"));
        }
        Ok(Dates::Flexible(Flexible::new(nights, (0..=days - i32::from(nights)).map(|day| from.plus(day)), None)))
    }

    /// `flex` and `months`: guests arrive in one of the months, and may leave in the one after.
    fn within_months(&self) -> Result<Dates> {
        let flex = self.flex.ok_or_else(|| refuse("flex", "must be given together with months"))?;
        let months = self.months.as_deref().ok_or_else(|| refuse("months", "must be given together with flex"))?;
        let firsts: Option<Vec<Night>> = months.split(',').map(|month| (month.len() == 7).then(|| Night::parse(&format!("{month}-01")))?).collect();
        let firsts = firsts.ok_or_else(|| Error::invalid_parameter("months", "must be months such as 2027-07,2027-08"))?;
        if firsts.len() > MOST_MONTHS {
            return Err(Error::out_of_range("months", format!("at most {MOST_MONTHS} months")));
        }
        let arrivals = firsts.into_iter().flat_map(days_of_month).filter(|night| flex.begins_on(*night));
        Ok(Dates::Flexible(Flexible::new(flex.nights(), arrivals, None)))
    }
}

/// The days of the month that begins with `first`.
fn days_of_month(first: Night) -> impl Iterator<Item = Night> {
    let month = first.date().month();
    (0..31).map(move |day| first.plus(day)).filter(move |night| night.date().month() == month)
}

fn night(name: &str, date: Option<DateAsk>, missing: &str) -> Result<Night> {
    date.ok_or_else(|| refuse(name, missing))?.night().map_err(|e| refuse(name, e.to_string()))
}

fn refuse(name: &str, message: impl Into<String>) -> Error {
    Error::of_parameter(Kind::Unacceptable, "invalid_dates", name, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Option<DateAsk> {
        DateAsk::parse(text)
    }

    /// Nights, how many arrivals, the first and the last.
    fn told(ask: &Ask) -> (u16, usize, String, String) {
        match ask.dates().unwrap() {
            Some(Dates::Flexible(flexible)) => {
                let arrivals = flexible.arrivals();
                (flexible.nights(), arrivals.len(), arrivals[0].to_string(), arrivals[arrivals.len() - 1].to_string())
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn months_hold_weekends_weeks_and_months() {
        let ask = |flex, months: &str| told(&Ask { flex: Some(flex), months: Some(months.into()), ..Ask::default() });
        let of = |nights, count, first: &str, last: &str| (nights, count, first.to_owned(), last.to_owned());
        assert_eq!(ask(Flex::Weekend, "2027-07"), of(2, 5, "2027-07-02", "2027-07-30"));
        assert_eq!(ask(Flex::Weekend, "2027-07,2027-08"), of(2, 9, "2027-07-02", "2027-08-27"));
        assert_eq!(ask(Flex::Week, "2028-02"), of(7, 29, "2028-02-01", "2028-02-29"));
        assert_eq!(ask(Flex::Month, "2027-12,2027-02,2027-12"), of(28, 59, "2027-02-01", "2027-12-31"));
    }

    #[test]
    fn a_window_holds_the_whole_stay() {
        let ask = |nights, from, to| told(&Ask { nights: Some(nights), window_from: date(from), window_to: date(to), ..Ask::default() });
        assert_eq!(ask(5, "2027-07-01", "2027-07-31"), (5, 26, "2027-07-01".into(), "2027-07-26".into()));
        assert_eq!(ask(30, "2027-07-01", "2027-07-31"), (30, 1, "2027-07-01".into(), "2027-07-01".into()));
    }

    #[test]
    fn a_stay_is_moved_by_whole_days_to_both_sides() {
        let ask = Ask { check_in: date("2027-07-10"), check_out: date("2027-07-13"), plus_minus: Some(2), ..Ask::default() };
        assert_eq!(told(&ask), (3, 5, "2027-07-08".into(), "2027-07-12".into()));
    }
}
