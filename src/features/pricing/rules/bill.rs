//! The arithmetic of a stay, in the fixed order of the rules (P6 to P17): written once, for quotes that show every line and for
//! search that wants the total only.

use super::arithmetic::{WHOLE_BP, percent};
use super::ask::{Ask, Funder, Off, Rate, Terms};
use super::plan::{Collected, Fee, FeeScope, LeadTier};
use super::priced::{LineKind, RefundRule};
use super::tax::{Levy, Remitter, TaxRule, Taxable, Taxed};

/// Takes the lines of a bill as they are made.
pub(super) trait Paper {
    fn write(&mut self, line: Entry<'_>);
    /// How the tax of the line that was written last was worked out.
    fn note_tax(&mut self, rule: &TaxRule, on: &Taxed<'_>);
}

/// Nobody reads the lines.
pub(super) struct NoPaper;

impl Paper for NoPaper {
    fn write(&mut self, _: Entry<'_>) {}
    fn note_tax(&mut self, _: &TaxRule, _: &Taxed<'_>) {}
}

/// A line before it is known to fit into 64 bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    pub kind: LineKind,
    pub key: &'a str,
    pub name: &'a str,
    pub quantity: u64,
    pub unit: i128,
    /// Negative where the guest pays less.
    pub amount: i128,
    pub taxable: bool,
    pub collected: Collected,
    /// Contained in other lines.
    pub included: bool,
    pub refund_rule: RefundRule,
}

/// What a bill comes to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sums {
    pub accommodation: i128,
    pub extra_guests: i128,
    pub base: i128,
    pub service_fee: i128,
    pub total_due: i128,
    pub total_price: i128,
    pub host_fee: i128,
    pub host_payout: i128,
}

/// A bill under way.
pub(super) struct Bill<'a, P> {
    pub terms: &'a Terms<'a>,
    pub ask: &'a Ask<'a>,
    /// What the nights cost before anything is taken off (P5).
    pub nightly_subtotal: i128,
    pub paper: &'a mut P,
}

impl<P: Paper> Bill<'_, P> {
    /// Adds everything up. The lines of the nights themselves are not written here.
    pub(super) fn add_up(mut self) -> Sums {
        let (accommodation, platform_coupon) = self.accommodation();
        let extra_guests = self.extra_guests();
        let (fees, at_property, taxable_fees) = self.fees(accommodation);
        let base = accommodation.saturating_add(extra_guests).saturating_add(fees);
        let service_fee = self.service_fee(base);
        let taxable = Taxable { accommodation, extra_guests, fees: taxable_fees, service_fee };
        let taxes = self.taxes(taxable);
        self.coupon(LineKind::PlatformCoupon, platform_coupon);
        let host_fee = percent(base, self.terms.fees.host_bp.min(WHOLE_BP));
        let total_due = base.saturating_add(service_fee).saturating_add(taxes.at_booking).saturating_sub(platform_coupon);
        Sums {
            accommodation,
            extra_guests,
            base,
            service_fee,
            total_due,
            total_price: total_due.saturating_add(at_property).saturating_add(taxes.at_property),
            host_fee,
            host_payout: base.saturating_sub(host_fee).saturating_add(taxes.to_host),
        }
    }

    /// P6 to P9: what is left of the nights, and what the platform's coupon takes off the total.
    fn accommodation(&mut self) -> (i128, i128) {
        let mut left = self.nightly_subtotal;
        if let Some((kind, tier)) = self.lead_tier() {
            left = self.discount(kind, tier.off_bp, left);
        }
        let nights = self.ask.stay.nights();
        let reached = self.terms.plan.los.iter().filter(|tier| tier.min_nights <= nights);
        if let Some(tier) = reached.max_by_key(|tier| tier.min_nights) {
            left = self.discount(LineKind::LengthOfStay, tier.off_bp, left);
        }
        if let (Rate::NonRefundable, Some(offer)) = (self.ask.rate, self.terms.plan.non_refundable) {
            left = self.discount(LineKind::NonRefundable, offer.off_bp, left);
        }
        let Some(coupon) = self.ask.coupon else { return (left, 0) };
        let off = match coupon.off {
            Off::Share { bp, most } => percent(left, bp.min(WHOLE_BP)).min(most.map_or(left, i128::from)),
            Off::Amount(amount) => amount.into(),
        };
        let off = off.clamp(0, left);
        match coupon.funded_by {
            Funder::Platform => (left, off),
            Funder::Host => {
                self.coupon(LineKind::HostCoupon, off);
                (left - off, 0)
            }
        }
    }

