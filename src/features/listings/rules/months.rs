//! The figures of a month: how many nights were booked, and how many could have been (docs/RULES.md, H6 to H8).

use crate::values::{Night, NightRange};

/// A calendar month of a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Month {
    pub year: i32,
    /// 1 to 12.
    pub month: i32,
}

impl Month {
    #[must_use]
    pub(in super::super) fn of(night: Night) -> Self {
        let date = night.date();
        Self { year: date.year().into(), month: date.month().into() }
    }

    /// So many months later, or earlier when negative.
    #[must_use]
    pub(in super::super) fn plus(self, months: i32) -> Self {
        let all = self.year * 12 + self.month - 1 + months;
        Self { year: all.div_euclid(12), month: all.rem_euclid(12) + 1 }
    }

    /// All its nights.
    #[must_use]
    pub(in super::super) fn nights(self) -> NightRange {
        NightRange::new(self.first(), self.plus(1).first())
    }

    fn first(self) -> Night {
        let small = |n: i32| i8::try_from(n).unwrap_or(1);
        let date = jiff::civil::Date::new(i16::try_from(self.year).unwrap_or(1970), small(self.month), 1);
        Night::from_date(date.unwrap_or_default())
    }
}

impl std::fmt::Display for Month {
    /// `YYYY-MM`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The last `count` months up to that of `today`, oldest first.
#[must_use]
pub(in super::super) fn months_up_to(today: Night, count: i32) -> Vec<Month> {
    (1 - count..=0).map(|back| Month::of(today).plus(back)).collect()
}

/// What takes nights of a listing, each cause for itself, and what its nights cost.
#[derive(Debug, Clone, Default)]
pub(crate) struct Taken {
    /// Nights with how many units are booked, each night once.
    pub booked: Vec<(Night, i64)>,
    /// Ranges taken elsewhere, one unit each.
    pub elsewhere: Vec<NightRange>,
    /// Ranges the host closed, for all units.
    pub blocked: Vec<NightRange>,
    /// Prices of single days, the one that wins first.
    pub prices: Vec<(NightRange, i64)>,
}

/// Nights of a month, counted unit by unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// That the listing has been here for.
    pub nights: i64,
    pub booked: i64,
    pub elsewhere: i64,
    pub blocked: i64,
    pub available: i64,
    /// What the booked nights are listed at, added up.
    pub listed_minor: i64,
}

/// Counts the nights of `range`. A night of a unit has one cause: booked before taken elsewhere before blocked.
#[must_use]
pub(in super::super) fn count(range: NightRange, units: i64, base_minor: i64, taken: &Taken) -> Counted {
    let mut counted = Counted::default();
    for night in range.iter() {
        let booked = taken.booked.iter().find(|(one, _)| *one == night).map_or(0, |(_, units)| *units).min(units);
        let elsewhere = i64::try_from(taken.elsewhere.iter().filter(|range| range.contains(night)).count()).unwrap_or(units).min(units - booked);
        let left = units - booked - elsewhere;
        let blocked = if taken.blocked.iter().any(|range| range.contains(night)) { left } else { 0 };
        let price = taken.prices.iter().find(|(range, _)| range.contains(night)).map_or(base_minor, |(_, price)| *price);
        counted.nights += units;
        counted.booked += booked;
        counted.elsewhere += elsewhere;
        counted.blocked += blocked;
        counted.available += left - blocked;
        counted.listed_minor = counted.listed_minor.saturating_add(price.saturating_mul(booked));
    }
    counted
}

impl Counted {
    /// Booked nights of those that could be booked here, in basis points, rounded down; `None` where there were none.
    #[must_use]
    pub(in super::super) fn occupancy_bp(self) -> Option<i64> {
        let offered = self.booked + self.available;
        (offered > 0).then(|| self.booked * 10_000 / offered)
    }

    /// What a booked night is listed at on average, minor units, rounded half up; `None` where none is booked.
    #[must_use]
    pub(in super::super) fn average_minor(self) -> Option<i64> {
        super::mean_centi(self.listed_minor, self.booked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn night(text: &str) -> Night {
        Night::parse(text).unwrap()
    }

    fn range(from: &str, to: &str) -> NightRange {
        NightRange::new(night(from), night(to))
    }

    #[test]
    fn months_are_counted_back_over_the_year() {
        let names = |today: &str, count| months_up_to(night(today), count).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(names("2026-02-28", 4), ["2025-11", "2025-12", "2026-01", "2026-02"]);
        assert_eq!(names("2026-12-31", 1), ["2026-12"]);
        assert_eq!(Month { year: 2028, month: 2 }.nights(), range("2028-02-01", "2028-03-01"));
        assert_eq!(Month { year: 2026, month: 12 }.nights().nights(), 31);
    }

    /// The worked table of docs/RULES.md, H7.
    #[test]
    fn every_night_of_a_unit_has_one_cause() {
        let june = range("2026-06-01", "2026-07-01");
        let booked = |from: &str, to: &str, units| range(from, to).iter().map(|night| (night, units)).collect::<Vec<_>>();
        let nothing = Taken::default();
        let some = Taken { booked: booked("2026-06-01", "2026-06-11", 1), blocked: vec![range("2026-06-20", "2026-07-05")], ..Taken::default() };
        let both = Taken {
            booked: booked("2026-06-01", "2026-06-04", 1),
            elsewhere: vec![range("2026-06-03", "2026-06-08")],
            blocked: vec![range("2026-06-07", "2026-06-11")],
            prices: Vec::new(),
        };
        let two = Taken { booked: booked("2026-06-01", "2026-06-16", 2), elsewhere: vec![range("2026-06-16", "2026-06-26")], ..Taken::default() };
        for (range, units, taken, [nights, booked, elsewhere, blocked, available], bp) in [
            (june, 1, &nothing, [30, 0, 0, 0, 30], Some(0)),
            (june, 1, &some, [30, 10, 0, 11, 9], Some(5_263)),
            (june, 1, &both, [30, 3, 4, 3, 20], Some(1_304)),
            (june, 2, &two, [60, 30, 10, 0, 20], Some(6_000)),
            (range("2026-06-20", "2026-06-30"), 1, &some, [10, 0, 0, 10, 0], None),
            (range("2026-06-20", "2026-06-20"), 1, &some, [0, 0, 0, 0, 0], None),
        ] {
            let counted = count(range, units, 10_000, taken);
            assert_eq!(
                [counted.nights, counted.booked, counted.elsewhere, counted.blocked, counted.available],
                [nights, booked, elsewhere, blocked, available]
            );
            assert_eq!(counted.occupancy_bp(), bp, "{range:?} {units}");
        }
    }

    #[test]
    fn booked_nights_have_the_price_of_their_day() {
        let taken = Taken {
            booked: range("2026-06-01", "2026-06-04").iter().map(|night| (night, 1)).collect(),
            prices: vec![(range("2026-06-02", "2026-06-03"), 12_001), (range("2026-06-01", "2026-06-03"), 9_000)],
            ..Taken::default()
        };
        let counted = count(range("2026-06-01", "2026-07-01"), 1, 10_000, &taken);
        assert_eq!((counted.listed_minor, counted.average_minor()), (31_001, Some(10_334)));
        assert_eq!(Counted::default().average_minor(), None);
    }
}
