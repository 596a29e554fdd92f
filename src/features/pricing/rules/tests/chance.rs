//! Random plans, days, taxes, fees and parties for the properties in `held.rs`.

use super::*;
use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// The first night of everything random: a Thursday.
const FIRST: i32 = 20_608;

pub(crate) fn amount() -> impl Strategy<Value = i64> {
    prop_oneof![1..50_i64, 1..100_000_i64, 1..2_000_000_i64]
}

fn bp() -> impl Strategy<Value = u32> {
    prop_oneof![0..50_u32, 0..3_000_u32, 0..=10_000_u32]
}

fn off_bp() -> impl Strategy<Value = u32> {
    1..=9_000_u32
}

fn season() -> impl Strategy<Value = Season> {
    (0..500_i32, 1..120_i32, -2..3_i32, of(amount())).prop_map(|(from, length, priority, price)| Season {
        name: "Season".into(),
        from: Night(FIRST + from),
        to: Night(FIRST + from + length),
        priority,
        price,
        min_nights: None,
        max_nights: None,
    })
}

fn fee() -> impl Strategy<Value = Fee> {
    let scope = prop::sample::select(vec![
        FeeScope::PerStay,
        FeeScope::PerNight,
        FeeScope::PerGuest,
        FeeScope::PerGuestNight,
        FeeScope::PerPet,
        FeeScope::PerPetNight,
        FeeScope::PercentAccommodation,
    ]);
    let refund = prop::sample::select(vec![FeeRefund::BeforeCheckIn, FeeRefund::WithRoom, FeeRefund::Never]);
    (scope, amount(), bp(), any::<[bool; 3]>(), of((1..9_u16, amount())), refund).prop_map(
        |(scope, amount, bp, [mandatory, taxable, later], reduced, refund_rule)| {
            let by_share = scope == FeeScope::PercentAccommodation;
            Fee {
                key: "fee".into(),
                name: "Fee".into(),
                scope,
                amount: (!by_share).then_some(amount),
                bp: by_share.then_some(bp),
                mandatory,
                refund_rule,
                taxable,
                collected: if later { Collected::AtProperty } else { Collected::AtBooking },
                reduced: reduced.filter(|_| scope == FeeScope::PerStay).map(|(up_to_nights, amount)| Reduced { up_to_nights, amount }),
            }
        },
    )
}

pub(crate) fn tax_rule() -> impl Strategy<Value = TaxRule> {
    let basis = prop::sample::select(vec![TaxBasis::Stay, TaxBasis::Night, TaxBasis::Guest, TaxBasis::GuestNight]);
    let kinds = prop::sample::subsequence(vec![AppliesTo::Accommodation, AppliesTo::ExtraGuests, AppliesTo::Fees, AppliesTo::ServiceFee], 1..=4);
    let nights = || of(1..60_u16);
    let dates = (of(0..300_i32), of(300..600_i32));
    let rate = (any::<bool>(), bp(), 1..2_000_i64, vec((1..300_000_i64, bp(), 1..2_000_i64), 0..3));
    (rate, basis, kinds, (nights(), nights()), dates, of(1..=18_u8), any::<[bool; 3]>(), 0..3_u8).prop_map(
        |((is_share, bp, amount, mut steps), basis, applies_to, (max_nights, exempt), (from, to), age, [inclusive, later, host], compound_order)| {
            steps.sort_unstable();
            steps.dedup_by_key(|step| step.0);
            let by_guest = matches!(basis, TaxBasis::Guest | TaxBasis::GuestNight);
            let night = |at: i32| Night(FIRST + at);
            TaxRule {
                key: "tax".into(),
                name: "Tax".into(),
                bp: is_share.then_some(bp),
                amount: (!is_share).then_some(amount),
                basis,
                applies_to,
                inclusive,
                age_exempt_below: age.filter(|_| !is_share && by_guest),
                max_nights,
                exempt_if_nights_at_least: exempt,
                valid_from: from.map(night),
                valid_to: to.map(night),
                brackets: steps
                    .into_iter()
                    .map(|(from, bp, amount)| Bracket { from, bp: is_share.then_some(bp), amount: (!is_share).then_some(amount) })
                    .collect(),
                compound_order,
                remitted_by: if host || inclusive { Remitter::Host } else { Remitter::Platform },
                collected: if later { Collected::AtProperty } else { Collected::AtBooking },
            }
        },
    )
}

