//! Taxes: what they are on, who is exempt, and how much they come to (P14, P15).
//!
//! A tax is a share (`bp`) of lines, or an amount for the stay, its nights, its guests or both. The nights that count are those
//! on which the rule is valid, at most the first `max_nights` of them. Infants are never taxed.

use super::arithmetic::{WHOLE_BP, included_tax};
use super::ask::{Guests, Terms};
use super::nights::{each_price, night_price};
use super::plan::Collected;
use crate::values::written::date_or_none;
use crate::values::{Night, NightRange, Stay};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TaxRule {
    pub key: String,
    /// What guests read.
    pub name: String,
    /// A share of the lines in `applies_to`; exactly one of `bp` and `amount` is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bp: Option<u32>,
    /// Minor units for each `basis`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
    /// For amounts.
    #[serde(default)]
    pub basis: TaxBasis,
    /// For shares.
    #[serde(default = "room_and_fees")]
    pub applies_to: Vec<AppliesTo>,
    /// The prices contain it: it is shown and not added.
    #[serde(default)]
    pub inclusive: bool,
    /// Children under this age pay nothing, where their age is known; for amounts by guest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub age_exempt_below: Option<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_nights: Option<u16>,
    /// Stays of so many nights or more pay nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exempt_if_nights_at_least: Option<u16>,
    /// The first night on which it is valid, and the first on which it is not any more.
    #[serde(default, with = "date_or_none", skip_serializing_if = "Option::is_none")]
    pub valid_from: Option<Night>,
    #[serde(default, with = "date_or_none", skip_serializing_if = "Option::is_none")]
    pub valid_to: Option<Night>,
    /// Other amounts or shares from some nightly price on, ascending. Amounts by night ask each night's price, all else the
    /// average; prices are those before discounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub brackets: Vec<Bracket>,
    /// Shares are taken of the taxes of lower orders too.
    #[serde(default)]
    pub compound_order: u8,
    pub remitted_by: Remitter,
    pub collected: Collected,
}

fn room_and_fees() -> Vec<AppliesTo> {
    vec![AppliesTo::Accommodation, AppliesTo::ExtraGuests, AppliesTo::Fees]
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaxBasis {
    #[default]
    Stay,
    Night,
    Guest,
    GuestNight,
}

/// Lines that a share can be of; of the fees, those that are taxable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppliesTo {
    Accommodation,
    ExtraGuests,
    Fees,
    ServiceFee,
}

/// From this nightly price on, another share or amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bracket {
    pub from: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bp: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<i64>,
}

/// Who hands the tax to the authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remitter {
    Platform,
    Host,
}

/// What lines come to that a share can be of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taxable {
    pub accommodation: i128,
    pub extra_guests: i128,
    pub fees: i128,
    pub service_fee: i128,
}

impl Taxable {
    fn of(self, kinds: &[AppliesTo]) -> i128 {
        let has = |kind| kinds.contains(&kind);
        [
            (AppliesTo::Accommodation, self.accommodation),
            (AppliesTo::ExtraGuests, self.extra_guests),
            (AppliesTo::Fees, self.fees),
            (AppliesTo::ServiceFee, self.service_fee),
        ]
        .into_iter()
        .filter(|(kind, _)| has(*kind))
        .fold(0, |sum: i128, (_, amount)| sum.saturating_add(amount))
    }
}

/// A tax of one stay: so many times a unit, where it has one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Levy {
    pub quantity: u64,
    pub unit: i128,
    pub amount: i128,
}

impl Levy {
    fn times(quantity: u64, unit: i128) -> Self {
        Self { quantity, unit, amount: unit.saturating_mul(quantity.into()) }
    }
}

/// A share of lines. Where some nights do not count, the same part of the lines does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    pub bp: u32,
    /// Nights that count, of all nights.
    pub counted: u16,
    pub all: u16,
}

impl Share {
    /// Of lines that come to `lines`, zero or more (P15).
    fn of(self, lines: i128, inclusive: bool) -> i128 {
        let (counted, all) = (i128::from(self.counted), i128::from(self.all.max(1)));
        if inclusive {
            return included_tax(lines.saturating_mul(counted) / all, self.bp);
        }
        let whole = all * i128::from(WHOLE_BP) * 2;
        lines.saturating_mul(counted).saturating_mul(2 * i128::from(self.bp)).saturating_add(whole / 2) / whole
    }
}

/// How a rule bears on one stay; search asks for it again and again, so it allocates nothing.
#[derive(Debug, Clone, Copy)]
enum Bearing {
    Nothing,
    Share(Share),
    Once {
        heads: u64,
        unit: i128,
    },
    Nightly {
        heads: u64,
        unit: i128,
        nights: NightRange,
    },
    /// Each night as its price says.
    ByPrice {
        heads: u64,
        nights: NightRange,
    },
}

/// How a tax was worked out: enough to tax a part of the stay alike, without plan, calendar and guests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Charged {
    Share {
        share: Share,
        applies_to: Vec<AppliesTo>,
    },
    /// For the stay as such, however long it is.
    Once,
    /// So many nights from check-in on with so much each, and so forth: all nights of the stay.
    Nightly {
        runs: Vec<(u16, i64)>,
    },
}

