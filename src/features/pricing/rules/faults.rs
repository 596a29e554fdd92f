//! What is wrong with a plan or a tax before it is kept: every fault with its place, so that a form can show them all.

use super::arithmetic::WHOLE_BP;
use super::plan::{Fee, FeeScope, InstalmentKind, Plan, Season};
use super::tax::{Remitter, TaxBasis, TaxRule};
use crate::platform::error::FieldError;
use crate::values::{Deposit, DepositKind, Night, Stay};
use std::collections::BTreeSet;

/// Something that cannot be kept; `pointer` is a JSON pointer from the plan or the rule on, such as `/seasons/0/to`.
pub type Fault = FieldError;

/// Dearest night and highest amount: a thousand million euros.
const MOST_AMOUNT: i64 = 100_000_000_000;
const MOST_SEASONS: usize = 50;
const MOST_FEES: usize = 20;
const MOST_TAXES: usize = 20;
const MOST_TIERS: usize = 10;
const MOST_BRACKETS: usize = 20;
/// No discount reaches all of the price: a night costs something (P4).
const MOST_OFF_BP: u32 = 9_000;
const MOST_NAME: usize = 80;
const MOST_KEY: usize = 40;
const MOST_LEAD_DAYS: u16 = 1_095;
const MOST_ORDER: u8 = 9;
/// A deposit is at most so many times the base price of a night.
const DEPOSIT_NIGHTS: i64 = 100;

/// Everything that is wrong with a base price and a plan; empty when they can be kept.
#[must_use]
pub fn plan_faults(base: i64, plan: &Plan) -> Vec<Fault> {
    let mut found = Faults::default();
    found.price("/base_price", base);
    if let Some(weekend) = plan.weekend {
        found.price("/plan/weekend/price", weekend.price);
        found.check(weekend.days.0 & 0x7f != 0, "/plan/weekend/days", "out_of_range", "names at least one weekday");
    }
    found.count("/plan/seasons", plan.seasons.len(), MOST_SEASONS);
    for (n, season) in plan.seasons.iter().take(MOST_SEASONS).enumerate() {
        found.season(&format!("/plan/seasons/{n}"), season);
    }
    found.discounts(plan);
    if let Some(extra) = plan.extra_guest {
        found.range("/plan/extra_guest/included", extra.included.into(), 1, 100);
        found.amount("/plan/extra_guest/fee", extra.fee);
    }
    found.count("/plan/fees", plan.fees.len(), MOST_FEES);
    for (n, fee) in plan.fees.iter().take(MOST_FEES).enumerate() {
        found.fee(&format!("/plan/fees/{n}"), fee);
    }
    found.unique("/plan/fees", plan.fees.iter().map(|fee| fee.key.as_str()));
    found.count("/plan/taxes", plan.taxes.len(), MOST_TAXES);
    for (n, rule) in plan.taxes.iter().take(MOST_TAXES).enumerate() {
        let at = format!("/plan/taxes/{n}");
        found.tax(&at, rule);
        found.check(rule.remitted_by == Remitter::Host, &format!("{at}/remitted_by"), "out_of_range", "of a host's own tax is `host`");
    }
    found.unique("/plan/taxes", plan.taxes.iter().map(|rule| rule.key.as_str()));
    found.instalments(plan);
    if let Some(deposit) = plan.deposit {
        found.deposit(base, deposit);
    }
    found.0
}

/// Everything that is wrong with a tax rule, pointers beginning at the rule.
#[must_use]
pub fn tax_faults(rule: &TaxRule) -> Vec<Fault> {
    let mut found = Faults::default();
    found.tax("", rule);
    found.0
}

#[derive(Default)]
struct Faults(Vec<Fault>);

impl Faults {
    fn check(&mut self, holds: bool, pointer: &str, code: &'static str, message: &str) {
        if !holds {
            self.0.push(Fault { pointer: pointer.to_owned(), code, message: message.to_owned() });
        }
    }

    fn range(&mut self, pointer: &str, value: i64, least: i64, most: i64) {
        self.check((least..=most).contains(&value), pointer, "out_of_range", &format!("is {least} to {most}"));
    }

    /// Of a night: it costs something.
    fn price(&mut self, pointer: &str, price: i64) {
        self.range(pointer, price, 1, MOST_AMOUNT);
    }

    fn amount(&mut self, pointer: &str, amount: i64) {
        self.range(pointer, amount, 0, MOST_AMOUNT);
    }

    fn bp(&mut self, pointer: &str, bp: u32, most: u32) {
        self.range(pointer, bp.into(), 0, most.into());
    }

    fn off(&mut self, pointer: &str, bp: u32) {
        self.range(pointer, bp.into(), 1, MOST_OFF_BP.into());
    }

