//! Between what the totals of a listing can lie, whatever is asked: search compares these first, and works out a total only
//! where they leave it open.
//!
//! Everything a bill adds up is held here as a pair of slopes: with `n` nights it comes to at least `lo · n` and at most
//! `hi · n`. What is paid once a stay is dearest by night in a stay of one night, and cheapest in one of 365.

use super::arithmetic::WHOLE_BP;
use super::ask::Terms;
use super::plan::{Collected, Fee, FeeScope};
use super::tax::{AppliesTo, TaxBasis, TaxRule};
use crate::values::Stay;

/// `least · nights ≤ total_price ≤ most · nights`, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    pub least: i64,
    pub most: i64,
}

/// The largest party a listing takes; infants cost nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Largest {
    /// Adults and children, at least one.
    pub guests: u16,
    pub pets: u16,
}

/// Bounds for every stay of 1 to 365 nights, every party up to `largest` with an adult in it, and any day of booking, at the
/// standard rate without options or coupon.
#[must_use]
pub fn bounds_per_night(terms: &Terms<'_>, largest: Largest) -> Bounds {
    let accommodation = accommodation(terms);
    let extra_guests = extra_guests(terms, largest);
    let fees = |at: Option<Collected>, taxable: bool| fees(terms, largest, accommodation, at, taxable);
    let base = accommodation.plus(extra_guests).plus(fees(Some(Collected::AtBooking), false));
    let service_fee = service_fee(terms, base);
    let parts = [
        (AppliesTo::Accommodation, accommodation),
        (AppliesTo::ExtraGuests, extra_guests),
        (AppliesTo::Fees, fees(None, true)),
        (AppliesTo::ServiceFee, service_fee),
    ];
    let total = accommodation.plus(extra_guests).plus(fees(None, false)).plus(service_fee).plus(taxes(terms, largest, &parts));
    let most = (total.hi.saturating_add(SCALE - 1)) / SCALE;
    Bounds { least: i64::try_from(total.lo / SCALE).unwrap_or(i64::MAX), most: i64::try_from(most).unwrap_or(i64::MAX) }
}

/// Slopes are kept in millionths of a minor unit, rounded outwards.
const SCALE: i128 = 1_000_000;
/// Rounding moves a share by half a minor unit at most, whatever it is of.
const HALF: i128 = SCALE / 2;

/// By night, at least and at most; never negative.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slopes {
    lo: i128,
    hi: i128,
}

impl Slopes {
    /// An amount between two for each night.
    fn nightly(least: i128, most: i128) -> Self {
        Self { lo: least.saturating_mul(SCALE), hi: most.saturating_mul(SCALE) }
    }

    /// An amount between two for the stay.
    fn once(least: i128, most: i128) -> Self {
        Self { lo: least.saturating_mul(SCALE) / i128::from(Stay::MAX_NIGHTS), hi: most.saturating_mul(SCALE) }
    }

    fn plus(self, other: Self) -> Self {
        Self { lo: self.lo.saturating_add(other.lo), hi: self.hi.saturating_add(other.hi) }
    }

    /// A rounded share of it, between two rates.
    fn share(self, least_bp: u32, most_bp: u32) -> Self {
        let whole = i128::from(WHOLE_BP);
        let lo = self.lo.saturating_mul(least_bp.into()) / whole - HALF;
        let hi = self.hi.saturating_mul(most_bp.into()).saturating_add(whole - 1) / whole;
        Self { lo: lo.max(0), hi: if most_bp == 0 { 0 } else { hi.saturating_add(HALF) } }
    }

    /// What may be left of it when up to so much is taken off.
    fn less(self, most_bp: u32) -> Self {
        if most_bp == 0 {
            return self;
        }
        let kept = i128::from(WHOLE_BP - most_bp.min(WHOLE_BP));
        Self { lo: (self.lo.saturating_mul(kept) / i128::from(WHOLE_BP) - HALF).max(0), hi: self.hi }
    }
}

/// The dearest and cheapest night, and the largest discounts.
fn accommodation(terms: &Terms<'_>) -> Slopes {
    let (plan, base) = (terms.plan, terms.base.max(1));
    let prices = plan.weekend.map(|weekend| weekend.price).into_iter().chain(plan.seasons.iter().filter_map(|season| season.price));
    let overridden = terms.days.overrides.iter().filter_map(|day| day.price_minor).map(std::num::NonZeroI64::get);
    let (least, most) = prices.chain(overridden).map(|price| price.max(1)).fold((base, base), |(least, most), price| (least.min(price), most.max(price)));
    let lead = plan.lead.early.iter().chain(&plan.lead.last_minute).map(|tier| tier.off_bp).max().unwrap_or(0);
    let length = plan.los.iter().map(|tier| tier.off_bp).max().unwrap_or(0);
    Slopes::nightly(least.into(), most.into()).less(lead).less(length)
}