    /// At most one of the two kinds; where both would do, the early one (faults.rs keeps such plans out).
    fn lead_tier(&self) -> Option<(LineKind, LeadTier)> {
        let (lead, days) = (&self.terms.plan.lead, self.ask.lead_days);
        let early = lead.early.iter().filter(|tier| i32::from(tier.days) <= days).max_by_key(|tier| tier.days);
        let late = || lead.last_minute.iter().filter(|tier| i32::from(tier.days) >= days).min_by_key(|tier| tier.days);
        early.map(|tier| (LineKind::EarlyBird, *tier)).or_else(|| late().map(|tier| (LineKind::LastMinute, *tier)))
    }

    /// Takes a share off what is left.
    fn discount(&mut self, kind: LineKind, bp: u32, left: i128) -> i128 {
        let off = percent(left, bp.min(WHOLE_BP));
        self.write_room(kind, kind.code(), 1, -off, -off);
        left - off
    }

    fn coupon(&mut self, kind: LineKind, off: i128) {
        if let Some(coupon) = self.ask.coupon {
            self.write_room(kind, coupon.code, 1, -off, -off);
        }
    }

    /// P10.
    fn extra_guests(&mut self) -> i128 {
        let Some(extra) = self.terms.plan.extra_guest else { return 0 };
        let guests = self.ask.guests.counted().saturating_sub(extra.included.into());
        let (quantity, unit) = (guests * u64::from(self.ask.stay.nights()), i128::from(extra.fee.max(0)));
        let amount = unit.saturating_mul(quantity.into());
        self.write_room(LineKind::ExtraGuests, LineKind::ExtraGuests.code(), quantity, unit, amount);
        amount
    }

    /// P11: fees paid at booking, fees paid at the property, and what of both is taxable.
    fn fees(&mut self, accommodation: i128) -> (i128, i128, i128) {
        let (mut at_booking, mut at_property, mut taxable) = (0_i128, 0_i128, 0_i128);
        let plan = self.terms.plan;
        for fee in plan.fees.iter().filter(|fee| fee.mandatory || self.ask.options.contains(&fee.key)) {
            let (quantity, unit) = self.fee(fee, accommodation);
            let amount = unit.saturating_mul(quantity.into());
            let sum = if fee.collected == Collected::AtBooking { &mut at_booking } else { &mut at_property };
            *sum = sum.saturating_add(amount);
            if fee.taxable {
                taxable = taxable.saturating_add(amount);
            }
            self.write(Entry {
                kind: LineKind::Fee,
                key: &fee.key,
                name: &fee.name,
                quantity,
                unit,
                amount,
                taxable: fee.taxable,
                collected: fee.collected,
                included: false,
                refund_rule: fee.refund_rule.into(),
            });
        }
        (at_booking, at_property, taxable)
    }

    /// How many times what.
    fn fee(&self, fee: &Fee, accommodation: i128) -> (u64, i128) {
        let amount = i128::from(fee.amount.unwrap_or(0).max(0));
        let (nights, guests) = (u64::from(self.ask.stay.nights()), self.ask.guests.counted());
        let pets = u64::from(self.ask.guests.party.pets);
        match fee.scope {
            FeeScope::PerStay => match fee.reduced.filter(|reduced| self.ask.stay.nights() <= reduced.up_to_nights) {
                Some(reduced) => (1, i128::from(reduced.amount.max(0))),
                None => (1, amount),
            },
            FeeScope::PerNight => (nights, amount),
            FeeScope::PerGuest => (guests, amount),
            FeeScope::PerGuestNight => (guests * nights, amount),
            FeeScope::PerPet => (pets, amount),
            FeeScope::PerPetNight => (pets * nights, amount),
            FeeScope::PercentAccommodation => (1, percent(accommodation, fee.bp.unwrap_or(0).min(WHOLE_BP))),
        }
    }

