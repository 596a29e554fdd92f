//! Tests of the rules: the worked examples of docs/RULES.md (C9), each policy at its deadlines, and what must hold for every plan.

mod causes;
mod golden;
mod held;
mod own;
mod table;

use super::*;
use crate::features::calendar::{Days, Party};
use crate::features::pricing::rules::tests::{golden as prices, night, stay};
use crate::features::pricing::rules::{Ask, FeeModel, Guests, Priced, TaxRule, Terms as Prices, price};
use crate::values::{Instant, Stay, Zone};

const SETTINGS: Settings = Settings { tax_on_retained: true, host_penalty: None };
const LONG_AGO: &str = "2026-01-01T00:00:00Z";

/// A confirmed booking.
#[derive(Debug)]
struct Booking {
    rules: Rules,
    stay: Stay,
    zone: Zone,
    confirmed_at: Instant,
    prices: Vec<Priced>,
    settings: Settings,
}

fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn adults(adults: u16) -> Guests {
    Guests::of(Party { adults, children: 0, infants: 0, pets: 0 })
}

/// The golden stay (P21), of which the room is 771.00.
fn golden_price(fees: FeeModel, taxes: &[TaxRule]) -> Priced {
    let (plan, days) = (prices::golden_plan(), Days::default());
    let terms = Prices { base: 10_000, plan: &plan, days: &days, fees, taxes };
    price(&terms, &Ask::standard(stay("2026-06-04", "2026-06-11"), adults(3), 60)).unwrap()
}

impl Booking {
    fn of(policy: Policy, stay: Stay, prices: Vec<Priced>) -> Self {
        let zone = Zone::parse("Europe/Berlin").unwrap();
        Self { rules: policy.rules(stay.nights()), stay, zone, confirmed_at: at(LONG_AGO), prices, settings: SETTINGS }
    }

    /// The golden stay, confirmed long ago; check-in is at 13:00 UTC.
    fn golden(policy: Policy) -> Self {
        Self::of(policy, stay("2026-06-04", "2026-06-11"), vec![golden_price(prices::SPLIT, &prices::golden_taxes())])
    }

    fn arrival(&self) -> Arrival<'_> {
        Arrival { stay: self.stay, zone: &self.zone, minute: 900 }
    }

    fn total(&self) -> i64 {
        self.prices.iter().map(|price| price.total_due).sum()
    }

    fn ends(&self, cause: Cause, at: Instant, paid: i64) -> Outcome {
        self.ends_after(cause, at, PaidSoFar { captured: paid, refunded: 0 })
    }

    fn ends_after(&self, cause: Cause, at: Instant, paid: PaidSoFar) -> Outcome {
        let terms = Terms { rules: &self.rules, arrival: self.arrival(), confirmed_at: self.confirmed_at, prices: &self.prices, settings: &self.settings };
        outcome(&terms, cause, at, &paid)
    }

    /// The guest cancels a stay that is paid in full.
    fn cancelled(&self, when: &str) -> Outcome {
        self.ends(Cause::Guest, at(when), self.total())
    }
}

fn kept(outcome: &Outcome, key: &str) -> i64 {
    outcome.lines.iter().filter(|line| line.key == key).map(|line| line.kept).sum()
}
