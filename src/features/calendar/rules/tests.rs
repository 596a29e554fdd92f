//! Worked examples of docs/RULES.md, "Availability".

use super::*;

fn night(text: &str) -> Night {
    Night::parse(text).unwrap()
}

fn range(from: &str, to: &str) -> NightRange {
    NightRange::new(night(from), night(to))
}

fn stay(from: &str, to: &str) -> Stay {
    Stay::new(night(from), night(to)).unwrap()
}

fn held(stays: &[(&str, &str)]) -> Vec<Held> {
    stays.iter().map(|(from, to)| range(from, to).into()).collect()
}

const COUPLE: Party = Party { adults: 2, children: 0, infants: 0, pets: 0 };

fn terms() -> Terms {
    Terms {
        bookable: true,
        capacity: 4,
        max_infants: 5,
        max_pets: 0,
        min_nights: 2,
        max_nights: 14,
        notice_days: 1,
        cutoff_minute: None,
        window_days: 365,
        window_strict: false,
        preparation: 0,
        arrival_days: 127,
        departure_days: 127,
        gap_nights: 0,
        fill_gaps: true,
        units: 1,
        arrival_min_nights: [0; 7],
    }
}

fn noon(today: &str) -> LocalMoment {
    LocalMoment { today: night(today), minute: 720 }
}

fn failures(terms: &Terms, days: &Days, stay: Stay, party: Party, local: LocalMoment) -> Vec<&'static str> {
    let failed: Vec<_> = explain(terms, days, stay, party, local).into_iter().filter(|(_, v)| !v.passes).map(|(r, _)| r.code()).collect();
    assert_eq!(failed.is_empty(), permits(terms, days, stay, party, local));
    failed
}

#[test]
fn each_rule_refuses_what_it_is_for() {
    let days = Days::new(&terms(), &Causes { blocks: vec![range("2030-06-10", "2030-06-12")], stays: vec![] }, vec![]);
    let today = noon("2030-05-01");
    let crowd = Party { adults: 3, children: 2, infants: 6, pets: 1 };
    for (from, to, party, expected) in [
        ("2030-05-03", "2030-05-06", COUPLE, &[][..]),
        ("2030-04-29", "2030-05-02", COUPLE, &["in_past", "advance_notice"]),
        ("2030-05-01", "2030-05-03", COUPLE, &["advance_notice"]),
        ("2030-05-02", "2030-05-03", COUPLE, &["min_nights"]),
        ("2030-05-03", "2030-05-18", COUPLE, &["max_nights"]),
        ("2031-05-01", "2031-05-03", COUPLE, &[]),
        ("2031-05-02", "2031-05-04", COUPLE, &["beyond_window"]),
        ("2030-06-08", "2030-06-10", COUPLE, &[]),
        ("2030-06-09", "2030-06-11", COUPLE, &["dates_unavailable"]),
        ("2030-06-12", "2030-06-14", COUPLE, &[]),
        ("2030-05-03", "2030-05-06", crowd, &["over_capacity", "infants_limit", "pets_not_allowed"]),
    ] {
        assert_eq!(failures(&terms(), &days, stay(from, to), party, today), expected, "{from} to {to}");
    }
}

#[test]
fn same_day_booking_ends_at_the_cutoff() {
    let days = Days::default();
    let today = stay("2030-05-01", "2030-05-03");
    let terms = Terms { notice_days: 0, cutoff_minute: Some(18 * 60), ..terms() };
    for (minute, expected) in [(17 * 60 + 59, &[][..]), (18 * 60, &["advance_notice"])] {
        assert_eq!(failures(&terms, &days, today, COUPLE, LocalMoment { today: night("2030-05-01"), minute }), expected);
    }
    let open = Terms { cutoff_minute: None, ..terms };
    assert_eq!(failures(&open, &days, today, COUPLE, LocalMoment { today: night("2030-05-01"), minute: 1_439 }), [""; 0]);
}

