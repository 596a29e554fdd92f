//! Tables of the operator's own: the worked example of docs/RULES.md to the cent, what is refused, and what holds for all that are kept.

use super::table::plain_stay;
use super::*;
use crate::features::cancellation::rules::policy::WHOLE_BP;
use crate::features::pricing::rules::Plan;

fn days(days: u16, nights: u16, rest_bp: u32) -> Row {
    Row { days: Some(days), hours: None, kept: Kept { nights, rest_bp } }
}

fn hours(hours: u16, nights: u16, rest_bp: u32) -> Row {
    Row { days: None, hours: Some(hours), kept: Kept { nights, rest_bp } }
}

fn next(further_nights: u16, rest_bp: u32) -> Later {
    Later { further_nights: Some(further_nights), rest_bp }
}

/// The worked example.
fn table() -> OwnTable {
    let rows = vec![days(14, 0, 0), days(7, 0, 3_000), hours(48, 2, 4_000), days(0, 3, 5_000)];
    OwnTable { key: "house_mix".into(), name: "House mix".into(), long: false, rows, grace: None, after_check_in: next(2, 5_000) }
}

fn golden(table: &OwnTable) -> Booking {
    assert_eq!(table.faults(), []);
    Booking { rules: table.rules().unwrap(), ..Booking::golden(Policy::Flexible) }
}

/// When, kept room, kept VAT, refund, what the host gets.
const VECTORS: [(&str, i64, i64, i64, i64); 8] = [
    ("2026-05-21T13:00:00Z", 0, 0, 105_132, 0),
    ("2026-05-21T13:00:01Z", 23_130, 2_313, 69_717, 22_436),
    ("2026-05-28T13:00:00Z", 23_130, 2_313, 69_717, 22_436),
    ("2026-05-28T13:00:01Z", 44_526, 4_453, 46_181, 43_190),
    ("2026-06-02T13:00:00Z", 44_526, 4_453, 46_181, 43_190),
    ("2026-06-02T13:00:01Z", 56_114, 5_611, 33_435, 54_431),
    ("2026-06-04T13:00:00Z", 56_114, 5_611, 33_435, 54_431),
    // A night is spent: the cleaning and a night of the city's tax are kept too.
    ("2026-06-05T09:00:00Z", 56_114, 6_211, 26_085, 60_251),
];

#[test]
fn the_golden_stay_ends_as_the_table_says() {
    let booking = golden(&table());
    for (when, room, vat, refund, host) in VECTORS {
        let ended = booking.cancelled(when);
        assert_eq!((kept(&ended, "room"), kept(&ended, "vat"), ended.refund, ended.host_payout), (room, vat, refund, host), "{when}");
    }
}

#[test]
fn the_table_is_shown_as_a_timeline() {
    let booking = golden(&table());
    let told = timeline(&booking.rules, &booking.arrival(), &booking.prices[0].allocation, at(LONG_AGO));
    let steps: Vec<(String, i64)> = told.steps.iter().map(|step| (step.until.to_string(), step.kept)).collect();
    let expected = [("2026-05-21", 0), ("2026-05-28", 23_130), ("2026-06-02", 44_526), ("2026-06-04", 56_114)];
    assert_eq!(steps, expected.map(|(date, kept)| (format!("{date}T13:00:00Z"), kept)));
    assert_eq!((told.policy.as_str(), told.grace.map(|grace| grace.hours)), ("house_mix", Some(24)));
}

#[test]
fn there_is_a_day_to_think_again_as_under_other_short_policies() {
    let mut booking = golden(&table());
    booking.confirmed_at = at("2026-05-28T13:00:00Z");
    let room = |booking: &Booking, when: &str| kept(&booking.cancelled(when), "room");
    assert_eq!((room(&booking, "2026-05-29T13:00:00Z"), room(&booking, "2026-05-29T13:00:01Z")), (0, 44_526));
    booking.confirmed_at = at("2026-05-28T13:00:01Z");
    assert_eq!(room(&booking, "2026-05-28T13:00:02Z"), 44_526);
    let long = OwnTable { long: true, ..table() };
    assert_eq!(long.rules().unwrap().grace, None);
}

#[test]
fn the_classic_strict_table_is_a_preset() {
    let table = Preset::parse("classic_strict").unwrap().table("old_strict".into(), "Strict as it was".into());
    let mut booking = golden(&table);
    let room = |booking: &Booking, when: &str| kept(&booking.cancelled(when), "room");
    // Two days from a confirmation that comes two weeks before check-in or earlier.
    booking.confirmed_at = at("2026-05-21T13:00:00Z");
    assert_eq!((room(&booking, "2026-05-23T13:00:00Z"), room(&booking, "2026-05-23T13:00:01Z")), (0, 38_550));
    booking.confirmed_at = at("2026-05-21T13:00:01Z");
    assert_eq!(room(&booking, "2026-05-21T13:00:02Z"), 38_550);
    assert_eq!((room(&booking, "2026-05-28T13:00:00Z"), room(&booking, "2026-05-28T13:00:01Z")), (38_550, 77_100));
    assert_eq!(Preset::parse("strict"), None);
}

