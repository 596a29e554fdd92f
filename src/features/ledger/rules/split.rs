//! Whose money the total of a stay is.

/// The parts of what a stay costs, in minor units, zero or more each. The guest owes their sum without `promo`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Split {
    /// The room and the host's fees.
    pub base: i64,
    /// The platform's fee of the guest.
    pub guest_fee: i64,
    /// Taxes collected with the booking.
    pub taxes: Vec<TaxShare>,
    /// What the platform bears of all this: its coupon.
    pub promo: i64,
}

/// A tax in a total.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxShare {
    /// Names the account `tax_payable`: lower-case letters, digits, `_`, `-`, `.`.
    pub tax: String,
    pub amount: i64,
    /// The host hands it on, so the host gets it; otherwise we owe it.
    pub to_host: bool,
}

impl Split {
    #[must_use]
    pub fn tax_total(&self) -> i64 {
        self.taxes.iter().map(|tax| tax.amount).fold(0, i64::saturating_add)
    }

    /// Taxes that the host hands on.
    #[must_use]
    pub fn to_host(&self) -> i64 {
        self.taxes.iter().filter(|tax| tax.to_host).map(|tax| tax.amount).fold(0, i64::saturating_add)
    }

    /// Without what the platform bears.
    #[must_use]
    pub fn gross(&self) -> i64 {
        self.base.saturating_add(self.guest_fee).saturating_add(self.tax_total())
    }

    /// What the guest owes.
    #[must_use]
    pub fn owed(&self) -> i64 {
        self.gross().saturating_sub(self.promo)
    }

    /// The share of `nights` of the `left` nights that this is still held for, each part rounded down; with the last night
    /// everything that is left goes, so that the parts of a stay are the whole. A coupon stays where it is.
    #[must_use]
    pub fn part(&self, nights: i64, left: i64) -> Self {
        let taxes = self.taxes.iter().map(|tax| TaxShare { amount: part(tax.amount, nights, left), ..tax.clone() });
        Self { base: part(self.base, nights, left), guest_fee: part(self.guest_fee, nights, left), taxes: taxes.collect(), promo: 0 }
    }

    /// What is left when `part` (of this, so with its taxes in the same order) has gone.
    #[must_use]
    pub fn without(&self, part: &Self) -> Self {
        let gone =
            |n: usize, tax: &TaxShare| part.taxes.get(n).filter(|other| other.tax == tax.tax && other.to_host == tax.to_host).map_or(0, |other| other.amount);
        let taxes = self.taxes.iter().enumerate().map(|(n, tax)| TaxShare { amount: tax.amount - gone(n, tax), ..tax.clone() });
        Self { base: self.base - part.base, guest_fee: self.guest_fee - part.guest_fee, taxes: taxes.collect(), promo: self.promo - part.promo }
    }
}

/// The share of `nights` of the `left` nights that `held` is for, rounded down; all of it with the last night.
#[must_use]
pub fn part(held: i64, nights: i64, left: i64) -> i64 {
    if nights >= left {
        return held;
    }
    let share = i128::from(held) * i128::from(nights.max(0)) / i128::from(left.max(1));
    i64::try_from(share).unwrap_or(held)
}

/// How much of a platform's coupon goes back to the platform when `back` of `gross` is not charged after all: in proportion,
/// rounded up, so that nobody is paid a coupon in cash; all of it when nothing of the stay is left.
#[must_use]
pub fn promo_back(promo: i64, back: i64, gross: i64) -> i64 {
    if back >= gross {
        return promo;
    }
    let (promo_wide, back_wide, gross_wide) = (i128::from(promo.max(0)), i128::from(back.max(0)), i128::from(gross.max(1)));
    let share = (promo_wide * back_wide + gross_wide - 1) / gross_wide;
    i64::try_from(share).unwrap_or(promo).min(promo)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coupon_goes_back_in_proportion() {
        for (promo, back, gross, expected) in [
            (1_000, 5_000, 10_000, 500),
            (1_000, 1, 10_000, 1),
            (1_000, 10_000, 10_000, 1_000),
            (1_000, 0, 10_000, 0),
            (0, 5_000, 10_000, 0),
            (7, 5, 5, 7),
            (7, 0, 0, 7),
        ] {
            assert_eq!(promo_back(promo, back, gross), expected, "{promo} {back} {gross}");
        }
    }

    #[test]
    fn the_last_part_takes_what_is_left() {
        let held = Split { base: 1_000, guest_fee: 10, taxes: vec![TaxShare { tax: "vat".into(), amount: 7, to_host: false }], promo: 5 };
        let first = held.part(30, 70);
        assert_eq!((first.base, first.guest_fee, first.tax_total(), first.promo), (428, 4, 3, 0));
        let left = held.without(&first);
        let last = left.part(40, 40);
        assert_eq!((last.base, last.guest_fee, last.tax_total()), (572, 6, 4));
        assert_eq!(left.without(&last).owed(), -5, "only the coupon stays");
    }
}