#[test]
fn a_strict_window_holds_the_check_out_too() {
    let terms = Terms { window_days: 10, window_strict: true, ..terms() };
    let local = noon("2030-05-01");
    assert_eq!(failures(&terms, &Days::default(), stay("2030-05-09", "2030-05-11"), COUPLE, local), [""; 0]);
    assert_eq!(failures(&terms, &Days::default(), stay("2030-05-09", "2030-05-12"), COUPLE, local), ["beyond_window"]);
}

#[test]
fn the_arrival_day_decides_minimum_and_maximum() {
    let plain = DayOverride {
        range: range("2030-07-01", "2030-07-08"),
        price_minor: None,
        min_nights: NonZeroU16::new(5),
        max_nights: NonZeroU16::new(7),
        closed_to_arrival: None,
        closed_to_departure: None,
    };
    let days = Days::new(&terms(), &Causes::default(), vec![plain]);
    let local = noon("2030-05-01");
    for (from, to, expected) in [
        ("2030-07-01", "2030-07-04", &["min_nights"][..]),
        ("2030-07-07", "2030-07-12", &[]),
        ("2030-07-07", "2030-07-15", &["max_nights"]),
        ("2030-06-29", "2030-07-02", &[]),
        ("2030-07-08", "2030-07-10", &[]),
    ] {
        assert_eq!(failures(&terms(), &days, stay(from, to), COUPLE, local), expected, "{from} to {to}");
    }
}

#[test]
fn closed_days_by_weekday_and_by_date() {
    // 2030-05-04 is a Saturday: changeover on Saturdays only, but the 8th is opened for arrival and the 11th closed for departure.
    let saturday = 1 << 5;
    let terms = Terms { arrival_days: saturday, departure_days: saturday, ..terms() };
    let day = |date: &str, arrival, departure| DayOverride {
        range: NightRange::new(night(date), night(date).plus(1)),
        price_minor: None,
        min_nights: None,
        max_nights: None,
        closed_to_arrival: arrival,
        closed_to_departure: departure,
    };
    let days = Days::new(&terms, &Causes::default(), vec![day("2030-05-08", Some(false), None), day("2030-05-11", None, Some(true))]);
    let local = noon("2030-04-01");
    for (from, to, expected) in [
        ("2030-05-04", "2030-05-18", &[][..]),
        ("2030-05-04", "2030-05-11", &["closed_to_departure"]),
        ("2030-05-05", "2030-05-18", &["closed_to_arrival"]),
        ("2030-05-08", "2030-05-18", &[]),
    ] {
        assert_eq!(failures(&terms, &days, stay(from, to), COUPLE, local), expected, "{from} to {to}");
    }
}

#[test]
fn preparation_is_a_gap_between_two_stays_but_not_around_blocks() {
    let terms = Terms { preparation: 1, ..terms() };
    let causes = Causes { blocks: vec![range("2030-05-20", "2030-05-22")], stays: vec![range("2030-05-10", "2030-05-15").into()] };
    let days = Days::new(&terms, &causes, vec![]);
    let local = noon("2030-04-01");
    for (from, to, free) in [
        ("2030-05-15", "2030-05-17", false),
        ("2030-05-16", "2030-05-20", true),
        ("2030-05-08", "2030-05-10", false),
        ("2030-05-07", "2030-05-09", true),
        ("2030-05-22", "2030-05-24", true),
    ] {
        assert_eq!(permits(&terms, &days, stay(from, to), COUPLE, local), free, "{from} to {to}");
    }
}

#[test]
fn several_units_are_full_only_when_all_are_taken() {
    let terms = Terms { units: 2, ..terms() };
    let causes = Causes { blocks: vec![], stays: held(&[("2030-05-01", "2030-05-05"), ("2030-05-04", "2030-05-08"), ("2030-05-05", "2030-05-06")]) };
    assert_eq!(Days::new(&terms, &causes, vec![]).taken, [range("2030-05-04", "2030-05-06")]);
}

#[test]
fn a_unit_that_two_calendars_know_of_is_taken_once() {
    let terms = Terms { units: 2, ..terms() };
    let in_unit = |from: &str, to: &str, slot| Held { slot: Some(slot), ..range(from, to).into() };
    let taken = |stays: Vec<Held>| Days::new(&terms, &Causes { blocks: vec![], stays }, vec![]).taken;
    let echo = vec![in_unit("2030-05-01", "2030-05-05", 0), in_unit("2030-05-01", "2030-05-06", 0)];
    assert_eq!(taken(echo.clone()), []);
    assert_eq!(taken([echo, vec![in_unit("2030-05-04", "2030-05-08", 1)]].concat()), [range("2030-05-04", "2030-05-06")]);
}