impl Charged {
    /// What it comes to of `amount`, when lines are kept and `nights` (counted from check-in) were stayed.
    pub(super) fn of(&self, amount: i64, inclusive: bool, lines: Taxable, lower: i128, nights: &std::ops::Range<usize>) -> i128 {
        match self {
            Self::Share { share, applies_to } => share.of(lines.of(applies_to).saturating_add(lower), inclusive),
            Self::Once if nights.is_empty() => 0,
            Self::Once => amount.into(),
            Self::Nightly { runs } => {
                let each = runs.iter().flat_map(|(count, amount)| std::iter::repeat_n(i128::from(*amount), usize::from(*count)));
                each.skip(nights.start).take(nights.len()).sum()
            }
        }
    }
}

/// The stay that is taxed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taxed<'a> {
    pub terms: &'a Terms<'a>,
    pub stay: Stay,
    pub guests: Guests,
    pub nightly_subtotal: i128,
    pub taxable: Taxable,
    /// Taxes of lower orders that are added to the prices.
    pub lower: i128,
}

impl TaxRule {
    /// The nights of `stay` that count.
    fn nights(&self, stay: Stay) -> NightRange {
        if self.exempt_if_nights_at_least.is_some_and(|least| stay.nights() >= least) {
            return NightRange::new(stay.check_in(), stay.check_in());
        }
        let from = self.valid_from.map_or(stay.check_in(), |first| first.max(stay.check_in()));
        let to = self.valid_to.map_or(stay.check_out(), |end| end.min(stay.check_out()));
        let capped = self.max_nights.map_or(to, |most| from.plus(most.into()).min(to));
        NightRange::new(from, capped)
    }

    /// How this rule bears on a stay.
    fn bearing(&self, on: &Taxed<'_>) -> Bearing {
        let nights = self.nights(on.stay);
        if nights.nights() == 0 {
            return Bearing::Nothing;
        }
        let average = on.nightly_subtotal / i128::from(on.stay.nights());
        if let Some(bp) = self.bp {
            let bp = self.bracket(average).and_then(|bracket| bracket.bp).unwrap_or(bp);
            let counted = u16::try_from(nights.nights()).unwrap_or(on.stay.nights());
            return Bearing::Share(Share { bp, counted, all: on.stay.nights() });
        }
        let heads = if matches!(self.basis, TaxBasis::Guest | TaxBasis::GuestNight) { on.guests.taxed(self.age_exempt_below) } else { 1 };
        let unit = self.amount_at(average);
        match self.basis {
            TaxBasis::Stay | TaxBasis::Guest => Bearing::Once { heads, unit },
            TaxBasis::Night | TaxBasis::GuestNight if self.brackets.is_empty() => Bearing::Nightly { heads, unit, nights },
            TaxBasis::Night | TaxBasis::GuestNight => Bearing::ByPrice { heads, nights },
        }
    }

    /// What this rule takes of a stay (P15: one rounding a rule).
    pub(super) fn levy(&self, on: &Taxed<'_>) -> Levy {
        match self.bearing(on) {
            Bearing::Nothing => Levy::default(),
            Bearing::Share(share) => {
                let amount = share.of(on.taxable.of(&self.applies_to).saturating_add(on.lower), self.inclusive);
                Levy { quantity: 1, unit: amount, amount }
            }
            Bearing::Once { heads, unit } => Levy::times(heads, unit),
            Bearing::Nightly { heads, unit, nights } => Levy::times(heads * u64::from(nights.nights()), unit),
            Bearing::ByPrice { heads, nights } => {
                let mut by_head: i128 = 0;
                each_price(on.terms, nights, |price, count| {
                    by_head = by_head.saturating_add(self.amount_at(i128::from(price)).saturating_mul(i128::from(count)));
                });
                Levy::times(heads, by_head)
            }
        }
    }

    /// How the rule bore on a stay, for whoever must work it out anew for a part of it. `None` where a night's tax does not fit into 64 bits.
    pub(super) fn charged(&self, on: &Taxed<'_>) -> Option<Charged> {
        let nightly = |nights: NightRange, amount: &dyn Fn(Night) -> i128| {
            let of_night = |night| if nights.contains(night) { amount(night) } else { 0 };
            let mut runs: Vec<(u16, i64)> = Vec::new();
            for night in on.stay.range().iter() {
                let amount = i64::try_from(of_night(night)).ok()?;
                match runs.last_mut() {
                    Some((count, known)) if *known == amount => *count += 1,
                    _ => runs.push((1, amount)),
                }
            }
            Some(Charged::Nightly { runs })
        };
        match self.bearing(on) {
            Bearing::Nothing | Bearing::Once { .. } => Some(Charged::Once),
            Bearing::Share(share) => Some(Charged::Share { share, applies_to: self.applies_to.clone() }),
            Bearing::Nightly { heads, unit, nights } => nightly(nights, &|_| unit.saturating_mul(heads.into())),
            Bearing::ByPrice { heads, nights } => {
                nightly(nights, &|night| self.amount_at(i128::from(night_price(on.terms, night))).saturating_mul(heads.into()))
            }
        }
    }

    /// The bracket of a nightly price.
    fn bracket(&self, price: i128) -> Option<&Bracket> {
        self.brackets.iter().rev().find(|bracket| i128::from(bracket.from) <= price)
    }

    fn amount_at(&self, price: i128) -> i128 {
        let amount = self.bracket(price).and_then(|bracket| bracket.amount).or(self.amount);
        i128::from(amount.unwrap_or(0).max(0))
    }
}
