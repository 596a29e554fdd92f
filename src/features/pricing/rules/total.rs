//! The total of a stay without its lines: for search, heat maps and sorting, where thousands are asked for.

use super::ask::{Ask, FeeModel, Guests, Terms};
use super::bill::{Bill, NoPaper};
use super::nights::{stay_price, subtotal};
use super::plan::Plan;
use super::tax::TaxRule;
use crate::values::Stay;

/// How hard the standard total of a listing is to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Its nights at the base price, apart from overridden days: [`stay_price`] says it.
    Flat,
    /// The sum of its nights, which differ; the party and the day of booking do not matter.
    Runs,
    /// Everything matters.
    Complex,
}

/// The class of a listing. What changes no standard total (optional fees, taxes within prices, the host's fee, the non-refundable
/// rate, instalments) is not asked.
#[must_use]
pub fn class(plan: &Plan, fees: &FeeModel, taxes: &[TaxRule]) -> Class {
    let discounted = !plan.los.is_empty() || !plan.lead.early.is_empty() || !plan.lead.last_minute.is_empty();
    let taxed = taxes.iter().chain(&plan.taxes).any(|rule| !rule.inclusive);
    if discounted || taxed || plan.extra_guest.is_some() || fees.guest_bp > 0 || plan.fees.iter().any(|fee| fee.mandatory) {
        Class::Complex
    } else if plan.weekend.is_some() || plan.seasons.iter().any(|season| season.price.is_some()) {
        Class::Runs
    } else {
        Class::Flat
    }
}

/// What [`price`](super::price) gives as `total_price` of the standard rate without options or coupon, in a fraction of the time;
/// `i64::MAX` where that refuses.
#[must_use]
pub fn total_price(terms: &Terms<'_>, stay: Stay, guests: Guests, lead_days: i32) -> i64 {
    if class(terms.plan, &terms.fees, terms.taxes) == Class::Flat {
        return stay_price(terms.base.max(1), terms.days, stay).total;
    }
    let ask = Ask::standard(stay, guests, lead_days);
    let nightly_subtotal = subtotal(terms, stay.range());
    if nightly_subtotal > i128::from(i64::MAX) {
        return i64::MAX;
    }
    let sums = Bill { terms, ask: &ask, nightly_subtotal, paper: &mut NoPaper }.add_up();
    i64::try_from(sums.total_price).unwrap_or(i64::MAX)
}
