//! What a calendar shows of a single day, pure. Every answer is asked of `calendar::rules`, so that a day which
//! looks open is open; only the search for a stay that proves it is done here.

mod causes;

pub(super) use causes::told;
pub use causes::{DayTold, Status};

use crate::features::calendar::{Days, Party, Rule, Terms, Verdict, explain, permits};
use crate::platform::error::{FieldError, Kind, Refusal, Refused};
use crate::values::{LocalMoment, Night, NightRange, Stay};

/// Days a calendar shows unless it is told otherwise.
const DEFAULT_DAYS: i32 = 31;
/// Most days of one calendar.
const MOST_DAYS: i32 = 730;

/// The smallest party: whoever may not come alone may not come at all.
const ALONE: Party = Party { adults: 1, children: 0, infants: 0, pets: 0 };

/// A day of the public calendar (A16); the price is told by `pricing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayOutlook {
    pub date: Night,
    /// The night that begins on this date is neither past nor taken.
    pub available: bool,
    /// Limits of a stay that begins on this date.
    pub min_nights: u16,
    pub max_nights: u16,
    pub closed_to_arrival: bool,
    pub closed_to_departure: bool,
    /// At least one stay that begins on this date may be booked now, by one adult.
    pub check_in_ok: bool,
    /// At least one stay that ends on this date may be booked now, by one adult.
    pub check_out_ok: bool,
}

/// Why a calendar cannot be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RangeRefusal {
    NotAfter,
    TooLong,
}

impl Refusal for RangeRefusal {
    fn refused(&self) -> Refused {
        let detail = match self {
            Self::NotAfter => "`to` must be after `from`: it is the first day that is not shown.".to_owned(),
            Self::TooLong => format!("A calendar shows at most {MOST_DAYS} days."),
        };
        let mut refused = Refused::new(Kind::Unacceptable, "invalid_dates", detail.clone());
        refused.errors.push(FieldError::new("/query/to", "invalid_dates", detail));
        refused
    }
}

/// The days to show: from `from` (today where absent) up to, not including, `to` (31 days later where absent).
/// Refuses an empty or reversed range and more than 730 days.
pub(super) fn days_shown(from: Option<Night>, to: Option<Night>, today: Night) -> Result<NightRange, RangeRefusal> {
    let from = from.unwrap_or(today);
    let to = to.unwrap_or(from.plus(DEFAULT_DAYS));
    match from.days_until(to) {
        ..=0 => Err(RangeRefusal::NotAfter),
        n if n > MOST_DAYS => Err(RangeRefusal::TooLong),
        _ => Ok(NightRange::new(from, to)),
    }
}

/// What each day of `range` offers at the moment `local`. `days` must hold everything that is taken from today on.
#[must_use]
pub fn outlook(terms: &Terms, days: &Days, range: NightRange, local: LocalMoment) -> Vec<DayOutlook> {
    let seen = Seen { terms, days, local };
    let mut night_before = seen.one_night(range.from.plus(-1));
    let mut outlooks = Vec::with_capacity(range.nights() as usize);
    for date in range.iter() {
        let night = seen.one_night(date);
        outlooks.push(DayOutlook {
            date,
            available: night.passes(&[Rule::ListingNotBookable, Rule::InPast, Rule::DatesUnavailable, Rule::NoSingleUnit]),
            min_nights: days.min_nights(terms, date),
            max_nights: days.max_nights(terms, date),
            closed_to_arrival: !night.passes(&[Rule::ClosedToArrival]),
            closed_to_departure: !night_before.passes(&[Rule::ClosedToDeparture]),
            check_in_ok: seen.check_in_ok(date, &night),
            check_out_ok: seen.check_out_ok(date, &night_before),
        });
        night_before = night;
    }
    outlooks
}

/// A listing at one moment.
struct Seen<'a> {
    terms: &'a Terms,
    days: &'a Days,
    local: LocalMoment,
}

/// What the rules say of the one-night stay that begins on a date.
struct OneNight(Vec<(Rule, Verdict)>);

impl OneNight {
    fn passes(&self, rules: &[Rule]) -> bool {
        self.0.iter().all(|(rule, verdict)| verdict.passes || !rules.contains(rule))
    }
}

impl Seen<'_> {
    fn one_night(&self, date: Night) -> OneNight {
        OneNight(Stay::new(date, date.plus(1)).map_or_else(|_| Vec::new(), |stay| explain(self.terms, self.days, stay, ALONE, self.local)))
    }

    fn permits(&self, check_in: Night, check_out: Night) -> bool {
        Stay::new(check_in, check_out).is_ok_and(|stay| permits(self.terms, self.days, stay, ALONE, self.local))
    }

    /// Whether some stay `[date, x)` may be booked. What the first night alone fails, every longer stay fails too;
    /// past the next taken night and past the maximum no stay can end.
    fn check_in_ok(&self, date: Night, night: &OneNight) -> bool {
        let arrival = [Rule::ListingNotBookable, Rule::InPast, Rule::AdvanceNotice, Rule::BeyondWindow, Rule::ClosedToArrival, Rule::DatesUnavailable];
        if !night.passes(&arrival) {
            return false;
        }
        let fills_gaps = self.terms.gap_nights > 0 && self.terms.fill_gaps;
        let fewest = if fills_gaps { 1 } else { self.days.min_nights(self.terms, date) };
        let next = self.days.taken.partition_point(|run| run.to <= date);
        let free = self.days.taken.get(next).map_or(i32::MAX, |run| date.days_until(run.from));
        let most = free.min(self.days.max_nights(self.terms, date).into());
        (i32::from(fewest)..=most).any(|nights| self.permits(date, date.plus(nights)))
    }

    /// Whether some stay `[x, date)` may be booked: the night before must be free, and a stay can begin neither in
    /// the past nor before the end of what was taken last.
    fn check_out_ok(&self, date: Night, night_before: &OneNight) -> bool {
        if !night_before.passes(&[Rule::ListingNotBookable, Rule::InPast, Rule::ClosedToDeparture, Rule::DatesUnavailable]) {
            return false;
        }
        let before = self.days.taken.partition_point(|run| run.to < date);
        let freed = before.checked_sub(1).map_or(Night::FIRST, |last| self.days.taken[last].to);
        let most = freed.max(self.local.today).days_until(date).min(Stay::MAX_NIGHTS.into());
        (1..=most).any(|nights| self.permits(date.plus(-nights), date))
    }
}

#[cfg(test)]
mod tests;
