//! P14 and P15: every switch of a tax rule.

use super::*;
use serde_json::{Value, json};

/// The tax of three nights at 100.00 (Monday to Wednesday) for two adults and two children of 10 and 17.
fn levied(rule: Value) -> (i64, Priced) {
    let mut whole = json!({"key": "t", "name": "Tax", "remitted_by": "platform", "collected": "at_booking"});
    for (key, value) in rule.as_object().unwrap() {
        whole[key] = value.clone();
    }
    let taxes = [tax(whole)];
    let plan = plan(json!({"fees": [
        {"key": "cleaning", "name": "Cleaning", "scope": "per_stay", "amount": 6_000, "mandatory": true, "refund_rule": "never", "taxable": true, "collected": "at_booking"},
        {"key": "linen", "name": "Linen", "scope": "per_stay", "amount": 1_000, "mandatory": true, "refund_rule": "never", "taxable": false, "collected": "at_booking"},
    ]}));
    let days = Days { overrides: vec![priced_days(night("2027-03-03"), night("2027-03-04"), 13_000)], ..Days::default() };
    let fees = FeeModel { guest_bp: 1_000, ..FeeModel::default() };
    let terms = Terms { base: 10_000, plan: &plan, days: &days, fees, taxes: &taxes };
    let guests = Guests::with_ages(Party { adults: 2, children: 2, infants: 1, pets: 0 }, &[10, 17]);
    let stay = stay("2027-03-01", "2027-03-04");
    let priced = price(&terms, &Ask::standard(stay, guests, 9)).unwrap();
    assert_eq!(total_price(&terms, stay, guests, 9), priced.total_price);
    (priced.lines.iter().filter(|line| line.kind == LineKind::Tax).map(|line| line.amount).sum(), priced)
}

#[test]
fn shares_are_of_the_lines_they_name() {
    for (rule, amount) in [
        (json!({"bp": 1_000}), 3_900), // 33 000 + 6 000
        (json!({"bp": 1_000, "applies_to": ["accommodation"]}), 3_300),
        (json!({"bp": 1_000, "applies_to": ["fees"]}), 600),
        (json!({"bp": 1_000, "applies_to": ["service_fee"]}), 400), // of 10 % of 40 000
        (json!({"bp": 1_000, "applies_to": ["extra_guests"]}), 0),
        (json!({"bp": 1_000, "max_nights": 2}), 2_600),
        (json!({"bp": 1_000, "valid_from": "2027-03-03"}), 1_300),
        (json!({"bp": 1_000, "valid_to": "2027-03-01"}), 0),
        (json!({"bp": 1_000, "exempt_if_nights_at_least": 3}), 0),
        (json!({"bp": 1_000, "exempt_if_nights_at_least": 4}), 3_900),
        (json!({"bp": 0, "brackets": [{"from": 7_500, "bp": 1_200}, {"from": 11_001, "bp": 1_800}]}), 4_680), // average 11 000
        (json!({"bp": 0, "brackets": [{"from": 11_001, "bp": 1_800}]}), 0),
    ] {
        assert_eq!(levied(rule.clone()).0, amount, "{rule}");
    }
}

#[test]
fn amounts_are_by_stay_night_and_guest() {
    for (rule, amount) in [
        (json!({"amount": 250}), 250),
        (json!({"amount": 250, "basis": "night"}), 750),
        (json!({"amount": 250, "basis": "guest"}), 1_000),
        (json!({"amount": 250, "basis": "guest_night"}), 3_000),
        (json!({"amount": 250, "basis": "guest_night", "age_exempt_below": 18}), 1_500),
        (json!({"amount": 250, "basis": "guest_night", "age_exempt_below": 17}), 2_250),
        (json!({"amount": 250, "basis": "guest_night", "age_exempt_below": 18, "max_nights": 2}), 1_000),
        (json!({"amount": 250, "basis": "night", "valid_from": "2027-03-02", "max_nights": 1}), 250),
        (json!({"amount": 250, "basis": "guest", "valid_to": "2027-02-01"}), 0),
        (json!({"amount": 100, "basis": "night", "brackets": [{"from": 12_000, "amount": 300}]}), 500),
        (json!({"amount": 100, "basis": "guest_night", "brackets": [{"from": 12_000, "amount": 300}]}), 2_000),
        (json!({"amount": 100, "basis": "stay", "brackets": [{"from": 12_000, "amount": 300}]}), 100),
    ] {
        assert_eq!(levied(rule.clone()).0, amount, "{rule}");
    }
}

#[test]
fn children_of_unknown_age_are_not_exempt() {
    let plan = Plan::default();
    let taxes = [tax(
        json!({"key": "t", "name": "T", "amount": 100, "basis": "guest_night", "age_exempt_below": 18, "remitted_by": "platform", "collected": "at_property"}),
    )];
    let days = Days::default();
    let terms = Terms { base: 10_000, plan: &plan, days: &days, fees: FeeModel::default(), taxes: &taxes };
    let party = Party { adults: 1, children: 2, infants: 2, pets: 0 };
    for (ages, total) in [(&[][..], 10_300), (&[4], 10_200), (&[4, 17], 10_100), (&[4, 18], 10_200), (&[1, 2, 3, 4], 10_100)] {
        let priced = price(&terms, &Ask::standard(stay("2027-03-01", "2027-03-02"), Guests::with_ages(party, ages), 0)).unwrap();
        assert_eq!((priced.total_price, priced.total_due), (total, 10_000), "{ages:?}");
    }
}

#[test]
fn included_taxes_are_shown_and_not_added() {
    let (amount, priced) = levied(json!({"bp": 700, "inclusive": true, "remitted_by": "host"}));
    assert_eq!((amount, priced.total_due), (2_551, 44_000));
    assert!(priced.lines.iter().any(|line| line.key == "t" && line.included));
    assert_eq!(priced.host_payout, 40_000, "the host has it in the price");
}

#[test]
fn who_hands_a_tax_on_is_paid_it() {
    for (rule, due, all, payout) in [
        (json!({"bp": 1_000}), 47_900, 47_900, 40_000),
        (json!({"bp": 1_000, "remitted_by": "host"}), 47_900, 47_900, 43_900),
        (json!({"bp": 1_000, "collected": "at_property", "remitted_by": "host"}), 44_000, 47_900, 40_000),
    ] {
        let (_, priced) = levied(rule.clone());
        assert_eq!((priced.total_due, priced.total_price, priced.host_payout), (due, all, payout), "{rule}");
    }
}

#[test]
fn taxes_on_taxes_come_after_them() {
    let rule = |key: &str, bp: u32, order: u8| {
        tax(json!({"key": key, "name": "T", "bp": bp, "compound_order": order, "remitted_by": "platform", "collected": "at_booking"}))
    };
    let taxes = [rule("second", 1_000, 1), rule("first", 500, 0), rule("other", 100, 0), rule("third", 1_000, 2)];
    let (plan, days) = (Plan::default(), Days::default());
    let terms = Terms { base: 10_000, plan: &plan, days: &days, fees: FeeModel::default(), taxes: &taxes };
    let priced = price(&terms, &Ask::standard(stay("2027-03-01", "2027-03-02"), adults(1), 0)).unwrap();
    assert_eq!(lines(&priced)[1..], [("first", 500), ("other", 100), ("second", 1_060), ("third", 1_166)]);
}
