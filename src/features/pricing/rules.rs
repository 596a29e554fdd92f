//! Prices of nights and stays, pure integer arithmetic in minor units of the listing's currency.

use crate::features::calendar::Days;
use crate::values::{Night, Stay};
use std::num::NonZeroI64;

/// What a stay costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StayPrice {
    /// Minor units for all nights; everything mandatory that exists so far.
    pub total: i64,
    /// `total` divided by the nights, rounded down: presentation only (P18).
    pub average_nightly: i64,
}

/// The price of one night in minor units: the day's override, else the base price (P4).
#[must_use]
pub fn nightly(base: i64, days: &Days, night: Night) -> i64 {
    days.at(night).and_then(|day| day.price_minor).map_or(base, NonZeroI64::get)
}

/// The price of a stay: the sum of its nights (P5).
///
/// Walks the overrides that touch the stay instead of its nights, so a long stay costs no more than a short one.
#[must_use]
pub fn stay_price(base: i64, days: &Days, stay: Stay) -> StayPrice {
    let range = stay.range();
    let first = days.overrides.partition_point(|day| day.range.to <= range.from);
    let mut total = base.saturating_mul(i64::from(stay.nights()));
    for day in days.overrides[first..].iter().take_while(|day| day.range.from < range.to) {
        if let Some(price) = day.price_minor {
            let nights = i64::from(day.range.from.max(range.from).days_until(day.range.to.min(range.to)));
            total = total.saturating_add((price.get() - base).saturating_mul(nights));
        }
    }
    StayPrice { total, average_nightly: total / i64::from(stay.nights()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::calendar::DayOverride;
    use crate::values::NightRange;

    #[test]
    fn a_stay_costs_the_sum_of_its_nights() {
        let day = |from: i32, to: i32, price| DayOverride {
            range: NightRange::new(Night(20_000 + from), Night(20_000 + to)),
            price_minor: NonZeroI64::new(price),
            min_nights: None,
            max_nights: None,
            closed_to_arrival: None,
            closed_to_departure: None,
        };
        let days = Days { overrides: vec![day(2, 4, 15_000), day(4, 6, 0), day(7, 9, 8_001)], ..Days::default() };
        for from in 0..12 {
            for length in 1..12 {
                let stay = Stay::new(Night(20_000 + from), Night(20_000 + from + length)).unwrap();
                let by_night: i64 = stay.range().iter().map(|night| nightly(10_000, &days, night)).sum();
                let price = stay_price(10_000, &days, stay);
                assert_eq!((price.total, price.average_nightly), (by_night, by_night / i64::from(length)));
            }
        }
        assert_eq!(stay_price(10_000, &days, Stay::new(Night(20_001), Night(20_009)).unwrap()).total, 3 * 10_000 + 2 * 15_000 + 10_000 + 2 * 8_001);
    }
}
