//! The taxes of what is left of a price when a stay is called off or shortened: worked out anew, by the arithmetic that made them
//! (docs/RULES.md, C6).

use super::arithmetic::spread;
use super::priced::{LineKind, Priced};
use super::tax::Taxable;
use std::ops::Range;

/// What is kept of a price, in minor units; each at most what was charged.
#[derive(Debug, Clone)]
pub struct Keep<'a> {
    /// Of the room, as far as shares are taken of it.
    pub room: i64,
    /// Of each line that is a fee, in their order; again as far as shares are taken of it.
    pub fees: &'a [i64],
    pub service_fee: i64,
    /// The nights that are stayed, counted from check-in: amounts by the night are due for these, and amounts for the stay if there are any.
    pub nights: Range<usize>,
}

impl Keep<'_> {
    fn taxable(&self, price: &Priced) -> Taxable {
        // With one guest more or less the two have taxes of their own; what is kept of the room is kept of both alike.
        let room = spread(self.room.max(0), &[price.accommodation, price.extra_guests]);
        let of_fees = price.lines.iter().filter(|line| line.kind == LineKind::Fee).zip(self.fees);
        Taxable {
            accommodation: room[0].into(),
            extra_guests: room[1].into(),
            fees: of_fees.filter(|(line, _)| line.taxable).map(|(_, kept)| i128::from(*kept)).sum(),
            service_fee: self.service_fee.into(),
        }
    }
}

/// What is kept of each of `price.taxes`, in their order. Keeping all of a stay keeps all of its taxes; keeping less never costs more.
#[must_use]
pub fn taxes_kept(price: &Priced, keep: &Keep<'_>) -> Vec<i64> {
    let taxable = keep.taxable(price);
    let (mut added, mut lower, mut order) = (0_i128, 0_i128, 0_u8);
    let mut kept = Vec::with_capacity(price.taxes.len());
    for tax in &price.taxes {
        if tax.compound_order != order {
            (lower, order) = (added, tax.compound_order);
        }
        let amount = tax.how.of(tax.amount, tax.included, taxable, lower, &keep.nights).clamp(0, tax.amount.into());
        added += if tax.included { 0 } else { amount };
        kept.push(i64::try_from(amount).unwrap_or(tax.amount));
    }
    kept
}