    /// P13: the platform's fee of the guest. Without a share there is none, whatever the least is.
    fn service_fee(&mut self, base: i128) -> i128 {
        let fees = self.terms.fees;
        if fees.guest_bp == 0 {
            return 0;
        }
        let fee = percent(base, fees.guest_bp).max(fees.guest_min.unwrap_or(0).into());
        let fee = fees.guest_max.map_or(fee, |most| fee.min(most.max(0).into()));
        self.write(Entry {
            kind: LineKind::ServiceFee,
            key: LineKind::ServiceFee.code(),
            name: "",
            quantity: 1,
            unit: fee,
            amount: fee,
            taxable: true,
            collected: Collected::AtBooking,
            included: false,
            refund_rule: RefundRule::ServiceFee,
        });
        fee
    }

    /// P14, P15, in the order of their compounding.
    fn taxes(&mut self, taxable: Taxable) -> Taxes {
        let mut sums = Taxes::default();
        let Some(last) = self.terms.all_taxes().map(|rule| rule.compound_order).max() else { return sums };
        for order in 0..=last {
            let lower = sums.at_booking.saturating_add(sums.at_property);
            for rule in self.terms.all_taxes().filter(|rule| rule.compound_order == order) {
                let on = Taxed { terms: self.terms, stay: self.ask.stay, guests: self.ask.guests, nightly_subtotal: self.nightly_subtotal, taxable, lower };
                let levy = rule.levy(&on);
                sums.add(rule, levy.amount);
                if levy.amount != 0 {
                    self.write_tax(rule, levy);
                    self.paper.note_tax(rule, &on);
                }
            }
        }
        sums
    }

    fn write_tax(&mut self, rule: &TaxRule, levy: Levy) {
        self.write(Entry {
            kind: LineKind::Tax,
            key: &rule.key,
            name: &rule.name,
            quantity: levy.quantity,
            unit: levy.unit,
            amount: levy.amount,
            taxable: false,
            collected: rule.collected,
            included: rule.inclusive,
            refund_rule: RefundRule::Recomputed,
        });
    }

    /// A line that belongs to the room: it comes and goes with it.
    fn write_room(&mut self, kind: LineKind, key: &str, quantity: u64, unit: i128, amount: i128) {
        let taxable = kind != LineKind::PlatformCoupon;
        let refund_rule = RefundRule::WithRoom;
        self.write(Entry { kind, key, name: "", quantity, unit, amount, taxable, collected: Collected::AtBooking, included: false, refund_rule });
    }

    /// Lines of nothing are left out.
    fn write(&mut self, line: Entry<'_>) {
        if line.amount != 0 {
            self.paper.write(line);
        }
    }
}

/// Taxes that are added to the prices.
#[derive(Debug, Clone, Copy, Default)]
struct Taxes {
    at_booking: i128,
    at_property: i128,
    /// Of those at booking, what the host hands on.
    to_host: i128,
}

impl Taxes {
    fn add(&mut self, rule: &TaxRule, amount: i128) {
        let amount = if rule.inclusive { 0 } else { amount };
        match (rule.collected, rule.remitted_by) {
            (Collected::AtProperty, _) => self.at_property = self.at_property.saturating_add(amount),
            (Collected::AtBooking, by) => {
                self.at_booking = self.at_booking.saturating_add(amount);
                if by == Remitter::Host {
                    self.to_host = self.to_host.saturating_add(amount);
                }
            }
        }
    }
}