#[test]
fn a_name_is_kept_as_it_was_meant() {
    let named = OwnTable { name: " Cafe\u{301} ".into(), ..table() };
    assert_eq!((named.faults(), named.name().as_deref()), (vec![], Some("Caf\u{e9}")));
}

#[test]
fn a_time_to_think_again_ends_at_check_in_and_is_told_so() {
    let grace = GraceRule { hours: 168, confirmed_days: 0, latest_days: None };
    let mut booking = golden(&OwnTable { grace: Some(grace), ..table() });
    let told = |booking: &Booking| timeline(&booking.rules, &booking.arrival(), &[1; 7], at(LONG_AGO)).grace.unwrap();
    assert_eq!(told(&booking).until_latest, Some(at("2026-06-04T13:00:00Z")));
    booking.confirmed_at = at("2026-06-04T12:00:00Z");
    let room = |when: &str| kept(&booking.cancelled(when), "room");
    assert_eq!((room("2026-06-04T13:00:00Z"), room("2026-06-04T13:00:01Z")), (0, 56_114));
    // Seven days before check-in it is over by then anyhow.
    booking.rules.grace = Some(GraceRule { confirmed_days: 7, ..grace });
    assert_eq!(told(&booking).until_latest, None);
    booking.rules.grace = Some(GraceRule { latest_days: Some(2), ..grace });
    assert_eq!(told(&booking).until_latest, Some(at("2026-06-02T13:00:00Z")));
}

#[test]
fn less_than_a_cent_of_the_room_keeps_no_service_fee() {
    let (plan, days) = (Plan::default(), Days::default());
    let terms = Prices { base: 1_000, plan: &plan, days: &days, fees: prices::SPLIT, taxes: &[] };
    let price = price(&terms, &Ask::standard(stay("2026-06-04", "2026-06-06"), adults(2), 60)).unwrap();
    assert!(price.service_fee > 0);
    let of = |rest_bp| {
        let table = OwnTable { rows: vec![Row { days: Some(0), hours: None, kept: Kept { nights: 0, rest_bp } }], after_check_in: Later::ALL, ..table() };
        Booking { rules: table.rules().unwrap(), ..Booking::of(Policy::Flexible, stay("2026-06-04", "2026-06-06"), vec![price.clone()]) }
    };
    let (none, some) = (of(4), of(5));
    assert_eq!(none.cancelled("2026-06-01T00:00:00Z").refund, none.total(), "0.8 of a cent");
    assert_eq!(some.cancelled("2026-06-01T00:00:00Z").refund, some.total() - 1 - price.service_fee);
}

#[test]
fn nothing_and_everything_can_be_kept() {
    let one = |rest_bp, after| OwnTable { rows: vec![hours(0, 0, rest_bp)], after_check_in: after, ..table() };
    let (free, hard) = (golden(&one(0, next(0, 0))), golden(&one(WHOLE_BP, Later::ALL)));
    let room = |booking: &Booking, when: &str| kept(&booking.cancelled(when), "room");
    assert_eq!((room(&free, "2026-06-04T13:00:00Z"), room(&free, "2026-06-04T13:00:01Z")), (0, 10_493));
    assert_eq!((room(&hard, "2026-01-01T00:00:00Z"), room(&hard, "2026-01-02T00:00:01Z")), (0, 77_100), "a day to think again, then all");
}

