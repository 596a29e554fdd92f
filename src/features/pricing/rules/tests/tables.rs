//! The worked examples of docs/RULES.md, "Prices".

use super::*;
use serde_json::json;

#[test]
fn a_stay_costs_the_sum_of_its_nights() {
    let day = |from: i32, to: i32, price| priced_days(Night(20_000 + from), Night(20_000 + to), price);
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

#[test]
fn shares_round_half_up_and_included_taxes_leave_a_rounded_net() {
    for (amount, bp, share) in [(0, 500, 0), (1, 5_000, 1), (3, 5_000, 2), (99, 50, 0), (100, 50, 1), (83_100, 1_200, 9_972), (74_000, 1_000, 7_400)] {
        assert_eq!(percent(amount, bp), share, "{bp} bp of {amount}");
    }
    for (gross, bp, tax) in [(0, 700, 0), (10_700, 700, 700), (10_000, 700, 654), (11_900, 1_900, 1_900), (1, 700, 0), (8, 1_900, 1)] {
        assert_eq!(included_tax(gross, bp), tax, "{bp} bp in {gross}");
    }
    assert_eq!(percent(i128::from(i64::MAX), 10_000), i128::from(i64::MAX));
}

#[test]
fn shares_of_nights_add_up() {
    assert_eq!(spread(100, &[1, 1, 1]), [34, 33, 33]);
    assert_eq!(spread(100, &[1, 2, 3]), [17, 33, 50]);
    assert_eq!(spread(5, &[0, 0]), [3, 2]);
    assert_eq!(spread(0, &[7, 3]), [0, 0]);
    assert_eq!(spread(9, &[]), [0_i64; 0]);
    assert_eq!(spread(i64::MAX, &[i64::MAX, i64::MAX]).iter().sum::<i64>(), i64::MAX);
}

/// P4.
#[test]
fn a_night_costs_what_is_nearest_to_it() {
    let season = |name, from, to, priority, price| json!({"name": name, "from": from, "to": to, "priority": priority, "price": price});
    let plan = plan(json!({
        "weekend": {"days": ["friday", "saturday"], "price": 12_000},
        "seasons": [
            season("Summer", "2027-06-01", "2027-09-01", 1, 15_000),
            season("Festival", "2027-07-09", "2027-07-12", 1, 30_000),
            season("July", "2027-07-01", "2027-08-01", 0, 99_000),
            season("Festival again", "2027-07-10", "2027-07-13", 1, 31_000),
            {"name": "Long stays", "from": "2027-08-01", "to": "2027-09-01", "priority": 9, "min_nights": 7},
        ],
    }));
    let days = Days { overrides: vec![priced_days(night("2027-07-11"), night("2027-07-12"), 45_000)], ..Days::default() };
    let terms = Terms { base: 10_000, plan: &plan, days: &days, fees: FeeModel::default(), taxes: &[] };
    for (date, price) in [
        ("2027-05-27", 10_000), // Thursday
        ("2027-05-28", 12_000), // Friday
        ("2027-06-04", 15_000), // Friday in summer
        ("2027-07-05", 15_000), // July has the lower priority
        ("2027-07-09", 30_000), // shorter than summer
        ("2027-07-10", 31_000), // as short, made later
        ("2027-07-11", 45_000), // the day's own price
        ("2027-07-12", 31_000),
        ("2027-08-10", 15_000), // the season above says nothing of prices
        ("2027-09-01", 10_000), // Wednesday, the first night after summer
    ] {
        assert_eq!(night_price(&terms, night(date)), price, "{date}");
    }
}

/// P6, P7 and the non-refundable rate.
#[test]
fn discounts_come_one_after_the_other() {
    let plan = plan(json!({
        "lead": {"early": [{"days": 60, "off_bp": 500}, {"days": 120, "off_bp": 1_000}], "last_minute": [{"days": 7, "off_bp": 1_000}, {"days": 2, "off_bp": 2_000}]},
        "los": [{"min_nights": 28, "off_bp": 3_000}, {"min_nights": 7, "off_bp": 1_000}],
        "non_refundable": {"off_bp": 1_000},
    }));
    let cases = [
        (3, 30, Rate::Standard, 30_000),
        (3, 59, Rate::Standard, 30_000),
        (3, 60, Rate::Standard, 28_500),
        (3, 119, Rate::Standard, 28_500),
        (3, 500, Rate::Standard, 27_000),
        (3, 8, Rate::Standard, 30_000),
        (3, 7, Rate::Standard, 27_000),
        (3, 2, Rate::Standard, 24_000),
        (3, 0, Rate::Standard, 24_000),
        (6, 30, Rate::Standard, 60_000),
        (7, 30, Rate::Standard, 63_000),
        (27, 30, Rate::Standard, 243_000),
        (28, 30, Rate::Standard, 196_000),
        (7, 60, Rate::Standard, 59_850),
        (3, 30, Rate::NonRefundable, 27_000),
        (7, 60, Rate::NonRefundable, 53_865),
    ];
    for (nights, lead_days, rate, total) in cases {
        let from = night("2027-03-01");
        let stay = Stay::new(from, from.plus(nights)).unwrap();
        let priced = simply(&plan, &Ask { rate, ..Ask::standard(stay, adults(1), lead_days) });
        assert_eq!(priced.total_due, total, "{nights} nights, {lead_days} days ahead, {rate:?}");
    }
    let plain = Plan::default();
    let ask = Ask { rate: Rate::NonRefundable, ..Ask::standard(stay("2027-03-01", "2027-03-04"), adults(1), 0) };
    assert_eq!(simply(&plain, &ask).total_due, 30_000, "no such rate is offered");
}

/// P8.
#[test]
fn a_coupon_takes_no_more_than_the_accommodation() {
    let plan = plan(json!({"fees": [{"key": "linen", "name": "Linen", "scope": "per_stay", "amount": 2_000, "mandatory": true,
        "refund_rule": "never", "taxable": false, "collected": "at_booking"}]}));
    let days = Days::default();
    let fees = FeeModel { guest_bp: 1_000, host_bp: 500, ..FeeModel::default() };
    let terms = Terms { base: 10_000, plan: &plan, days: &days, fees, taxes: &[] };
    let share = |most| Off::Share { bp: 5_000, most };
    for (off, funded_by, total, payout) in [
        (Off::Amount(5_000), Funder::Host, 29_700, 25_650),     // 25 000 + 2 000 + 10 %
        (Off::Amount(5_000), Funder::Platform, 30_200, 30_400), // 32 000 + 10 % − 5 000
        (Off::Amount(99_000), Funder::Host, 2_200, 1_900),      // the linen is paid
        (Off::Amount(99_000), Funder::Platform, 5_200, 30_400),
        (share(None), Funder::Host, 18_700, 16_150),
        (share(Some(1_000)), Funder::Host, 34_100, 29_450),
    ] {
        let coupon = Coupon { code: "SPRING", off, funded_by };
        let ask = Ask { coupon: Some(coupon), ..Ask::standard(stay("2027-03-01", "2027-03-04"), adults(1), 0) };
        let priced = price(&terms, &ask).unwrap();
        assert_eq!((priced.total_due, priced.host_payout), (total, payout), "{coupon:?}");
        assert!(priced.lines.iter().any(|line| line.key == "SPRING" && line.amount < 0));
    }
}

/// P10, P11.
#[test]
fn fees_are_counted_by_their_scope() {
    let fee = |scope: &str, rate: &str, n: u32, more: serde_json::Value| {
        let mut fee =
            json!({"key": scope, "name": scope, "scope": scope, "mandatory": true, "refund_rule": "with_room", "taxable": true, "collected": "at_booking"});
        fee[rate] = n.into();
        for (key, value) in more.as_object().unwrap() {
            fee[key] = value.clone();
        }
        fee
    };
    let plan = plan(json!({
        "extra_guest": {"included": 2, "fee": 1_000},
        "fees": [
            fee("per_stay", "amount", 6_000, json!({"reduced": {"up_to_nights": 2, "amount": 4_000}})),
            fee("per_night", "amount", 300, json!({})),
            fee("per_guest", "amount", 500, json!({})),
            fee("per_guest_night", "amount", 70, json!({})),
            fee("per_pet", "amount", 900, json!({})),
            fee("per_pet_night", "amount", 110, json!({})),
            fee("percent_accommodation", "bp", 250, json!({})),
            fee("per_stay", "amount", 2_500, json!({"key": "crib", "mandatory": false})),
            fee("per_stay", "amount", 1_500, json!({"key": "deposit_box", "collected": "at_property"})),
        ],
    }));
    let guests = Guests::of(Party { adults: 2, children: 2, infants: 1, pets: 2 });
    let ask = Ask::standard(stay("2027-03-01", "2027-03-04"), guests, 0);
    let priced = simply(&plan, &ask);
    assert_eq!(
        lines(&priced),
        [
            ("nights", 30_000),
            ("extra_guests", 6_000),
            ("per_stay", 6_000),
            ("per_night", 900),
            ("per_guest", 2_000),
            ("per_guest_night", 840),
            ("per_pet", 1_800),
            ("per_pet_night", 660),
            ("percent_accommodation", 750),
            ("deposit_box", 1_500)
        ]
    );
    assert_eq!((priced.total_due, priced.total_price), (48_950, 50_450), "what is paid at the property is in the headline only");
    let options = ["crib".to_owned(), "unknown".to_owned()];
    assert_eq!(simply(&plan, &Ask { options: &options, ..ask }).total_due, 51_450);
    let short = Ask::standard(stay("2027-03-01", "2027-03-03"), adults(1), 0);
    assert!(lines(&simply(&plan, &short)).contains(&("per_stay", 4_000)));
    assert!(!lines(&simply(&plan, &short)).iter().any(|(key, _)| key.contains("pet") || *key == "extra_guests"), "nothing for nobody");
}

/// P13.
#[test]
fn the_service_fee_has_a_floor_and_a_ceiling() {
    let (plan, days) = (Plan::default(), Days::default());
    for (guest_bp, guest_min, guest_max, fee) in [
        (1_200, None, None, 3_600),
        (1_200, Some(5_000), None, 5_000),
        (1_200, None, Some(2_000), 2_000),
        (1_200, Some(1_000), Some(9_000), 3_600),
        (0, Some(5_000), None, 0),
    ] {
        let fees = FeeModel { guest_bp, host_bp: 0, guest_min, guest_max };
        let terms = Terms { base: 10_000, plan: &plan, days: &days, fees, taxes: &[] };
        let priced = price(&terms, &Ask::standard(stay("2027-03-01", "2027-03-04"), adults(1), 0)).unwrap();
        assert_eq!(priced.service_fee, fee, "{fees:?}");
    }
}

#[test]
fn what_cannot_be_written_is_refused() {
    let (plan, days) = (Plan::default(), Days::default());
    let terms = Terms { base: i64::MAX / 2, plan: &plan, days: &days, fees: FeeModel::default(), taxes: &[] };
    let stay = stay("2027-03-01", "2027-03-04");
    assert_eq!(price(&terms, &Ask::standard(stay, adults(1), 0)), Err(TooMuch));
    assert_eq!(total_price(&terms, stay, adults(1), 0), i64::MAX);
}

#[test]
fn plans_are_stored_as_short_as_they_are() {
    assert_eq!(serde_json::to_string(&Plan::default()).unwrap(), "{}");
    assert_eq!(serde_json::from_str::<Plan>("{}").unwrap(), Plan::default());
    let json = json!({"weekend": {"days": ["friday", "sunday"], "price": 1}, "seasons": [{"name": "S", "from": "2027-01-01", "to": "2027-01-02", "priority": 0, "min_nights": 3}]});
    assert_eq!(serde_json::to_value(plan(json.clone())).unwrap(), json);
    for bad in [
        json!({"weekends": {}}),
        json!({"seasons": [{"name": "S", "from": "2027-01-01T00:00:00Z", "to": "2027-01-02"}]}),
        json!({"weekend": {"days": ["freitag"], "price": 1}}),
        json!({"los": [{"min_nights": -1, "off_bp": 3}]}),
    ] {
        assert!(serde_json::from_value::<Plan>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn every_fault_is_named() {
    let fee = |key: &str| json!({"key": key, "name": "Fee", "scope": "per_night", "amount": 1, "mandatory": true, "refund_rule": "never", "taxable": true, "collected": "at_booking"});
    let mut wrong = fee("a");
    wrong["reduced"] = json!({"up_to_nights": 0, "amount": -1});
    wrong["bp"] = json!(5);
    let plan: Plan = serde_json::from_value(json!({
        "weekend": {"days": [], "price": 0},
        "seasons": [{"name": " ", "from": "2027-02-01", "to": "2027-02-01", "price": -5, "min_nights": 9, "max_nights": 8}],
        "los": [{"min_nights": 7, "off_bp": 0}, {"min_nights": 7, "off_bp": 10_000}],
        "lead": {"early": [{"days": 7, "off_bp": 100}], "last_minute": [{"days": 7, "off_bp": 100}]},
        "fees": [fee("a"), wrong, fee("Bad key")],
        "taxes": [{"key": "vat", "name": "VAT", "inclusive": true, "bp": 10_001, "amount": 3, "remitted_by": "platform", "collected": "at_booking"}],
        "instalments": {"kind": "deposit"},
    }))
    .unwrap();
    let found: Vec<String> = plan_faults(0, &plan).into_iter().map(|fault| fault.pointer).collect();
    for pointer in [
        "/base_price",
        "/plan/weekend/price",
        "/plan/weekend/days",
        "/plan/seasons/0/name",
        "/plan/seasons/0/to",
        "/plan/seasons/0/price",
        "/plan/seasons/0/max_nights",
        "/plan/los/0/off_bp",
        "/plan/los/1/off_bp",
        "/plan/los/1/min_nights",
        "/plan/lead/early/0/days",
        "/plan/fees/1/amount",
        "/plan/fees/1/reduced",
        "/plan/fees/1/reduced/up_to_nights",
        "/plan/fees/1/reduced/amount",
        "/plan/fees/1/key",
        "/plan/fees/2/key",
        "/plan/taxes/0/bp",
        "/plan/taxes/0/remitted_by",
        "/plan/instalments/deposit_bp",
        "/plan/instalments/balance_days",
    ] {
        assert!(found.iter().any(|one| one == pointer), "{pointer} is not among {found:?}");
    }
    let many = Plan {
        seasons: vec![Season { name: "S".into(), from: Night(1), to: Night(2), priority: 0, price: None, min_nights: None, max_nights: None }; 51],
        ..Plan::default()
    };
    assert_eq!(plan_faults(1, &many).len(), 1);
}
