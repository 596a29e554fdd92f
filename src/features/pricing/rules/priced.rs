//! A stay's price with every line of it: what a quote shows and a booking keeps.

use super::arithmetic::{WHOLE_BP, spread};
use super::ask::{Ask, Terms};
use super::bill::{Bill, Entry, Paper, Sums};
use super::nights::night_prices;
use super::plan::{Collected, FeeRefund};
use super::tax::{Charged, Remitter, TaxRule, Taxed};
use crate::platform::error::{Kind, Refusal, Refused};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    Nights,
    EarlyBird,
    LastMinute,
    LengthOfStay,
    NonRefundable,
    HostCoupon,
    ExtraGuests,
    Fee,
    ServiceFee,
    Tax,
    PlatformCoupon,
    HostFee,
}

impl LineKind {
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Nights => "nights",
            Self::EarlyBird => "early_bird",
            Self::LastMinute => "last_minute",
            Self::LengthOfStay => "length_of_stay",
            Self::NonRefundable => "non_refundable",
            Self::HostCoupon => "host_coupon",
            Self::ExtraGuests => "extra_guests",
            Self::Fee => "fee",
            Self::ServiceFee => "service_fee",
            Self::Tax => "tax",
            Self::PlatformCoupon => "platform_coupon",
            Self::HostFee => "host_fee",
        }
    }

    fn payer(self) -> Payer {
        match self {
            Self::PlatformCoupon => Payer::Platform,
            Self::HostFee => Payer::Host,
            _ => Payer::Guest,
        }
    }
}

/// Who bears a line: the guest, the platform where its coupon takes something off the guest's total, the host where the platform
/// keeps something of the payout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Payer {
    Guest,
    Platform,
    Host,
}

/// What becomes of a line when a stay is called off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundRule {
    BeforeCheckIn,
    WithRoom,
    Never,
    /// As the platform refunds its fee.
    ServiceFee,
    /// Worked out anew from the lines that are kept.
    Recomputed,
}

impl From<FeeRefund> for RefundRule {
    fn from(rule: FeeRefund) -> Self {
        match rule {
            FeeRefund::BeforeCheckIn => Self::BeforeCheckIn,
            FeeRefund::WithRoom => Self::WithRoom,
            FeeRefund::Never => Self::Never,
        }
    }
}

/// One line of a price; amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub kind: LineKind,
    /// Of a fee or tax its key, of a coupon its code, else the name of the kind: what a label is chosen by.
    pub key: String,
    /// What the host or the operator calls it; empty for lines that everybody knows.
    pub name: String,
    pub quantity: u64,
    pub unit_amount: i64,
    /// `quantity` times `unit_amount`; negative where less is paid.
    pub amount: i64,
    pub payer: Payer,
    pub taxable: bool,
    pub collected: Collected,
    /// Contained in other lines already, and not added: an inclusive tax.
    pub included: bool,
    pub refund_rule: RefundRule,
}

/// How one of the taxes was worked out; `amount` is that of its line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargedTax {
    pub key: String,
    pub name: String,
    pub amount: i64,
    pub how: Charged,
    /// Contained in the prices.
    pub included: bool,
    /// Shares are taken of the taxes of lower orders too.
    pub compound_order: u8,
    pub remitted_by: Remitter,
    pub collected: Collected,
}

/// What a stay costs, line by line (P16): `total_due` is the sum of the lines that are not the host's, not included, and
/// collected at booking; `total_price` the same wherever they are collected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Priced {
    pub lines: Vec<Line>,
    /// The price of each night before anything is taken off.
    pub nights: Vec<i64>,
    /// What each night bears of the room (P20); adds up to `room`.
    pub allocation: Vec<i64>,
    pub nightly_subtotal: i64,
    /// The nights without what discounts and a host's coupon take off (P9).
    pub accommodation: i64,
    pub extra_guests: i64,
    /// Accommodation and extra guests.
    pub room: i64,
    /// The room and the fees at booking (P12).
    pub base: i64,
    pub service_fee: i64,
    /// What is paid to the platform, at booking and in instalments (P16).
    pub total_due: i64,
    /// Everything that must be paid wherever it is paid: the headline.
    pub total_price: i64,
    /// `total_price` by nights, rounded down: presentation only (P18).
    pub average_nightly: i64,
    pub host_fee: i64,
    /// What the host is paid (P17).
    pub host_payout: i64,
    /// The share of the base that is the host's fee, in basis points.
    pub host_bp: u32,
    /// How the lines of taxes were worked out, in their order.
    pub taxes: Vec<ChargedTax>,
}

/// The price does not fit into the numbers of this house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the price is larger than can be written")]
pub struct TooMuch;

impl Refusal for TooMuch {
    fn refused(&self) -> Refused {
        Refused::new(Kind::Unacceptable, "price_too_large", "The price of this stay is larger than can be written.")
    }
}

