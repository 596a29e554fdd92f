//! The golden vectors (C9), on the golden stay (P21), to the cent.

use super::*;

/// Policy, when, kept room, kept VAT, refund, what the host gets.
const VECTORS: [(Policy, &str, i64, i64, i64, i64); 5] = [
    (Policy::Flexible, "2026-06-03T13:00:01Z", 10_493, 1_049, 83_618, 10_178),
    (Policy::Moderate, "2026-05-30T13:00:01Z", 43_796, 4_380, 46_984, 42_482),
    (Policy::Firm, "2026-05-28T13:00:00Z", 38_550, 3_855, 52_755, 37_393),
    (Policy::Firm, "2026-05-28T13:00:01Z", 77_100, 7_710, 10_350, 74_787),
    (Policy::NonRefundable, LONG_AGO, 77_100, 7_710, 10_350, 74_787),
];

#[test]
fn the_golden_stay_ends_as_the_rules_say() {
    for (policy, when, room, vat, refund, host) in VECTORS {
        let ended = Booking::golden(policy).cancelled(when);
        assert_eq!((kept(&ended, "room"), kept(&ended, "vat"), ended.refund, ended.host_payout), (room, vat, refund, host), "{policy:?} {when}");
        assert_eq!((kept(&ended, "cleaning"), kept(&ended, "city_tax"), kept(&ended, "service_fee")), (0, 0, 9_972), "{policy:?} {when}");
        assert_eq!(ended.kept.total() + ended.refund, 105_132);
        assert_eq!(ended.room_by_night.iter().sum::<i64>(), room);
        assert_eq!((ended.cancelled, ended.waived, ended.penalty, ended.spent_nights), (0, 0, 0, 0));
    }
}

#[test]
fn a_spent_night_is_kept_and_taxed_and_so_is_the_cleaning() {
    let ended = Booking::golden(Policy::Moderate).cancelled("2026-06-05T09:00:00Z");
    assert_eq!((kept(&ended, "room"), ended.spent_nights), (49_955, 1));
    // 10 % of room and cleaning, and one night of the city's tax for three adults.
    assert_eq!((kept(&ended, "cleaning"), kept(&ended, "vat"), kept(&ended, "city_tax")), (6_000, 5_596, 750));
    assert_eq!((ended.refund, ended.host_payout), (32_859, 54_276));
    assert_eq!(ended.room_by_night, [10_493, 12_318, 6_158, 5_247, 5_247, 5_246, 5_246]);
}

#[test]
fn in_time_everything_goes_back() {
    let ended = Booking::golden(Policy::Moderate).cancelled("2026-05-30T13:00:00Z");
    assert_eq!((ended.refund, ended.kept.total(), ended.host_payout, ended.host_fee_back), (105_132, 0, 0, 2_493));
    assert_eq!(ended.back.base, 83_100);
    assert_eq!(ended.next, Some(Next { at: at("2026-05-30T13:00:00Z"), in_time: true }));
}

#[test]
fn the_ledger_is_told_whose_money_it_is() {
    use crate::features::pricing::{Remitter, Split, TaxPart};
    let booking = Booking::golden(Policy::Flexible);
    let tax = |key: &str, amount| TaxPart { key: key.into(), remitted_by: Remitter::Platform, amount };
    let charged = Split::of(&booking.prices[0]);
    assert_eq!(charged, Split { base: 83_100, guest_fee: 9_972, taxes: vec![tax("vat", 8_310), tax("city_tax", 3_750)], promo: 0 });
    let ended = booking.cancelled("2026-06-03T13:00:01Z");
    assert_eq!(ended.kept, Split { base: 10_493, guest_fee: 9_972, taxes: vec![tax("vat", 1_049)], promo: 0 });
    assert_eq!(ended.back, Split { base: 72_607, guest_fee: 0, taxes: vec![tax("vat", 7_261), tax("city_tax", 3_750)], promo: 0 });
}