fn extra_guests(terms: &Terms<'_>, largest: Largest) -> Slopes {
    let Some(extra) = terms.plan.extra_guest else { return Slopes::default() };
    let of = |guests: u16| i128::from(extra.fee.max(0)) * i128::from(guests.saturating_sub(extra.included));
    Slopes::nightly(of(1), of(largest.guests))
}

/// Mandatory fees: those collected at `at` (anywhere), all of them or the taxable ones.
fn fees(terms: &Terms<'_>, largest: Largest, accommodation: Slopes, at: Option<Collected>, taxable: bool) -> Slopes {
    let counts = |fee: &&Fee| fee.mandatory && at.is_none_or(|at| fee.collected == at) && (fee.taxable || !taxable);
    terms.plan.fees.iter().filter(counts).map(|fee| fee_slopes(fee, largest, accommodation)).fold(Slopes::default(), Slopes::plus)
}

fn fee_slopes(fee: &Fee, largest: Largest, accommodation: Slopes) -> Slopes {
    let amount = i128::from(fee.amount.unwrap_or(0).max(0));
    let (guests, pets) = (i128::from(largest.guests), i128::from(largest.pets));
    match fee.scope {
        FeeScope::PerStay => {
            let reduced = fee.reduced.map_or(amount, |reduced| reduced.amount.max(0).into());
            Slopes::once(amount.min(reduced), amount.max(reduced))
        }
        FeeScope::PerNight => Slopes::nightly(amount, amount),
        FeeScope::PerGuest => Slopes::once(amount, amount.saturating_mul(guests)),
        FeeScope::PerGuestNight => Slopes::nightly(amount, amount.saturating_mul(guests)),
        FeeScope::PerPet => Slopes::once(0, amount.saturating_mul(pets)),
        FeeScope::PerPetNight => Slopes::nightly(0, amount.saturating_mul(pets)),
        FeeScope::PercentAccommodation => {
            let bp = fee.bp.unwrap_or(0).min(WHOLE_BP);
            accommodation.share(bp, bp)
        }
    }
}

fn service_fee(terms: &Terms<'_>, base: Slopes) -> Slopes {
    let fees = terms.fees;
    if fees.guest_bp == 0 {
        return Slopes::default();
    }
    let share = base.share(fees.guest_bp, fees.guest_bp);
    let least = i128::from(fees.guest_min.unwrap_or(0).max(0));
    let Some(most) = fees.guest_max.map(|most| i128::from(most.max(0))) else {
        let least = Slopes::once(least, least);
        return Slopes { lo: share.lo.max(least.lo), hi: share.hi.max(least.hi) };
    };
    // The limits hold for the whole stay: the lower one is felt most by one night, the upper one by 365.
    let (floor, cap) = (Slopes::once(least.min(most), least), Slopes::once(most, most));
    Slopes { lo: share.lo.min(cap.lo).max(floor.lo), hi: share.hi.max(floor.hi).min(cap.hi) }
}

/// Taxes that are added, in the order of their compounding.
fn taxes(terms: &Terms<'_>, largest: Largest, parts: &[(AppliesTo, Slopes); 4]) -> Slopes {
    let mut sum = Slopes::default();
    let Some(last) = terms.all_taxes().map(|rule| rule.compound_order).max() else { return sum };
    for order in 0..=last {
        let lower = sum;
        for rule in terms.all_taxes().filter(|rule| rule.compound_order == order && !rule.inclusive) {
            sum = sum.plus(tax_slopes(rule, largest, parts, lower));
        }
    }
    sum
}

fn tax_slopes(rule: &TaxRule, largest: Largest, parts: &[(AppliesTo, Slopes); 4], lower: Slopes) -> Slopes {
    let slopes = match rule.bp {
        Some(bp) => {
            let rates = rule.brackets.iter().filter_map(|bracket| bracket.bp).chain([bp]);
            let (least, most) = rates.fold((u32::MAX, 0), |(least, most), bp| (least.min(bp), most.max(bp)));
            let taxable = parts.iter().filter(|(kind, _)| rule.applies_to.contains(kind)).fold(lower, |sum, (_, part)| sum.plus(*part));
            taxable.share(least, most)
        }
        None => {
            let amounts = rule.brackets.iter().filter_map(|bracket| bracket.amount).chain([rule.amount.unwrap_or(0)]);
            let (least, most) = amounts.map(|amount| i128::from(amount.max(0))).fold((i128::MAX, 0), |(least, most), one| (least.min(one), most.max(one)));
            let crowd = most.saturating_mul(largest.guests.into());
            match rule.basis {
                TaxBasis::Stay => Slopes::once(least, most),
                TaxBasis::Night => Slopes::nightly(least, most),
                TaxBasis::Guest => Slopes::once(least, crowd),
                TaxBasis::GuestNight => Slopes::nightly(least, crowd),
            }
        }
    };
    let may_lapse = rule.max_nights.is_some() || rule.exempt_if_nights_at_least.is_some() || rule.valid_from.is_some() || rule.valid_to.is_some();
    if may_lapse { Slopes { lo: 0, ..slopes } } else { slopes }
}
