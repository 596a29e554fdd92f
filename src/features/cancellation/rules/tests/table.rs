//! Every row of the policies, at its deadline and a second after it, in zones that change their clocks meanwhile.

use super::*;
use crate::features::pricing::rules::Plan;

const NIGHT: i64 = 10_001;

/// 10,001 a night and nothing else.
pub(super) fn plain_stay(policy: Policy, nights: i32, zone: &str, check_in: &str) -> Booking {
    let first = night(check_in);
    let stay = Stay::new(first, first.plus(nights)).unwrap();
    let (plan, days) = (Plan::default(), Days::default());
    let terms = Prices { base: NIGHT, plan: &plan, days: &days, fees: FeeModel::default(), taxes: &[] };
    let price = price(&terms, &Ask::standard(stay, adults(2), 60)).unwrap();
    let confirmed_at = first.plus(-300);
    let zone = Zone::parse(zone).unwrap();
    Booking { confirmed_at: zone.resolve(confirmed_at, 0), zone, ..Booking::of(policy, stay, vec![price]) }
}

/// Days before check-in, and what is kept of the room up to then.
type Row = (u16, i64);

fn rows(policy: Policy, nights: i64) -> (Vec<Row>, Vec<i64>) {
    let (all, month) = (NIGHT * nights, NIGHT * nights.min(30));
    let half_of = |nights: i64| NIGHT * nights / 2;
    let spent = |further: i64| (1..=nights).map(move |spent| NIGHT * (spent + further).min(nights));
    let everything = vec![all; usize::try_from(nights).unwrap()];
    match policy {
        Policy::Flexible => (vec![(1, 0), (0, NIGHT)], spent(1).collect()),
        Policy::Moderate => {
            let after = (1..=nights).map(|spent| NIGHT * (spent + 1).min(nights) + half_of((nights - spent - 1).max(0)));
            (vec![(5, 0), (0, NIGHT + half_of(nights - 1))], after.collect())
        }
        Policy::Limited => (vec![(14, 0), (7, half_of(nights)), (0, all)], everything),
        Policy::Firm => (vec![(30, 0), (7, half_of(nights)), (0, all)], everything),
        Policy::Strict => (vec![(7, half_of(nights)), (0, all)], everything),
        Policy::NonRefundable => (vec![(0, all)], everything),
        Policy::FirmLong => (vec![(30, 0), (0, month)], spent(30).collect()),
        Policy::StrictLong => (vec![(0, month)], spent(30).collect()),
    }
}

#[test]
fn each_deadline_is_in_time_and_a_second_later_is_late() {
    // Berlin changes its clocks on 29 March and 25 October 2026, New York on 8 March and 1 November, Lord Howe by half an hour; Samoa left
    // out 30 December 2011.
    let places = [
        ("Europe/Berlin", "2026-04-01"),
        ("Europe/Berlin", "2026-10-27"),
        ("America/New_York", "2026-03-09"),
        ("Australia/Lord_Howe", "2026-10-06"),
        ("Pacific/Apia", "2012-01-02"),
    ];
    for policy in Policy::ALL {
        for (zone, check_in) in places {
            for nights in [1, 2, 7, 28, 29, 45] {
                holds(policy, nights, zone, check_in);
            }
        }
    }
}

fn holds(policy: Policy, nights: i32, zone: &str, check_in: &str) {
    let booking = plain_stay(policy, nights, zone, check_in);
    let (before, after) = rows(policy, nights.into());
    let told = |at: Instant, expected: i64, what: &str| {
        let ended = booking.ends(Cause::Guest, at, booking.total());
        assert_eq!(ended.kept.base, expected, "{policy:?} of {nights} nights at {zone}, {check_in}: {what}");
        assert_eq!((ended.refund, ended.lines.len()), (booking.total() - expected, 1));
    };
    for (row, (days, kept)) in before.iter().enumerate() {
        let deadline = booking.arrival().days_before(*days);
        told(deadline, *kept, &format!("{days} days before"));
        let late = before.get(row + 1).map_or(after[0], |(_, kept)| *kept);
        told(deadline.plus_seconds(1), late, &format!("a second after {days} days before"));
    }
    for (spent, kept) in (1_i32..).zip(&after) {
        let begins = booking.zone.resolve(booking.stay.check_in().plus(spent - 1), 900);
        let earlier = if spent == 1 { begins.plus_seconds(1) } else { begins };
        told(earlier, *kept, &format!("{spent} nights spent"));
        told(begins.plus_seconds(3_600), *kept, &format!("{spent} nights spent, an hour later"));
    }
}

#[test]
fn days_are_counted_by_the_calendar_and_not_by_hours() {
    let booking = plain_stay(Policy::Flexible, 3, "Europe/Berlin", "2026-03-29");
    // Check-in at 15:00 summer time; the day before, 15:00 is winter time: 23 hours.
    assert_eq!(booking.arrival().days_before(0).to_string(), "2026-03-29T13:00:00Z");
    let ended = booking.ends(Cause::Guest, at("2026-03-28T14:00:00Z"), booking.total());
    assert_eq!((ended.kept.base, ended.next), (0, Some(Next { at: at("2026-03-28T14:00:00Z"), in_time: true })));
}

#[test]
fn there_is_a_day_to_think_again() {
    let mut booking = Booking::golden(Policy::NonRefundable);
    let confirmed = |booking: &mut Booking, policy: Policy, when: &str| {
        booking.rules = policy.rules(booking.stay.nights());
        booking.confirmed_at = at(when);
    };
    let room = |booking: &Booking, when: &str| kept(&booking.cancelled(when), "room");
    confirmed(&mut booking, Policy::Strict, "2026-05-28T13:00:00Z");
    assert_eq!((room(&booking, "2026-05-29T13:00:00Z"), room(&booking, "2026-05-29T13:00:01Z")), (0, 77_100));
    // Confirmed a second too late for it.
    confirmed(&mut booking, Policy::Strict, "2026-05-28T13:00:01Z");
    assert_eq!(room(&booking, "2026-05-28T13:00:02Z"), 77_100);
    confirmed(&mut booking, Policy::NonRefundable, LONG_AGO);
    assert_eq!(room(&booking, "2026-01-01T00:00:01Z"), 77_100);

    let mut long = plain_stay(Policy::StrictLong, 40, "Europe/Berlin", "2026-06-04");
    long.confirmed_at = at("2026-04-01T00:00:00Z");
    let of_long = |long: &Booking, when: &str| long.ends(Cause::Guest, at(when), long.total()).kept.base;
    assert_eq!((of_long(&long, "2026-04-03T00:00:00Z"), of_long(&long, "2026-04-03T00:00:01Z")), (0, 30 * NIGHT));
    // Two days after the confirmation are past the 28th day before check-in.
    long.confirmed_at = at("2026-05-06T00:00:00Z");
    assert_eq!((of_long(&long, "2026-05-07T13:00:00Z"), of_long(&long, "2026-05-07T13:00:01Z")), (0, 30 * NIGHT));
    let firm = plain_stay(Policy::FirmLong, 40, "Europe/Berlin", "2026-06-04");
    assert_eq!((firm.rules.grace, Policy::Firm.rules(40).grace), (None, None));
}