#[test]
fn what_cannot_be_kept_is_refused_with_its_place() {
    let with = |rows: Vec<Row>| OwnTable { rows, after_check_in: Later::ALL, ..table() };
    let grace = |hours, confirmed_days, latest_days| OwnTable { grace: Some(GraceRule { hours, confirmed_days, latest_days }), ..table() };
    let neither = Row { days: None, hours: None, kept: Kept { nights: 0, rest_bp: 0 } };
    let both = Row { days: Some(2), hours: Some(1), kept: Kept { nights: 0, rest_bp: 0 } };
    for (table, places) in [
        (OwnTable { key: "Mix".into(), ..table() }, vec!["/key"]),
        (OwnTable { key: String::new(), ..table() }, vec!["/key"]),
        (OwnTable { key: "x".repeat(41), ..table() }, vec!["/key"]),
        (OwnTable { key: "firm".into(), ..table() }, vec!["/key"]),
        (OwnTable { name: " ".into(), ..table() }, vec!["/name"]),
        (OwnTable { name: "a\u{7}".into(), ..table() }, vec!["/name"]),
        (OwnTable { name: "a\u{2028}b".into(), ..table() }, vec!["/name"]),
        (OwnTable { name: "x".repeat(61), ..table() }, vec!["/name"]),
        (with(vec![]), vec!["/rows"]),
        (with((0..11).map(|n| hours(10 - n, 0, u32::from(n) * 100)).collect()), vec!["/rows"]),
        (with(vec![days(3, 0, 0)]), vec!["/rows"]),
        (with(vec![neither, days(0, 0, 1)]), vec!["/rows/0"]),
        (with(vec![both, days(0, 0, 1)]), vec!["/rows/0"]),
        (with(vec![days(366, 0, 0), days(0, 0, 1)]), vec!["/rows/0/days_before"]),
        (with(vec![hours(721, 0, 0), days(0, 0, 1)]), vec!["/rows/0/hours_before"]),
        (with(vec![days(1, 0, 0), days(0, 366, 10_001)]), vec!["/rows/1/first_nights", "/rows/1/kept_bp"]),
        // Out of order, and two for the same time.
        (with(vec![days(1, 0, 0), days(2, 0, 1), days(0, 0, 2)]), vec!["/rows/1"]),
        (with(vec![days(2, 0, 0), hours(48, 0, 1), days(0, 0, 2)]), vec!["/rows/1"]),
        (with(vec![days(0, 0, 0), hours(0, 0, 1)]), vec!["/rows/1"]),
        // Whoever waits would get more back.
        (with(vec![days(2, 0, 5_000), days(0, 0, 4_999)]), vec!["/rows/1"]),
        (with(vec![days(2, 2, 5_000), days(0, 1, 9_999)]), vec!["/rows/1"]),
        (with(vec![days(2, 2, 5_000), days(0, 2, 5_000)]), vec!["/rows/1"]),
        (OwnTable { after_check_in: next(1, 5_000), ..table() }, vec!["/after_check_in"]),
        (OwnTable { after_check_in: next(2, 4_999), ..table() }, vec!["/after_check_in"]),
        (OwnTable { after_check_in: next(366, 10_001), ..table() }, vec!["/after_check_in/further_nights", "/after_check_in/kept_bp"]),
        (grace(0, 7, None), vec!["/grace/hours"]),
        (grace(169, 366, Some(366)), vec!["/grace/hours", "/grace/confirmed_days", "/grace/latest_days"]),
    ] {
        let found: Vec<String> = table.faults().into_iter().map(|fault| fault.pointer).collect();
        assert_eq!(found, places, "{table:?}");
    }
    let fine = with(vec![days(2, 2, 5_000), days(0, 0, WHOLE_BP)]);
    assert_eq!(fine.faults(), [], "all of it is more than a part, whatever the nights");
}

#[test]
fn more_is_never_less_of_any_stay() {
    let some = [0, 1, 3, 30].into_iter().flat_map(|nights| [0, 1, 5_000, 9_999, WHOLE_BP].map(|rest_bp| Kept { nights, rest_bp })).collect::<Vec<_>>();
    let stays: [&[i64]; 5] = [&[1], &[10_001, 0], &[0, 0, 1], &[333, 333, 334, 7], &[1, 1_000_003, 1, 1, 1]];
    for (less, more) in some.iter().flat_map(|less| some.iter().map(move |more| (*less, *more))).filter(|(less, more)| more.covers(*less)) {
        for nights in stays {
            assert!(more.of(nights) >= less.of(nights), "{more:?} of {nights:?} is less than {less:?}");
        }
    }
}

#[test]
fn waiting_never_pays_even_where_the_clocks_change() {
    // Samoa left out 30 December 2011: two dates before check-in are one day before it, and 30 hours are over sooner.
    let rows = vec![days(2, 0, 0), hours(30, 0, 5_000), days(0, 0, WHOLE_BP)];
    let table = OwnTable { rows, after_check_in: Later::ALL, ..table() };
    assert_eq!(table.faults(), []);
    let of = |table: &OwnTable, zone: &str, check_in: &str| Booking { rules: table.rules().unwrap(), ..plain_stay(Policy::Flexible, 3, zone, check_in) };
    let booking = of(&table, "Pacific/Apia", "2011-12-31");
    let arrival = booking.arrival();
    let told = timeline(&booking.rules, &arrival, &[100; 3], at("2011-12-26T00:00:00Z"));
    let steps: Vec<i64> = told.steps.iter().map(|step| step.kept).collect();
    assert_eq!((steps, told.steps[0].until), (vec![0, 300], arrival.days_before(2)));
    assert_eq!(arrival.days_before(2).plus_seconds(24 * 3_600), arrival.days_before(0));
    let near = || vec![hours(25, 0, 0), days(1, 0, 2_000), hours(23, 1, 2_000), days(0, 0, WHOLE_BP)];
    for (rows, zone, check_in) in
        [(table.rows.clone(), "Pacific/Apia", "2011-12-31"), (near(), "Europe/Berlin", "2026-03-29"), (near(), "Europe/Berlin", "2026-10-25")]
    {
        let table = OwnTable { rows, ..table.clone() };
        assert_eq!(table.faults(), []);
        let booking = of(&table, zone, check_in);
        let start = booking.arrival().days_before(4);
        let refunds: Vec<i64> = (0..7 * 24 * 2).map(|half| booking.ends(Cause::Guest, start.plus_seconds(half * 1_800), booking.total()).refund).collect();
        assert!(refunds.windows(2).all(|pair| pair[0] >= pair[1]), "{check_in}: {refunds:?}");
    }
}