/// Prices a stay, line by line. Refuses amounts beyond 64 bits; nothing is clipped silently.
pub fn price(terms: &Terms<'_>, ask: &Ask<'_>) -> Result<Priced, TooMuch> {
    let nights = night_prices(terms, ask.stay.range());
    let nightly_subtotal: i128 = nights.iter().map(|price| i128::from(*price)).sum();
    let mut sheet = Sheet { lines: Vec::with_capacity(8), taxes: Vec::new(), fits: true };
    sheet.write_nights(&nights);
    let sums = Bill { terms, ask, nightly_subtotal, paper: &mut sheet }.add_up();
    sheet.write_host_fee(sums.host_fee);
    if !sheet.fits {
        return Err(TooMuch);
    }
    let allocation = allocate(terms, ask, &nights, &sums)?;
    let total_price = fit(sums.total_price)?;
    let priced = Priced {
        lines: sheet.lines,
        allocation,
        nights,
        nightly_subtotal: fit(nightly_subtotal)?,
        accommodation: fit(sums.accommodation)?,
        extra_guests: fit(sums.extra_guests)?,
        room: fit(sums.accommodation + sums.extra_guests)?,
        base: fit(sums.base)?,
        service_fee: fit(sums.service_fee)?,
        total_due: fit(sums.total_due)?,
        total_price,
        average_nightly: total_price / i64::from(ask.stay.nights()),
        host_fee: fit(sums.host_fee)?,
        host_payout: fit(sums.host_payout)?,
        host_bp: terms.fees.host_bp.min(WHOLE_BP),
        taxes: sheet.taxes,
    };
    assert!(priced.adds_up(), "a price is the sum of its lines (P16): {priced:?}");
    Ok(priced)
}

impl Priced {
    /// P16.
    fn adds_up(&self) -> bool {
        let paid = self.lines.iter().filter(|line| line.payer != Payer::Host && !line.included);
        let (mut due, mut all) = (0_i128, 0_i128);
        for line in paid {
            all += i128::from(line.amount);
            due += if line.collected == Collected::AtBooking { line.amount.into() } else { 0 };
        }
        due == i128::from(self.total_due) && all == i128::from(self.total_price) && self.allocation.iter().sum::<i64>() == self.room
    }
}

fn fit(amount: i128) -> Result<i64, TooMuch> {
    i64::try_from(amount).map_err(|_| TooMuch)
}

/// P20: the room by nights, in proportion to each night's price and its extra guests.
fn allocate(terms: &Terms<'_>, ask: &Ask<'_>, nights: &[i64], sums: &Sums) -> Result<Vec<i64>, TooMuch> {
    let extra = sums.extra_guests / i128::from(ask.stay.nights());
    let weights: Result<Vec<i64>, TooMuch> = nights.iter().map(|price| fit(i128::from(*price) + extra)).collect();
    debug_assert!(terms.plan.extra_guest.is_some() || extra == 0, "only extra guests cost extra");
    Ok(spread(fit(sums.accommodation + sums.extra_guests)?, &weights?))
}

/// Prices with how many nights have each, in the order in which they come.
fn by_price(nights: &[i64]) -> Vec<(i64, u64)> {
    /// So many are looked through faster than they are hashed; a stay whose every night has another price has hundreds.
    const FEW: usize = 16;
    let mut groups: Vec<(i64, u64)> = Vec::new();
    let mut places: HashMap<i64, usize, foldhash::fast::RandomState> = HashMap::default();
    for price in nights.iter().copied() {
        let known = if groups.len() <= FEW { groups.iter().position(|(known, _)| *known == price) } else { places.get(&price).copied() };
        match known {
            Some(place) => groups[place].1 += 1,
            None => {
                if groups.len() == FEW {
                    places.extend(groups.iter().enumerate().map(|(place, (known, _))| (*known, place)));
                }
                if groups.len() >= FEW {
                    places.insert(price, groups.len());
                }
                groups.push((price, 1));
            }
        }
    }
    groups
}

/// Lines as they are shown.
struct Sheet {
    lines: Vec<Line>,
    taxes: Vec<ChargedTax>,
    /// Every amount so far fits into 64 bits.
    fits: bool,
}

impl Sheet {
    /// A line for each price that nights have, in the order in which they come.
    fn write_nights(&mut self, nights: &[i64]) {
        for (price, count) in by_price(nights) {
            let amount = i128::from(price) * i128::from(count);
            self.write(Entry { taxable: true, refund_rule: RefundRule::WithRoom, ..plain(LineKind::Nights, count, price.into(), amount) });
        }
    }

    fn write_host_fee(&mut self, fee: i128) {
        if fee != 0 {
            self.write(plain(LineKind::HostFee, 1, fee, fee));
        }
    }
}

/// A line that nobody gave a name.
fn plain(kind: LineKind, quantity: u64, unit: i128, amount: i128) -> Entry<'static> {
    let (key, name, refund_rule) = (kind.code(), "", RefundRule::Recomputed);
    Entry { kind, key, name, quantity, unit, amount, taxable: false, collected: Collected::AtBooking, included: false, refund_rule }
}

impl Paper for Sheet {
    fn write(&mut self, line: Entry<'_>) {
        let (Ok(unit_amount), Ok(amount)) = (fit(line.unit), fit(line.amount)) else {
            self.fits = false;
            return;
        };
        self.lines.push(Line {
            kind: line.kind,
            key: line.key.to_owned(),
            name: line.name.to_owned(),
            quantity: line.quantity,
            unit_amount,
            amount,
            payer: line.kind.payer(),
            taxable: line.taxable,
            collected: line.collected,
            included: line.included,
            refund_rule: line.refund_rule,
        });
    }
    fn note_tax(&mut self, rule: &TaxRule, on: &Taxed<'_>) {
        let (Some(how), Some(line)) = (rule.charged(on), self.lines.last()) else {
            self.fits = false;
            return;
        };
        self.taxes.push(ChargedTax {
            key: rule.key.clone(),
            name: rule.name.clone(),
            amount: line.amount,
            how,
            included: rule.inclusive,
            compound_order: rule.compound_order,
            remitted_by: rule.remitted_by,
            collected: rule.collected,
        });
    }
}
