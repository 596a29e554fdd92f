//! The dates of a question: one stay, or any of many stays of the same length.

use crate::values::{Night, Stay};

/// When somebody wants to stay.
#[derive(Debug, Clone)]
pub(crate) enum Dates {
    Fixed(Stay),
    Flexible(Flexible),
}

impl Dates {
    /// How many nights: 1 to 365, the same for every stay of a flexible question.
    pub(crate) fn nights(&self) -> u16 {
        match self {
            Self::Fixed(stay) => stay.nights(),
            Self::Flexible(flexible) => flexible.nights,
        }
    }
}

/// Any of these days of arrival, for so many nights.
#[derive(Debug, Clone)]
pub(crate) struct Flexible {
    nights: u16,
    /// Ascending, each once.
    arrivals: Vec<Night>,
    /// The day that was asked for, where one was: of stays that cost the same, the nearest to it is the best.
    wish: Option<Night>,
}

impl Flexible {
    /// Stays of `nights` nights, 1 to 365.
    pub(crate) fn new(nights: u16, arrivals: impl IntoIterator<Item = Night>, wish: Option<Night>) -> Self {
        let mut arrivals: Vec<Night> = arrivals.into_iter().collect();
        arrivals.sort_unstable();
        arrivals.dedup();
        Self { nights, arrivals, wish }
    }

    pub(crate) fn nights(&self) -> u16 {
        self.nights
    }

    pub(crate) fn arrivals(&self) -> &[Night] {
        &self.arrivals
    }

    /// The stay that begins on `arrival`.
    pub(crate) fn stay(&self, arrival: Night) -> Option<Stay> {
        Stay::new(arrival, arrival.plus(self.nights.into())).ok()
    }

    /// Orders stays of the same price: by distance from the wish, then the earlier one.
    pub(crate) fn preference(&self, stay: Stay) -> (i32, Night) {
        (self.wish.map_or(0, |wish| wish.days_until(stay.check_in()).abs()), stay.check_in())
    }

    /// The arrivals between these places of [`Flexible::arrivals`], as stretches of days without a gap: the place of the
    /// first arrival, and how many follow each other.
    pub(super) fn stretches(&self, places: std::ops::Range<usize>) -> Vec<Stretch> {
        let mut found: Vec<Stretch> = Vec::new();
        for (place, arrival) in self.arrivals.iter().enumerate().take(places.end).skip(places.start) {
            match found.last_mut() {
                Some(last) if last.first.plus(last.days).days_until(*arrival) == 0 => last.days += 1,
                _ => found.push(Stretch { place, first: *arrival, days: 1 }),
            }
        }
        found
    }
}

/// Days of arrival that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch {
    /// The place of the first among all arrivals.
    pub place: usize,
    pub first: Night,
    pub days: i32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_fall_into_stretches_of_days() {
        let flexible = Flexible::new(2, [5, 3, 4, 9, 10, 20, 4].map(Night), None);
        let of = |places| flexible.stretches(places).into_iter().map(|s| (s.place, s.first.0, s.days)).collect::<Vec<_>>();
        assert_eq!(of(0..6), [(0, 3, 3), (3, 9, 2), (5, 20, 1)]);
        assert_eq!(of(1..4), [(1, 4, 2), (3, 9, 1)]);
        assert_eq!(of(2..2), []);
    }

    #[test]
    fn of_two_stays_at_one_price_the_nearer_to_the_wish_is_better() {
        let days = |wish: Option<i32>| {
            let flexible = Flexible::new(3, (10..15).map(Night), wish.map(Night));
            let mut stays: Vec<Stay> = flexible.arrivals().iter().filter_map(|night| flexible.stay(*night)).collect();
            stays.sort_by_key(|stay| flexible.preference(*stay));
            stays.iter().map(|stay| stay.check_in().0).collect::<Vec<_>>()
        };
        assert_eq!(days(None), [10, 11, 12, 13, 14]);
        assert_eq!(days(Some(12)), [12, 11, 13, 10, 14]);
    }
}
