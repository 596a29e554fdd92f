//! What decides the prices of a listing besides its base price and single days, where anything does.

use crate::features::calendar::Days;
use crate::features::pricing::{Class, FeeModel, Guests, Plan, TaxRule, Terms, class, night_price, total_price};
use crate::values::{Night, Stay};
use std::sync::Arc;

/// The plan of the host, the fees of the platform and the taxes of the place. Most listings have none of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Pricing {
    pub plan: Plan,
    pub fees: FeeModel,
    /// The same list for all listings of a place.
    pub taxes: Arc<[TaxRule]>,
}

impl Pricing {
    /// `None` where a stay costs the sum of its nights at the base price and those of single days.
    pub(crate) fn of(plan: Plan, fees: FeeModel, taxes: Arc<[TaxRule]>) -> Option<Self> {
        (class(&plan, &fees, &taxes) != Class::Flat).then_some(Self { plan, fees, taxes })
    }

    pub(crate) fn terms<'a>(&'a self, base: i64, days: &'a Days) -> Terms<'a> {
        Terms { base, plan: &self.plan, days, fees: self.fees, taxes: &self.taxes }
    }

    /// Whether it does not matter to any tax which nights a stay has, only what they cost together.
    fn is_steady(&self) -> bool {
        self.taxes.iter().chain(&self.plan.taxes).all(|tax| tax.valid_from.is_none() && tax.valid_to.is_none() && tax.brackets.is_empty())
    }

    /// Which of the discounts for early and late bookings hold so many days ahead.
    fn tiers(&self, lead_days: i32) -> (usize, usize) {
        let lead = &self.plan.lead;
        let early = lead.early.iter().filter(|tier| lead_days >= i32::from(tier.days)).count();
        (early, lead.last_minute.iter().filter(|tier| lead_days <= i32::from(tier.days)).count())
    }
}

/// The totals of many stays of one listing, all of the same length and asked for in the order of their dates. Stays whose nights
/// come to the same sum, with the same discounts for the time of booking, cost the same: so few of them are worked out.
pub(super) struct Totals<'a> {
    pricing: &'a Pricing,
    terms: Terms<'a>,
    guests: Guests,
    today: Night,
    steady: bool,
    /// The first night that was priced, and the sums of all nights from there on.
    first: Option<Night>,
    sums: Vec<i128>,
    known: Vec<(NightsKey, i64)>,
}

/// What two stays of the same length share when they cost the same.
type NightsKey = (i128, (usize, usize));

impl<'a> Totals<'a> {
    pub(super) fn new(pricing: &'a Pricing, terms: Terms<'a>, guests: Guests, today: Night) -> Self {
        Self { pricing, terms, guests, today, steady: pricing.is_steady(), first: None, sums: vec![0], known: Vec::new() }
    }

    pub(super) fn total(&mut self, stay: Stay) -> i64 {
        let lead_days = self.today.days_until(stay.check_in());
        if !self.steady {
            return total_price(&self.terms, stay, self.guests, lead_days);
        }
        let key = (self.nights_of(stay), self.pricing.tiers(lead_days));
        if let Some((_, total)) = self.known.iter().find(|(known, _)| *known == key) {
            return *total;
        }
        let total = total_price(&self.terms, stay, self.guests, lead_days);
        self.known.push((key, total));
        total
    }

    /// The sum of the nights of a stay.
    fn nights_of(&mut self, stay: Stay) -> i128 {
        let first = *self.first.get_or_insert(stay.check_in());
        let place = |night: Night| usize::try_from(first.days_until(night)).unwrap_or(0);
        let (from, to) = (place(stay.check_in()), place(stay.check_out()));
        for night in self.sums.len() - 1..to {
            let price = night_price(&self.terms, first.plus(i32::try_from(night).unwrap_or(i32::MAX)));
            self.sums.push(self.sums[night] + i128::from(price));
        }
        self.sums[to] - self.sums[from]
    }
}
