//! The golden vector (P21), and the instalments of such stays (P22).

use super::*;
use serde_json::json;

pub(crate) fn golden_plan() -> Plan {
    plan(json!({
        "weekend": {"price": 12_000},
        "los": [{"min_nights": 7, "off_bp": 1_000}],
        "extra_guest": {"included": 2, "fee": 1_500},
        "fees": [{"key": "cleaning", "name": "Cleaning", "scope": "per_stay", "amount": 6_000, "mandatory": true,
            "refund_rule": "before_check_in", "taxable": true, "collected": "at_booking"}],
    }))
}

pub(crate) fn golden_taxes() -> [TaxRule; 2] {
    [
        tax(json!({"key": "vat", "name": "VAT", "bp": 1_000, "remitted_by": "platform", "collected": "at_booking"})),
        tax(json!({"key": "city_tax", "name": "City tax", "amount": 250, "basis": "guest_night", "age_exempt_below": 18, "max_nights": 5,
            "remitted_by": "platform", "collected": "at_booking"})),
    ]
}

pub(crate) const SPLIT: FeeModel = FeeModel { guest_bp: 1_200, host_bp: 300, guest_min: None, guest_max: None };

#[test]
fn the_golden_stay_costs_what_the_rules_say() {
    let (plan, taxes, days) = (golden_plan(), golden_taxes(), Days::default());
    let terms = Terms { base: 10_000, plan: &plan, days: &days, fees: SPLIT, taxes: &taxes };
    let stay = stay("2026-06-04", "2026-06-11");
    let priced = price(&terms, &Ask::standard(stay, adults(3), 60)).unwrap();
    assert_eq!(
        lines(&priced),
        [
            ("nights", 50_000),
            ("nights", 24_000),
            ("length_of_stay", -7_400),
            ("extra_guests", 10_500),
            ("cleaning", 6_000),
            ("service_fee", 9_972),
            ("vat", 8_310),
            ("city_tax", 3_750),
            ("host_fee", 2_493)
        ]
    );
    assert_eq!(priced.nights, [10_000, 12_000, 12_000, 10_000, 10_000, 10_000, 10_000]);
    assert_eq!((priced.nightly_subtotal, priced.accommodation, priced.room, priced.base), (74_000, 66_600, 77_100, 83_100));
    assert_eq!((priced.service_fee, priced.total_due, priced.total_price), (9_972, 105_132, 105_132));
    assert_eq!((priced.host_fee, priced.host_payout), (2_493, 80_607));
    assert_eq!(priced.allocation, [10_493, 12_318, 12_317, 10_493, 10_493, 10_493, 10_493]);
    assert_eq!(priced.average_nightly, 15_018);
    assert_eq!(total_price(&terms, stay, adults(3), 60), 105_132);
    let city = priced.lines.iter().find(|line| line.key == "city_tax").unwrap();
    assert_eq!((city.quantity, city.unit_amount, city.kind, city.payer), (15, 250, LineKind::Tax, Payer::Guest));
}

#[test]
fn stays_are_paid_in_parts() {
    let (mut plan, taxes, days) = (golden_plan(), golden_taxes(), Days::default());
    let long = stay("2026-06-01", "2026-08-05");
    for (kind, short_parts) in [
        (json!({"kind": "full"}), vec![(Due::AtBooking, 105_132)]),
        (json!({"kind": "deposit", "deposit_bp": 3_000, "balance_days": 30}), vec![(Due::AtBooking, 31_540), (Due::On(night("2026-05-05")), 73_592)]),
        (json!({"kind": "monthly"}), vec![(Due::AtBooking, 105_132)]),
    ] {
        plan.instalments = Some(serde_json::from_value(kind).unwrap());
        let terms = Terms { base: 10_000, plan: &plan, days: &days, fees: SPLIT, taxes: &taxes };
        let parts = |stay: Stay, lead: i32, monthly_from: Option<u16>| {
            let priced = price(&terms, &Ask::standard(stay, adults(3), lead)).unwrap();
            let parts = instalments(&plan, &priced, stay, lead, monthly_from);
            assert_eq!(parts.iter().map(|part| part.amount).sum::<i64>(), priced.total_due);
            (parts, priced)
        };
        let (short, _) = parts(stay("2026-06-04", "2026-06-11"), 60, Some(28));
        assert_eq!(short.iter().map(|part| (part.due, part.amount)).collect::<Vec<_>>(), short_parts);
        let (late, priced) = parts(stay("2026-06-04", "2026-06-11"), 30, Some(28));
        assert_eq!(late, [Instalment { due: Due::AtBooking, amount: priced.total_due }], "the balance would be due already");
        let (monthly, priced) = parts(long, 60, Some(28));
        let of = |nights: std::ops::Range<usize>| priced.allocation[nights].iter().sum::<i64>();
        let first = priced.total_due - priced.room + of(0..30);
        let due = [(Due::AtBooking, first), (Due::On(night("2026-07-01")), of(30..60)), (Due::On(night("2026-07-31")), of(60..65))];
        assert_eq!(monthly.iter().map(|part| (part.due, part.amount)).collect::<Vec<_>>(), due);
    }
}

#[test]
fn no_instalment_is_negative_where_the_platform_pays_most() {
    let plan = plan(json!({"instalments": {"kind": "monthly"}}));
    let coupon = Coupon { code: "WELCOME", off: Off::Amount(450_000), funded_by: Funder::Platform };
    let stay = stay("2026-06-01", "2026-07-31");
    let priced = simply(&plan, &Ask { coupon: Some(coupon), ..Ask::standard(stay, adults(2), 3) });
    let parts = instalments(&plan, &priced, stay, 3, None);
    let due = [(Due::AtBooking, 0), (Due::On(night("2026-07-01")), 150_000)];
    assert_eq!(parts.iter().map(|part| (part.due, part.amount)).collect::<Vec<_>>(), due);
}