    fn nights(&mut self, pointer: &str, nights: Option<u16>) {
        self.range(pointer, nights.unwrap_or(1).into(), 1, Stay::MAX_NIGHTS.into());
    }

    fn count(&mut self, pointer: &str, count: usize, most: usize) {
        self.check(count <= most, pointer, "out_of_range", &format!("has at most {most} entries"));
    }

    fn name(&mut self, pointer: &str, name: &str) {
        let fits = !name.trim().is_empty() && name.chars().count() <= MOST_NAME && !name.chars().any(char::is_control);
        self.check(fits, pointer, "invalid_text", &format!("is 1 to {MOST_NAME} characters without control characters"));
    }

    fn key(&mut self, pointer: &str, key: &str) {
        let fits = (1..=MOST_KEY).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        self.check(fits, pointer, "invalid_text", &format!("is 1 to {MOST_KEY} small letters, digits and underscores"));
    }

    fn unique<'a>(&mut self, list: &str, keys: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for (n, key) in keys.enumerate() {
            self.check(seen.insert(key), &format!("{list}/{n}/key"), "out_of_range", "is used twice");
        }
    }

    fn dates(&mut self, pointer: &str, from: Option<Night>, to: Option<Night>) {
        let ordered = from.zip(to).is_none_or(|(from, to)| from < to);
        self.check(ordered, pointer, "invalid_dates", "comes after the first night; it is the first that does not count");
    }

    fn season(&mut self, at: &str, season: &Season) {
        self.name(&format!("{at}/name"), &season.name);
        self.dates(&format!("{at}/to"), Some(season.from), Some(season.to));
        self.range(&format!("{at}/priority"), season.priority.into(), -1_000, 1_000);
        if let Some(price) = season.price {
            self.price(&format!("{at}/price"), price);
        }
        self.nights(&format!("{at}/min_nights"), season.min_nights);
        self.nights(&format!("{at}/max_nights"), season.max_nights);
        let ordered = season.min_nights.zip(season.max_nights).is_none_or(|(least, most)| least <= most);
        self.check(ordered, &format!("{at}/max_nights"), "out_of_range", "is at least `min_nights`");
    }

    fn discounts(&mut self, plan: &Plan) {
        self.count("/plan/los", plan.los.len(), MOST_TIERS);
        for (n, tier) in plan.los.iter().take(MOST_TIERS).enumerate() {
            self.range(&format!("/plan/los/{n}/min_nights"), tier.min_nights.into(), 2, Stay::MAX_NIGHTS.into());
            self.off(&format!("/plan/los/{n}/off_bp"), tier.off_bp);
            let again = plan.los[..n].iter().any(|other| other.min_nights == tier.min_nights);
            self.check(!again, &format!("/plan/los/{n}/min_nights"), "out_of_range", "is used twice");
        }
        for (list, tiers) in [("/plan/lead/early", &plan.lead.early), ("/plan/lead/last_minute", &plan.lead.last_minute)] {
            self.count(list, tiers.len(), MOST_TIERS);
            for (n, tier) in tiers.iter().take(MOST_TIERS).enumerate() {
                self.range(&format!("{list}/{n}/days"), tier.days.into(), 0, MOST_LEAD_DAYS.into());
                self.off(&format!("{list}/{n}/off_bp"), tier.off_bp);
                let again = tiers[..n].iter().any(|other| other.days == tier.days);
                self.check(!again, &format!("{list}/{n}/days"), "out_of_range", "is used twice");
            }
        }
        let latest = plan.lead.last_minute.iter().map(|tier| tier.days).max();
        for (n, tier) in plan.lead.early.iter().take(MOST_TIERS).enumerate() {
            let apart = latest.is_none_or(|latest| tier.days > latest);
            self.check(apart, &format!("/plan/lead/early/{n}/days"), "out_of_range", "is more than those of every last-minute discount");
        }
        if let Some(offer) = plan.non_refundable {
            self.off("/plan/non_refundable/off_bp", offer.off_bp);
        }
    }

    fn fee(&mut self, at: &str, fee: &Fee) {
        self.key(&format!("{at}/key"), &fee.key);
        self.name(&format!("{at}/name"), &fee.name);
        let by_share = fee.scope == FeeScope::PercentAccommodation;
        let wanted = if by_share { fee.bp.is_some() && fee.amount.is_none() } else { fee.amount.is_some() && fee.bp.is_none() };
        let message = if by_share { "is given as `bp`, without an `amount`" } else { "is given as `amount`, without `bp`" };
        self.check(wanted, &format!("{at}/{}", if by_share { "bp" } else { "amount" }), "out_of_range", message);
        self.amount(&format!("{at}/amount"), fee.amount.unwrap_or(0));
        self.bp(&format!("{at}/bp"), fee.bp.unwrap_or(0), WHOLE_BP);
        if let Some(reduced) = fee.reduced {
            self.check(fee.scope == FeeScope::PerStay, &format!("{at}/reduced"), "out_of_range", "is for fees per stay");
            self.nights(&format!("{at}/reduced/up_to_nights"), Some(reduced.up_to_nights));
            self.amount(&format!("{at}/reduced/amount"), reduced.amount);
        }
    }

    fn tax(&mut self, at: &str, rule: &TaxRule) {
        self.key(&format!("{at}/key"), &rule.key);
        self.name(&format!("{at}/name"), &rule.name);
        let is_share = rule.bp.is_some();
        self.check(is_share != rule.amount.is_some(), &format!("{at}/bp"), "out_of_range", "or `amount` is given, one of the two");
        self.bp(&format!("{at}/bp"), rule.bp.unwrap_or(0), WHOLE_BP);
        self.amount(&format!("{at}/amount"), rule.amount.unwrap_or(0));
        self.check(!is_share || !rule.applies_to.is_empty(), &format!("{at}/applies_to"), "out_of_range", "names at least one kind of line");
        let by_guest = matches!(rule.basis, TaxBasis::Guest | TaxBasis::GuestNight);
        if let Some(age) = rule.age_exempt_below {
            self.check(!is_share && by_guest, &format!("{at}/age_exempt_below"), "out_of_range", "is for amounts by guest");
            self.range(&format!("{at}/age_exempt_below"), age.into(), 1, 18);
        }
        self.nights(&format!("{at}/max_nights"), rule.max_nights);
        self.nights(&format!("{at}/exempt_if_nights_at_least"), rule.exempt_if_nights_at_least);
        self.dates(&format!("{at}/valid_to"), rule.valid_from, rule.valid_to);
        self.range(&format!("{at}/compound_order"), rule.compound_order.into(), 0, MOST_ORDER.into());
        self.brackets(&format!("{at}/brackets"), rule);
        // What prices contain is in the host's payout already, and the platform has nothing to hand on.
        let with_host = !rule.inclusive || rule.remitted_by == Remitter::Host;
        self.check(with_host, &format!("{at}/remitted_by"), "out_of_range", "of an inclusive tax is `host`");
    }

    fn brackets(&mut self, list: &str, rule: &TaxRule) {
        self.count(list, rule.brackets.len(), MOST_BRACKETS);
        for (n, bracket) in rule.brackets.iter().take(MOST_BRACKETS).enumerate() {
            self.price(&format!("{list}/{n}/from"), bracket.from);
            let ascends = n == 0 || rule.brackets[n - 1].from < bracket.from;
            self.check(ascends, &format!("{list}/{n}/from"), "out_of_range", "is more than that of the bracket before");
            let alike = bracket.bp.is_some() == rule.bp.is_some() && bracket.amount.is_some() == rule.amount.is_some();
            self.check(alike, &format!("{list}/{n}"), "out_of_range", "has `bp` or `amount`, as the rule itself");
            self.bp(&format!("{list}/{n}/bp"), bracket.bp.unwrap_or(0), WHOLE_BP);
            self.amount(&format!("{list}/{n}/amount"), bracket.amount.unwrap_or(0));
        }
    }

    /// No more than a hundred nights: whoever asks for more does not want guests.
    fn deposit(&mut self, base: i64, deposit: Deposit) {
        if deposit.kind == DepositKind::ClaimOnly {
            self.check(deposit.amount.is_none(), "/plan/deposit/amount", "out_of_range", "is for deposits that are left");
        } else {
            let most = base.saturating_mul(DEPOSIT_NIGHTS).clamp(1, Deposit::LARGEST);
            self.range("/plan/deposit/amount", deposit.amount.unwrap_or(0), 1, most);
        }
        if let Some(days) = deposit.days_before {
            let (least, most) = Deposit::DAYS_BEFORE;
            self.range("/plan/deposit/days_before", days.into(), least.into(), most.into());
            self.check(deposit.kind == DepositKind::ChargeRefund, "/plan/deposit/days_before", "out_of_range", "is for deposits that are charged");
        }
    }

    fn instalments(&mut self, plan: &Plan) {
        let Some(chosen) = plan.instalments else { return };
        if chosen.kind == InstalmentKind::Deposit {
            self.range("/plan/instalments/deposit_bp", chosen.deposit_bp.unwrap_or(0).into(), 1, i64::from(WHOLE_BP) - 1);
            self.range("/plan/instalments/balance_days", chosen.balance_days.map_or(-1, i64::from), 0, MOST_LEAD_DAYS.into());
        } else {
            let alone = chosen.deposit_bp.is_none() && chosen.balance_days.is_none();
            self.check(alone, "/plan/instalments/deposit_bp", "out_of_range", "and `balance_days` are for deposits");
        }
    }
}
