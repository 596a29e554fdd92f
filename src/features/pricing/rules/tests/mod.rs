//! Tests of the rules: the worked examples of docs/RULES.md, and what must hold for every plan.

pub(crate) mod chance;
pub(crate) mod golden;
mod held;
mod tables;
mod taxes;

use super::*;
use crate::features::calendar::{DayOverride, Days, Party};
use crate::values::{Night, NightRange, Stay};
use std::num::NonZeroI64;

pub(crate) fn night(text: &str) -> Night {
    Night::parse(text).unwrap()
}

pub(crate) fn stay(from: &str, to: &str) -> Stay {
    Stay::new(night(from), night(to)).unwrap()
}

pub(crate) fn plan(json: serde_json::Value) -> Plan {
    let plan: Plan = serde_json::from_value(json).unwrap();
    assert_eq!(plan_faults(10_000, &plan), []);
    plan
}

pub(crate) fn tax(json: serde_json::Value) -> TaxRule {
    let rule = serde_json::from_value(json).unwrap();
    assert_eq!(tax_faults(&rule), []);
    rule
}

pub(crate) fn adults(adults: u16) -> Guests {
    Guests::of(Party { adults, children: 0, infants: 0, pets: 0 })
}

/// A day override with a price (0: without).
pub(crate) fn priced_days(from: Night, to: Night, price: i64) -> DayOverride {
    DayOverride {
        range: NightRange::new(from, to),
        price_minor: NonZeroI64::new(price),
        min_nights: None,
        max_nights: None,
        closed_to_arrival: None,
        closed_to_departure: None,
    }
}

/// The lines as pairs of key and amount.
pub(crate) fn lines(priced: &Priced) -> Vec<(&str, i64)> {
    priced.lines.iter().map(|line| (line.key.as_str(), line.amount)).collect()
}

/// The price of a stay at a base price of 100.00 without overrides, fees and taxes of the platform.
pub(crate) fn simply(plan: &Plan, ask: &Ask<'_>) -> Priced {
    let (days, fees) = (Days::default(), FeeModel::default());
    let terms = Terms { base: 10_000, plan, days: &days, fees, taxes: &[] };
    price(&terms, ask).unwrap()
}
