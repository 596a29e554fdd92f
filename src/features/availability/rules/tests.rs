//! A day of the calendar agrees with asking for every stay one by one.

use super::*;
use crate::features::calendar::{Causes, DayOverride, Held};
use proptest::prelude::*;
use std::num::NonZeroU16;

const TODAY: Night = Night(20_000);

fn night(text: &str) -> Night {
    Night::parse(text).unwrap()
}

#[test]
fn a_calendar_shows_a_month_from_today_and_at_most_two_years() {
    let (from, to) = (night("2030-05-10"), night("2030-05-12"));
    assert_eq!(days_shown(None, None, TODAY), Ok(NightRange::new(TODAY, TODAY.plus(31))));
    assert_eq!(days_shown(Some(from), None, TODAY), Ok(NightRange::new(from, from.plus(31))));
    assert_eq!(days_shown(Some(from), Some(to), TODAY), Ok(NightRange::new(from, to)));
    assert_eq!(days_shown(Some(to), Some(from), TODAY), Err(RangeRefusal::NotAfter));
    assert_eq!(days_shown(Some(to), Some(to), TODAY), Err(RangeRefusal::NotAfter));
    assert_eq!(days_shown(Some(from), Some(from.plus(730)), TODAY).map(NightRange::nights), Ok(730));
    assert_eq!(days_shown(Some(from), Some(from.plus(731)), TODAY), Err(RangeRefusal::TooLong));
}

prop_compose! {
    fn some_terms()(
        (min_nights, max_nights, preparation, units) in (1_u16..6, 1_u16..20, 0_u8..3, 1_u16..3),
        (notice_days, cutoff_minute, window_days, window_strict) in (0_u8..4, prop::option::of(600_u16..800), 1_u16..60, any::<bool>()),
        (arrival_days, departure_days) in (prop::sample::select(vec![127_u8, 127, 0b10_0000, 0b101_0101, 0]), prop::sample::select(vec![127_u8, 127, 0b10_0001, 0])),
        (gap_nights, fill_gaps, bookable) in (prop::sample::select(vec![0_u8, 0, 2, 5]), any::<bool>(), prop::bool::weighted(0.95)),
        arrival_min_nights in prop::sample::select(vec![[0; 7], [0; 7], [0, 0, 0, 0, 3, 2, 0], [1; 7]]),
    ) -> Terms {
        Terms {
            bookable, capacity: 2, max_infants: 0, max_pets: 0, min_nights, max_nights, notice_days, cutoff_minute, window_days, window_strict,
            preparation, arrival_days, departure_days, gap_nights, fill_gaps, units, arrival_min_nights,
        }
    }
}

prop_compose! {
    fn some_ranges(most: usize)(seeds in prop::collection::vec((-40_i32..70, 1_i32..9), 0..most)) -> Vec<NightRange> {
        seeds.into_iter().map(|(from, nights)| NightRange::new(TODAY.plus(from), TODAY.plus(from + nights))).collect()
    }
}

prop_compose! {
    /// Stays that keep more or less preparation than is asked for now, some of them pinned to a unit.
    fn some_stays(most: usize)(seeds in prop::collection::vec((-40_i32..70, 1_i32..9, 0_u8..3, prop::option::weighted(0.2, 0_u16..2)), 0..most)) -> Vec<Held> {
        let held = |(from, nights, gap, slot): (i32, i32, u8, Option<u16>)| Held {
            range: NightRange::new(TODAY.plus(from), TODAY.plus(from + nights)), gap, slot, pinned: slot.is_some(),
        };
        seeds.into_iter().map(held).collect()
    }
}

prop_compose! {
    fn some_overrides()(
        seeds in prop::collection::vec((0_i32..12, 1_i32..5, prop::option::of(1_u16..9), prop::option::of(1_u16..20), prop::option::of(any::<bool>()), prop::option::of(any::<bool>())), 0..8)
    ) -> Vec<DayOverride> {
        let mut at = TODAY.plus(-10);
        seeds.into_iter().map(|(skip, nights, min, max, closed_to_arrival, closed_to_departure)| {
            let range = NightRange::new(at.plus(skip), at.plus(skip + nights));
            at = range.to;
            let some = |n: Option<u16>| n.and_then(NonZeroU16::new);
            DayOverride { range, price_minor: None, min_nights: some(min), max_nights: some(max), closed_to_arrival, closed_to_departure }
        }).collect()
    }
}

proptest! {
    #[test]
    fn every_day_agrees_with_trying_every_stay(
        terms in some_terms(), blocks in some_ranges(5), stays in some_stays(8), overrides in some_overrides(), minute in 0_u16..1_440,
    ) {
        let days = Days::new(&terms, &Causes { blocks, stays }, overrides);
        let local = LocalMoment { today: TODAY, minute };
        let shown = NightRange::new(TODAY.plus(-5), TODAY.plus(65));
        // No stay of these terms is longer than 20 nights.
        let may = |from: Night, nights: i32| permits(&terms, &days, Stay::new(from, from.plus(nights)).unwrap(), ALONE, local);
        for day in outlook(&terms, &days, shown, local) {
            let date = day.date;
            prop_assert_eq!(day.check_in_ok, (1..=22).any(|nights| may(date, nights)), "check-in on {}", date);
            prop_assert_eq!(day.check_out_ok, (1..=22).any(|nights| may(date.plus(-nights), nights)), "check-out on {}", date);
            let open = terms.bookable && date >= TODAY && !days.is_taken(NightRange::new(date, date.plus(1)));
            // Pinned stays may take a night that counting leaves open.
            prop_assert!(day.available == open || (open && !days.held.is_empty()));
        }
    }
}
