//! By whose doing a stay ends, what has been paid by then, and coupons.

use super::*;
use crate::features::pricing::rules::{Coupon, Funder, Off};

const STANDARD: [(u32, u32); 3] = [(720, 1_000), (48, 2_500), (0, 5_000)];

#[test]
fn a_host_who_cancels_keeps_nothing_of_nights_that_are_not_spent() {
    let mut booking = Booking::golden(Policy::NonRefundable);
    booking.settings.host_penalty = Some(Penalty { tiers: STANDARD.into(), least: 5_000, most: 100_000 });
    let ended = |booking: &Booking, excused, when: &str| booking.ends(Cause::Host { excused }, at(when), 105_132);
    for (when, penalty) in [
        ("2026-05-05T13:00:00Z", 8_310),
        ("2026-05-05T13:00:01Z", 20_775),
        ("2026-06-02T13:00:00Z", 20_775),
        ("2026-06-02T13:00:01Z", 41_550),
        ("2026-06-04T13:00:00Z", 41_550),
    ] {
        let ended = ended(&booking, false, when);
        assert_eq!((ended.refund, ended.kept.total(), ended.host_payout, ended.penalty), (105_132, 0, 0, penalty), "{when}");
    }
    assert_eq!(ended(&booking, true, "2026-06-04T00:00:00Z").penalty, 0);
    // Two nights are spent: they are kept and so is their share of the cleaning; the platform keeps nothing.
    let late = ended(&booking, false, "2026-06-06T08:00:00Z");
    assert_eq!((kept(&late, "room"), kept(&late, "cleaning"), kept(&late, "service_fee"), kept(&late, "city_tax")), (22_811, 1_775, 0, 1_500));
    assert_eq!((kept(&late, "vat"), late.penalty), (2_459, (83_100 - 22_811 - 1_775) / 2));
    assert_eq!(late.next, Some(Next { at: at("2026-06-06T13:00:00Z"), in_time: false }));
    booking.settings.host_penalty = Some(Penalty { tiers: STANDARD.into(), least: 9_000, most: 10_000 });
    assert_eq!([ended(&booking, false, LONG_AGO).penalty, ended(&booking, false, "2026-06-04T00:00:00Z").penalty], [9_000, 10_000]);
}

#[test]
fn staff_may_split_as_they_like_within_what_was_paid() {
    let booking = Booking::golden(Policy::NonRefundable);
    let by_staff = |decision, paid| booking.ends(Cause::Staff(decision), at("2026-06-03T00:00:00Z"), paid);
    for (asked, given) in [(0, 0), (1, 1), (50_000, 50_000), (105_132, 105_132), (1_000_000, 105_132), (-5, 0)] {
        let ended = by_staff(Decision::Refund(asked), 105_132);
        assert_eq!((ended.refund, ended.kept.total()), (given, 105_132 - given), "{asked}");
        assert_eq!(ended.room_by_night.iter().sum::<i64>(), kept(&ended, "room"));
    }
    assert_eq!(by_staff(Decision::Refund(50_000), 30_000).refund, 30_000);
    let ended = by_staff(Decision::Keep { room: 20_000, fees: 3_000, service_fee: 1_000 }, 105_132);
    assert_eq!((kept(&ended, "room"), kept(&ended, "cleaning"), kept(&ended, "service_fee"), kept(&ended, "vat")), (20_000, 3_000, 1_000, 2_300));
    assert_eq!(ended.refund, 105_132 - 26_300);
    let all = by_staff(Decision::Keep { room: i64::MAX, fees: i64::MAX, service_fee: i64::MAX }, 105_132);
    assert_eq!((all.kept.base, all.kept.guest_fee, all.refund), (83_100, 9_972, 3_750));
}

#[test]
fn who_never_came_gets_what_the_host_grants() {
    let booking = Booking::golden(Policy::Flexible);
    let ended = |granted| booking.ends(Cause::NoShow { granted }, at("2026-06-05T13:00:00Z"), 105_132);
    assert_eq!((ended(0).refund, ended(0).host_payout), (0, 80_607));
    let granted = ended(10_000);
    assert_eq!((granted.refund, kept(&granted, "room"), kept(&granted, "vat"), kept(&granted, "city_tax")), (11_000, 67_100, 7_310, 3_750));
    assert_eq!(kept(&ended(1_000_000), "room"), 0);
    assert_eq!(ended(0).next, None);
}

