//! Whose money the total of a price is: what the ledger must know.

use super::plan::Collected;
use super::priced::{LineKind, Priced};
use super::tax::Remitter;
use serde::{Deserialize, Serialize};

/// The parts of a total, in minor units, zero or more each. The guest owes their sum without what a platform's coupon takes off.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Split {
    /// The room and the host's fees at booking.
    pub base: i64,
    /// The platform's fee of the guest.
    pub guest_fee: i64,
    /// Taxes that were added and are collected at booking, one a key and remitter.
    pub taxes: Vec<TaxPart>,
    /// What the platform bears of all this: its coupon.
    pub promo: i64,
}

/// A tax in a total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxPart {
    pub key: String,
    pub remitted_by: Remitter,
    pub amount: i64,
}

impl Split {
    /// That of a price as it was promised.
    #[must_use]
    pub fn of(price: &Priced) -> Self {
        let coupons = price.lines.iter().filter(|line| line.kind == LineKind::PlatformCoupon);
        let mut split = Self { base: price.base, guest_fee: price.service_fee, taxes: Vec::new(), promo: -coupons.map(|line| line.amount).sum::<i64>() };
        for tax in price.taxes.iter().filter(|tax| !tax.included && tax.collected == Collected::AtBooking) {
            split.add_tax(&tax.key, tax.remitted_by, tax.amount);
        }
        split
    }

    /// Adds to the tax of that key and remitter; nothing is no tax.
    pub fn add_tax(&mut self, key: &str, remitted_by: Remitter, amount: i64) {
        if amount == 0 {
            return;
        }
        match self.taxes.iter_mut().find(|tax| tax.key == key && tax.remitted_by == remitted_by) {
            Some(tax) => tax.amount += amount,
            None => self.taxes.push(TaxPart { key: key.to_owned(), remitted_by, amount }),
        }
    }

    /// Both together: of a price in several parts.
    #[must_use]
    pub fn plus(mut self, other: &Self) -> Self {
        self.base += other.base;
        self.guest_fee += other.guest_fee;
        self.promo += other.promo;
        for tax in &other.taxes {
            self.add_tax(&tax.key, tax.remitted_by, tax.amount);
        }
        self
    }

    /// What is left when `kept` is taken away; `kept` is at most this, part by part.
    #[must_use]
    pub fn minus(mut self, kept: &Self) -> Self {
        self.base -= kept.base;
        self.guest_fee -= kept.guest_fee;
        self.promo -= kept.promo;
        for tax in &kept.taxes {
            self.add_tax(&tax.key, tax.remitted_by, -tax.amount);
        }
        self.taxes.retain(|tax| tax.amount != 0);
        self
    }

    #[must_use]
    pub fn tax_total(&self) -> i64 {
        self.taxes.iter().map(|tax| tax.amount).sum()
    }

    /// Without what the platform bears.
    #[must_use]
    pub fn gross(&self) -> i64 {
        self.base + self.guest_fee + self.tax_total()
    }

    /// What the guest owes.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.gross() - self.promo
    }

    /// Taxes that the host hands on.
    #[must_use]
    pub fn to_host(&self) -> i64 {
        self.taxes.iter().filter(|tax| tax.remitted_by == Remitter::Host).map(|tax| tax.amount).sum()
    }
}