/// Places every existing stay and the new one greedily into units, each keeping `g` nights after a stay.
fn fits_by_hand(stays: &[NightRange], new: NightRange, units: usize, g: i32) -> bool {
    let mut all: Vec<NightRange> = stays.iter().copied().chain([new]).collect();
    all.sort_unstable();
    let mut free_from: Vec<i32> = vec![i32::MIN; units];
    all.iter().all(|stay| match free_from.iter_mut().filter(|free| **free <= stay.from.0).max() {
        Some(unit) => {
            *unit = stay.to.0 + g;
            true
        }
        None => false,
    })
}

proptest::proptest! {
    #[test]
    fn taken_nights_agree_with_placing_stays_by_hand(
        seeds in proptest::collection::vec((0_i32..40, 1_i32..6), 0..14), from in 0_i32..45, length in 1_i32..8, units in 1_u16..4, g in 0_u8..4,
    ) {
        let mut stays: Vec<NightRange> = Vec::new();
        for (start, nights) in seeds {
            let next = NightRange::new(Night(20_000 + start), Night(20_000 + start + nights));
            if fits_by_hand(&stays, next, units.into(), g.into()) {
                stays.push(next);
            }
        }
        let asked = NightRange::new(Night(20_000 + from), Night(20_000 + from + length));
        let terms = Terms { units, preparation: g, ..terms() };
        let days = Days::new(&terms, &Causes { blocks: vec![], stays: stays.iter().copied().map(Held::from).collect() }, vec![]);
        proptest::prop_assert_eq!(!days.is_taken(asked), fits_by_hand(&stays, asked, units.into(), g.into()));
    }
}

#[test]
fn the_gap_rule_refuses_slivers_and_lets_gaps_be_filled() {
    let terms = Terms { min_nights: 3, gap_nights: 2, ..terms() };
    let causes = Causes { blocks: vec![], stays: held(&[("2030-05-01", "2030-05-05"), ("2030-05-11", "2030-05-15"), ("2030-05-17", "2030-05-20")]) };
    let days = Days::new(&terms, &causes, vec![]);
    let local = noon("2030-04-01");
    for (from, to, expected) in [
        ("2030-05-05", "2030-05-09", &["gap_rule"][..]),
        ("2030-05-06", "2030-05-11", &["gap_rule"]),
        ("2030-05-05", "2030-05-11", &[]),
        ("2030-05-05", "2030-05-08", &[]),
        ("2030-05-15", "2030-05-17", &[]),
        ("2030-05-20", "2030-05-23", &[]),
        ("2030-05-21", "2030-05-24", &["gap_rule"]),
        ("2030-05-15", "2030-05-16", &["min_nights", "gap_rule"]),
    ] {
        assert_eq!(failures(&terms, &days, stay(from, to), COUPLE, local), expected, "{from} to {to}");
    }
    let strict = Terms { fill_gaps: false, ..terms };
    assert_eq!(failures(&strict, &days, stay("2030-05-15", "2030-05-17"), COUPLE, local), ["min_nights"]);
}

#[test]
fn the_nearest_free_stays_are_offered() {
    let days = Days::new(&terms(), &Causes { blocks: vec![range("2030-05-10", "2030-05-14")], stays: vec![] }, vec![]);
    let found = nearest(&terms(), &days, stay("2030-05-11", "2030-05-13"), COUPLE, noon("2030-05-01"), 60, 3);
    assert_eq!(found, [stay("2030-05-08", "2030-05-10"), stay("2030-05-14", "2030-05-16"), stay("2030-05-07", "2030-05-09")]);
}