#[test]
fn what_is_not_paid_is_given_up_first() {
    let booking = Booking::golden(Policy::Firm);
    let half = |paid| booking.ends(Cause::Guest, at("2026-05-28T13:00:00Z"), paid);
    // Of 1,051.32 the host and the platform keep 523.77.
    for (paid, cancelled, refund, waived) in
        [(105_132, 0, 52_755, 0), (60_000, 45_132, 7_623, 0), (52_377, 52_755, 0, 0), (31_540, 73_592, 0, 20_837), (0, 105_132, 0, 52_377)]
    {
        let ended = half(paid);
        assert_eq!((ended.cancelled, ended.refund, ended.waived), (cancelled, refund, waived), "{paid}");
        assert_eq!(ended.kept.total() + ended.refund + ended.cancelled, 105_132);
    }
    let short = half(31_540);
    assert_eq!(short.kept.total(), 31_540);
    assert_eq!((kept(&short, "room"), kept(&short, "service_fee"), kept(&short, "vat")), (23_214, 6_005, 2_321));
    assert_eq!(short.room_by_night.iter().sum::<i64>(), 23_214);
    // What went back before is not there any more.
    let again = booking.ends_after(Cause::Guest, at("2026-05-28T13:00:00Z"), PaidSoFar { captured: 105_132, refunded: 52_755 });
    assert_eq!((again.refund, again.kept.total()), (0, 52_377));
    assert_eq!(booking.ends(Cause::Unpaid, at("2026-05-28T13:00:00Z"), 60_000).refund, 7_623);
}

#[test]
fn a_coupon_of_the_platform_is_never_paid_out() {
    let (plan, days) = (prices::golden_plan(), Days::default());
    let terms = Prices { base: 10_000, plan: &plan, days: &days, fees: prices::SPLIT, taxes: &prices::golden_taxes() };
    let ask = Ask {
        coupon: Some(Coupon { code: "WELCOME", off: Off::Amount(10_000), funded_by: Funder::Platform }),
        ..Ask::standard(stay("2026-06-04", "2026-06-11"), adults(3), 60)
    };
    let booking = Booking::of(Policy::Firm, stay("2026-06-04", "2026-06-11"), vec![price(&terms, &ask).unwrap()]);
    assert_eq!(booking.total(), 95_132);
    let full = booking.cancelled("2026-05-05T13:00:00Z");
    assert_eq!((full.refund, full.back.promo, full.kept.promo), (95_132, 10_000, 0));
    let half = booking.cancelled("2026-05-28T13:00:00Z");
    // 523.77 of 1,051.32 are kept, and of the coupon the same part: 49.82, rounded down.
    assert_eq!((half.kept.gross(), half.kept.promo, half.back.promo, half.refund), (52_377, 4_982, 5_018, 52_755 - 5_018));
    assert_eq!(half.host_payout, 37_393);
    assert_eq!(kept(&half, "WELCOME"), -4_982);
}

#[test]
fn the_hash_is_of_what_happens_and_not_of_when() {
    let booking = Booking::golden(Policy::Firm);
    let hash = |when: &str| booking.cancelled(when).hash().unwrap();
    assert_eq!(hash("2026-05-06T00:00:00Z"), hash("2026-05-28T13:00:00Z"));
    assert_ne!(hash("2026-05-28T13:00:00Z"), hash("2026-05-28T13:00:01Z"));
    assert_ne!(hash("2026-05-06T00:00:00Z"), booking.ends(Cause::Guest, at("2026-05-06T00:00:00Z"), 60_000).hash().unwrap());
    assert_eq!(hash("2026-05-06T00:00:00Z").len(), 64);
    assert_eq!(booking.cancelled("2026-05-28T13:00:01Z").next, Some(Next { at: at("2026-06-04T13:00:00Z"), in_time: true }));
}

#[test]
fn kept_money_is_not_taxed_where_the_operator_says_so() {
    let mut booking = Booking::golden(Policy::Moderate);
    booking.settings.tax_on_retained = false;
    assert_eq!(kept(&booking.cancelled("2026-06-04T00:00:00Z"), "vat"), 0);
    // One night is spent: it is taxed and so is the cleaning.
    assert_eq!(kept(&booking.cancelled("2026-06-05T00:00:00Z"), "vat"), 1_649);
}

#[test]
fn a_stay_made_longer_is_two_prices_and_one_policy() {
    let first = golden_price(prices::SPLIT, &prices::golden_taxes());
    let mut dearer = prices::golden_plan();
    (dearer.fees, dearer.los, dearer.weekend) = (Vec::new(), Vec::new(), None);
    let days = Days::default();
    let terms =
        Prices { base: 20_000, plan: &dearer, days: &days, fees: FeeModel { host_bp: 1_000, ..FeeModel::default() }, taxes: &prices::golden_taxes()[..1] };
    let added = price(&terms, &Ask::standard(stay("2026-06-11", "2026-06-13"), adults(2), 60)).unwrap();
    assert_eq!((added.room, added.total_due), (40_000, 44_000));
    let booking = Booking::of(Policy::Firm, stay("2026-06-04", "2026-06-13"), vec![first, added]);
    let half = booking.cancelled("2026-05-28T13:00:00Z");
    assert_eq!((half.kept.base, kept(&half, "vat"), half.kept.guest_fee), (58_550, 3_856 + 1_999, 9_972));
    assert_eq!(half.room_by_night.len(), 9);
    assert_eq!(half.lines.iter().filter(|line| line.key == "vat").count(), 1);
    assert_eq!(half.kept.total() + half.refund, 105_132 + 44_000);
}
