//! What is charged for a stay, by who charges it: the host the room, the fees and their taxes, the platform its own fees.
//!
//! Of a stay that took place that is its price, of one that was called off what is kept. What is paid at the property is charged by nobody here.

use super::paper::{Item, TaxItem, amount};
use crate::features::cancellation::{Outcome, OutcomeLine, What};
use crate::features::pricing::{Collected, Line, LineKind, Priced};
use crate::values::Currency;

/// Amounts in minor units.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Charges {
    /// The host to the guest.
    pub stay: Vec<Item>,
    pub taxes: Vec<TaxItem>,
    /// The platform to the guest.
    pub service: Vec<Item>,
    /// The platform to the host.
    pub host_fee: i64,
    /// What the platform bears of what the guest is charged: its coupon.
    pub promo: i64,
    pub notes: Vec<String>,
}

impl Charges {
    /// Of a stay that took place.
    #[must_use]
    pub fn of_price(price: &Priced, currency: Currency) -> Self {
        let mut charges = Self { host_fee: price.host_fee, ..Self::default() };
        for line in &price.lines {
            charges.add_line(line, currency);
        }
        charges
    }

    fn add_line(&mut self, line: &Line, currency: Currency) {
        let words = words(line.kind, &line.key, &line.name);
        if line.collected == Collected::AtProperty {
            self.notes.push(format!("To be paid at the property, and not part of this invoice: {words}, {currency} {}.", amount(line.amount, currency)));
            return;
        }
        let item = Item { words, quantity: line.quantity, unit: line.unit_amount, amount: line.amount };
        match line.kind {
            LineKind::HostFee => {}
            LineKind::PlatformCoupon => self.promo -= line.amount,
            LineKind::ServiceFee => self.service.push(item),
            LineKind::Tax => self.taxes.push(TaxItem { name: item.words, amount: line.amount, included: line.included }),
            _ => self.stay.push(item),
        }
    }

    /// What is kept of a stay that was called off.
    #[must_use]
    pub fn of_outcome(outcome: &Outcome) -> Self {
        let mut charges = Self { host_fee: outcome.host_fee, ..Self::default() };
        for line in outcome.lines.iter().filter(|line| line.kept != 0) {
            charges.add_kept(line);
        }
        charges.notes.push("The stay was called off. This is what is kept of its price.".into());
        charges
    }

    fn add_kept(&mut self, line: &OutcomeLine) {
        let item = |words: String| Item { words, quantity: 1, unit: line.kept, amount: line.kept };
        match line.what {
            What::Room => self.stay.push(item("Accommodation".into())),
            What::Fee => self.stay.push(item(words(LineKind::Fee, &line.key, &line.name))),
            What::ServiceFee => self.service.push(item(words(LineKind::ServiceFee, &line.key, &line.name))),
            What::Tax => self.taxes.push(TaxItem { name: words(LineKind::Tax, &line.key, &line.name), amount: line.kept, included: line.included }),
            What::PlatformCoupon => self.promo -= line.kept,
        }
    }

    /// What the host charges, before the platform's coupon.
    #[must_use]
    pub fn of_host(&self) -> i64 {
        let taxes = self.taxes.iter().filter(|tax| !tax.included).map(|tax| tax.amount);
        self.stay.iter().map(|item| item.amount).chain(taxes).sum()
    }

    /// The platform's coupon on the host's invoice, and what is left of it for the platform's own.
    #[must_use]
    pub fn coupon(&self) -> (i64, i64) {
        let first = self.promo.min(self.of_host()).max(0);
        (first, self.promo - first)
    }
}

/// What a line is called on paper.
fn words(kind: LineKind, key: &str, name: &str) -> String {
    let known = match kind {
        LineKind::Nights => "Accommodation",
        LineKind::EarlyBird => "Early booking discount",
        LineKind::LastMinute => "Late booking discount",
        LineKind::LengthOfStay => "Discount for the length of the stay",
        LineKind::NonRefundable => "Discount for the non-refundable rate",
        LineKind::ExtraGuests => "Extra guests",
        LineKind::ServiceFee => "Service fee",
        LineKind::HostFee => "Host service fee",
        LineKind::HostCoupon | LineKind::PlatformCoupon => return format!("Coupon {key}"),
        LineKind::Fee | LineKind::Tax => return if name.is_empty() { key.to_owned() } else { name.to_owned() },
    };
    if name.is_empty() { known.to_owned() } else { name.to_owned() }
}