#[test]
fn the_hosts_word_lies_over_the_imports() {
    let day = |from, to, price, min| DayOverride {
        range: range(from, to),
        price_minor: NonZeroI64::new(price),
        min_nights: NonZeroU16::new(min),
        max_nights: None,
        closed_to_arrival: None,
        closed_to_departure: None,
    };
    let laid = overlay(&[day("2030-05-03", "2030-05-06", 900, 0)], &[day("2030-05-01", "2030-05-04", 500, 3), day("2030-05-08", "2030-05-09", 700, 0)]);
    assert_eq!(
        laid,
        [
            day("2030-05-01", "2030-05-03", 500, 3),
            day("2030-05-03", "2030-05-04", 900, 3),
            day("2030-05-04", "2030-05-06", 900, 0),
            day("2030-05-08", "2030-05-09", 700, 0)
        ]
    );
}

#[test]
fn the_weekday_of_arrival_has_a_minimum_of_its_own() {
    // Fridays three nights, but the season asks for five, and one Friday is let go at one.
    let terms = Terms { min_nights: 2, arrival_min_nights: [0, 0, 0, 0, 3, 0, 0], ..terms() };
    let min = |from: &str, to: &str, min: u16| DayOverride { min_nights: NonZeroU16::new(min), ..DayOverride::plain(range(from, to)) };
    let seasons = vec![min("2030-07-01", "2030-09-01", 5)];
    let days = Days::new(&terms, &Causes::default(), lay(vec![(SEASONS, seasons), (HOST, vec![min("2030-07-12", "2030-07-13", 1)])]));
    let local = noon("2030-05-01");
    for (from, to, expected) in [
        ("2030-05-09", "2030-05-11", &[][..]),
        ("2030-05-10", "2030-05-12", &["min_nights"]),
        ("2030-05-10", "2030-05-13", &[]),
        ("2030-07-05", "2030-07-09", &["min_nights"]),
        ("2030-07-05", "2030-07-10", &[]),
        ("2030-07-12", "2030-07-13", &[]),
    ] {
        assert_eq!(failures(&terms, &days, stay(from, to), COUPLE, local), expected, "{from} to {to}");
    }
}

#[test]
fn a_booking_keeps_the_preparation_it_was_made_with() {
    let terms = Terms { preparation: 1, ..terms() };
    let causes = Causes { blocks: vec![], stays: vec![Held { gap: 3, ..range("2030-05-10", "2030-05-15").into() }] };
    let days = Days::new(&terms, &causes, vec![]);
    let local = noon("2030-04-01");
    for (from, to, free) in
        [("2030-05-17", "2030-05-19", false), ("2030-05-18", "2030-05-20", true), ("2030-05-06", "2030-05-08", false), ("2030-05-05", "2030-05-07", true)]
    {
        assert_eq!(permits(&terms, &days, stay(from, to), COUPLE, local), free, "{from} to {to}");
    }
}

#[test]
fn pins_can_leave_no_single_unit_although_counts_suffice() {
    let terms = Terms { units: 2, ..terms() };
    let in_unit = |from: &str, to: &str, slot, pinned| Held { slot: Some(slot), pinned, ..range(from, to).into() };
    let local = noon("2030-05-01");
    let asked = stay("2030-05-12", "2030-05-18");
    for (second_pinned, expected) in [(false, &[][..]), (true, &["no_single_unit"])] {
        let stays = vec![in_unit("2030-05-11", "2030-05-14", 0, true), in_unit("2030-05-16", "2030-05-19", 1, second_pinned)];
        let days = Days::new(&terms, &Causes { blocks: vec![], stays }, vec![]);
        assert_eq!(failures(&terms, &days, asked, COUPLE, local), expected, "second pinned: {second_pinned}");
        assert_eq!(failures(&terms, &days, stay("2030-05-14", "2030-05-18"), COUPLE, local), [""; 0]);
    }
    // Both units are taken on the night of the 13th: nobody's pin is to blame.
    let stays = vec![in_unit("2030-05-11", "2030-05-14", 0, true), in_unit("2030-05-13", "2030-05-19", 1, true)];
    let days = Days::new(&terms, &Causes { blocks: vec![], stays }, vec![]);
    assert_eq!(failures(&terms, &days, asked, COUPLE, local), ["dates_unavailable"]);
}