/// Plans that can be kept.
pub(crate) fn plan() -> impl Strategy<Value = Plan> {
    let weekend = of((1..128_u8, amount()).prop_map(|(days, price)| Weekend { days: Weekdays(days), price }));
    let los = vec((2..60_u16, off_bp()), 0..3).prop_map(|mut tiers| {
        tiers.sort_unstable();
        tiers.dedup_by_key(|tier| tier.0);
        tiers.into_iter().map(|(min_nights, off_bp)| LengthTier { min_nights, off_bp }).collect::<Vec<_>>()
    });
    let tiers =
        |days: std::ops::Range<u16>| of((days, off_bp())).prop_map(|tier| tier.into_iter().map(|(days, off_bp)| LeadTier { days, off_bp }).collect::<Vec<_>>());
    let lead = (tiers(60..200), tiers(0..30)).prop_map(|(early, last_minute)| Lead { early, last_minute });
    let extra = of((1..6_u16, 0..9_000_i64).prop_map(|(included, fee)| ExtraGuest { included, fee }));
    let own_tax = tax_rule().prop_map(|rule| TaxRule { remitted_by: Remitter::Host, ..rule });
    let kind = prop::sample::select(vec![InstalmentKind::Full, InstalmentKind::Deposit, InstalmentKind::Monthly]);
    let parts = of((kind, 1..10_000_u32, 0..90_u16).prop_map(|(kind, bp, days)| {
        let deposit = kind == InstalmentKind::Deposit;
        Instalments { kind, deposit_bp: deposit.then_some(bp), balance_days: deposit.then_some(days) }
    }));
    let unnamed = (weekend, vec(season(), 0..5), los, lead, extra, vec(fee(), 0..4), vec(own_tax, 0..2), of(off_bp()), parts);
    unnamed.prop_map(|(weekend, seasons, los, lead, extra_guest, mut fees, mut taxes, off, instalments)| {
        fees.iter_mut().enumerate().for_each(|(n, fee)| fee.key = format!("fee_{n}"));
        taxes.iter_mut().enumerate().for_each(|(n, rule)| rule.key = format!("own_{n}"));
        Plan { weekend, seasons, los, lead, extra_guest, fees, taxes, non_refundable: off.map(|off_bp| NonRefundable { off_bp }), deposit: None, instalments }
    })
}

pub(crate) fn days() -> impl Strategy<Value = Days> {
    vec((0..25_i32, 1..25_i32, prop_oneof![Just(0_i64), amount()]), 0..12).prop_map(|runs| {
        let mut from = FIRST;
        let mut overrides = Vec::new();
        for (gap, length, price) in runs {
            overrides.push(priced_days(Night(from + gap), Night(from + gap + length), price));
            from += gap + length;
        }
        Days { overrides, ..Days::default() }
    })
}

pub(crate) fn fee_model() -> impl Strategy<Value = FeeModel> {
    (prop_oneof![Just(0_u32), 1..3_000_u32], 0..3_000_u32, of(0..5_000_i64), of(0..50_000_i64)).prop_map(|(guest_bp, host_bp, guest_min, guest_max)| FeeModel {
        guest_bp,
        host_bp,
        guest_min,
        guest_max,
    })
}

/// Everything that decides prices.
#[derive(Debug, Clone)]
pub(crate) struct House {
    pub(crate) base: i64,
    pub(crate) plan: Plan,
    pub(crate) days: Days,
    pub(crate) fees: FeeModel,
    pub(crate) taxes: Vec<TaxRule>,
}

impl House {
    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms { base: self.base, plan: &self.plan, days: &self.days, fees: self.fees, taxes: &self.taxes }
    }
}

pub(crate) fn house() -> impl Strategy<Value = House> {
    let plan = prop_oneof![1 => Just(Plan::default()), 5 => plan()];
    (amount(), plan, days(), fee_model(), vec(tax_rule(), 0..3)).prop_map(|(base, plan, days, fees, taxes)| House { base, plan, days, fees, taxes })
}

pub(crate) fn stays() -> impl Strategy<Value = Stay> {
    (0..500_i32, prop_oneof![1..15_i32, 1..=365_i32]).prop_map(|(from, nights)| Stay::new(Night(FIRST + from), Night(FIRST + from + nights)).unwrap())
}

/// Up to eight guests and three pets, ages known or not.
pub(crate) fn guests() -> impl Strategy<Value = Guests> {
    (1..=4_u16, 0..=4_u16, 0..3_u16, 0..=3_u16, vec(0..20_u8, 0..4)).prop_map(|(adults, children, infants, pets, mut ages)| {
        ages.truncate(children.into());
        Guests::with_ages(Party { adults, children, infants, pets }, &ages)
    })
}

pub(crate) fn coupon() -> impl Strategy<Value = Option<Coupon<'static>>> {
    let off = prop_oneof![(bp(), of(amount())).prop_map(|(bp, most)| Off::Share { bp, most }), amount().prop_map(Off::Amount)];
    let funded_by = prop::sample::select(vec![Funder::Host, Funder::Platform]);
    of((off, funded_by).prop_map(|(off, funded_by)| Coupon { code: "CODE", off, funded_by }))
}
