//! What becomes of the money when a stay is called off: who keeps what, what goes back, what is not owed any more (C5 to C12).

use super::consequence::Settings;
use super::keeping::{Cause, Decision, Keeping, here, part_of};
use super::policy::Rules;
use super::room::turns;
use super::timeline::Arrival;
use crate::features::pricing::{ChargedTax, Collected, Keep, LineKind, Priced, Remitter, Split, percent, spread, taxes_kept};
use crate::platform::instance::hex;
use crate::values::Instant;
use crate::values::written::instant;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The key of the line that is the room.
const ROOM: &str = "room";

/// What a booking was confirmed with.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Those of the confirmation, whatever the listing says now.
    pub rules: &'a Rules,
    /// Where the stay lies now.
    pub arrival: Arrival<'a>,
    pub confirmed_at: Instant,
    /// What was agreed, in the order of the nights: one price, or several where a stay was made longer at other rates.
    pub prices: &'a [Priced],
    pub settings: &'a Settings,
}

impl Terms<'_> {
    /// What each night bears of the room.
    #[must_use]
    pub fn nights(&self) -> Vec<i64> {
        let nights: Vec<i64> = self.prices.iter().flat_map(|price| price.allocation.iter().copied()).collect();
        assert_eq!(nights.len(), usize::from(self.arrival.stay.nights()), "prices are for the nights of the stay");
        nights
    }
}

/// Minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PaidSoFar {
    pub captured: i64,
    /// Given back, or on its way back.
    pub refunded: i64,
}

/// What a line of an outcome is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    Room,
    Fee,
    ServiceFee,
    Tax,
    PlatformCoupon,
}

/// What was charged of one kind and what is kept of it, in minor units: the rest goes back, or is not owed any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutcomeLine {
    pub what: What,
    /// Of a fee or tax its key, of a coupon its code, else the name of the kind.
    pub key: String,
    pub name: String,
    /// Negative for coupons.
    pub charged: i64,
    pub kept: i64,
    /// Of taxes.
    pub remitted_by: Option<Remitter>,
    /// Contained in other lines, and not added.
    pub included: bool,
}

/// The next change for the worse.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Next {
    #[serde(with = "instant")]
    pub at: Instant,
    /// Whether the instant itself is still in time.
    pub in_time: bool,
}

/// All amounts in minor units. `kept.total() + refund + cancelled` is what was charged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub cause: Cause,
    /// What is paid at the property is not among them.
    pub lines: Vec<OutcomeLine>,
    pub kept: Split,
    /// What is given up: the reduction, with the platform's part of it in `promo`.
    pub back: Split,
    /// Goes back to the guest; never more than was paid.
    pub refund: i64,
    /// Was not paid yet and is not owed any more.
    pub cancelled: i64,
    /// Of `cancelled`, what would have been kept if it had been paid: nobody keeps more than was paid.
    pub waived: i64,
    /// The host's fee of what is kept, and what of it is given up (C8).
    pub host_fee: i64,
    pub host_fee_back: i64,
    /// What the host gets: the kept base without the fee, and the kept taxes that the host hands on.
    pub host_payout: i64,
    /// What the host owes for cancelling; `back` is none of it.
    pub penalty: i64,
    /// What each night bears of the kept room.
    pub room_by_night: Vec<i64>,
    pub spent_nights: u16,
    pub next: Option<Next>,
}

impl Outcome {
    /// SHA-256 of what would happen, whenever it would (C10): the same as long as nothing changes for anybody.
    pub fn hash(&self) -> serde_json::Result<String> {
        let timeless = Self { next: None, spent_nights: 0, ..self.clone() };
        Ok(hex(&Sha256::digest(serde_json::to_vec(&timeless)?)))
    }
}

/// What happens when a stay ends by `cause` at `at`. Unpaid instalments are given up first, then comes a refund (C7).
#[must_use]
pub fn outcome(terms: &Terms<'_>, cause: Cause, at: Instant, paid: &PaidSoFar) -> Outcome {
    let now = worked_out(terms, cause, at, paid);
    let later = turns(terms).into_iter().filter(|turn| *turn >= at);
    let differs = |turn: Instant| worked_out(terms, cause, turn, paid) != now;
    let next = later.map(|turn| (turn, Instant(turn.0.saturating_add(1)))).find(|(_, after)| differs(*after));
    let next = next.map(|(turn, _)| Next { at: turn, in_time: !differs(turn) });
    Outcome { next, spent_nights: super::room::spent(&terms.arrival, at), ..now }
}

/// Without what is for reading only.
fn worked_out(terms: &Terms<'_>, cause: Cause, at: Instant, paid: &PaidSoFar) -> Outcome {
    let mut sheet = Sheet::write(terms, &Keeping::of(terms, cause, at));
    let charged = sheet.split(|line| line.charged);
    let (total, held) = (charged.total(), (paid.captured - paid.refunded).max(0));
    let there = held.min(total);
    let most = match cause {
        Cause::Staff(Decision::Refund(asked)) => there - asked.clamp(0, there),
        _ => there,
    };
    let wanted = sheet.split(|line| line.kept).total();
    sheet.limit(most);
    let kept = sheet.split(|line| line.kept);
    let host_fee = sheet.bases.iter().map(|base| base.fee(base.kept)).sum();
    let charged_host_fee: i64 = sheet.bases.iter().map(|base| base.fee(base.charged)).sum();
    let back = charged.minus(&kept);
    let cancelled = total - there;
    let penalty = match (cause, &terms.settings.host_penalty) {
        (Cause::Host { excused: false }, Some(penalty)) => penalty.of(back.base, terms.arrival.days_before(0), at),
        _ => 0,
    };
    let refund = total - kept.total() - cancelled;
    assert!(refund >= 0 && cancelled >= 0 && refund <= held, "nobody gets back what was not paid (C7): {total} {held} {kept:?}");
    Outcome {
        cause,
        refund,
        cancelled,
        waived: (wanted - there).max(0),
        host_fee,
        host_fee_back: charged_host_fee - host_fee,
        host_payout: kept.base - host_fee + kept.to_host(),
        penalty,
        room_by_night: sheet.room_by_night,
        spent_nights: 0,
        next: None,
        lines: sheet.lines,
        kept,
        back,
    }
}

/// The base of one price, of which the host's fee is a share.
struct Base {
    charged: i64,
    kept: i64,
    bp: u32,
}

impl Base {
    fn fee(&self, base: i64) -> i64 {
        i64::try_from(percent(base.into(), self.bp)).unwrap_or(base)
    }
}

/// Lines under way.
struct Sheet {
    lines: Vec<OutcomeLine>,
    bases: Vec<Base>,
    room_by_night: Vec<i64>,
}

impl Sheet {
    fn write(terms: &Terms<'_>, keeping: &Keeping) -> Self {
        let mut sheet = Self { lines: Vec::new(), bases: Vec::new(), room_by_night: keeping.room.clone() };
        let (mut nights, mut fees, mut stayed) = (&keeping.room[..], &keeping.fees[..], usize::from(keeping.stayed));
        for (price, service_fee) in terms.prices.iter().zip(&keeping.service_fees) {
            let (its_nights, later) = nights.split_at(price.allocation.len());
            let count = price.lines.iter().filter(|line| line.kind == LineKind::Fee).count();
            let (its_fees, others) = fees.split_at(count);
            let its_stayed = stayed.min(its_nights.len());
            sheet.write_price(price, its_nights, its_fees, *service_fee);
            sheet.write_taxes(terms, price, its_nights, its_fees, *service_fee, its_stayed);
            (nights, fees, stayed) = (later, others, stayed - its_stayed);
        }
        sheet.write_coupons(terms.prices);
        sheet
    }

    fn write_price(&mut self, price: &Priced, nights: &[i64], fees: &[i64], service_fee: i64) {
        let room: i64 = nights.iter().sum();
        self.add(plain(What::Room, ROOM, "", price.room, room));
        let mut base = Base { charged: price.base, kept: room, bp: price.host_bp };
        let lines = price.lines.iter().filter(|line| line.kind == LineKind::Fee).zip(fees);
        for (line, kept) in lines.filter(|(line, _)| here(line)) {
            self.add(plain(What::Fee, &line.key, &line.name, line.amount, *kept));
            base.kept += kept;
        }
        self.add(plain(What::ServiceFee, LineKind::ServiceFee.code(), "", price.service_fee, service_fee));
        self.bases.push(base);
    }

    /// C6.
    fn write_taxes(&mut self, terms: &Terms<'_>, price: &Priced, nights: &[i64], fees: &[i64], service_fee: i64, stayed: usize) {
        let all = terms.settings.tax_on_retained;
        let none = vec![0; fees.len()];
        let keep = Keep {
            room: nights[..if all { nights.len() } else { stayed }].iter().sum(),
            fees: if all || stayed > 0 { fees } else { &none },
            service_fee,
            nights: 0..stayed,
        };
        let taxes = price.taxes.iter().zip(taxes_kept(price, &keep));
        for (tax, kept) in taxes.filter(|(tax, _)| tax.collected == Collected::AtBooking) {
            let ChargedTax { key, name, amount, included, .. } = tax;
            self.add(OutcomeLine { remitted_by: Some(tax.remitted_by), included: *included, ..plain(What::Tax, key, name, *amount, kept) });
        }
    }

    /// What the platform gave goes back to it in proportion, and is never paid out.
    fn write_coupons(&mut self, prices: &[Priced]) {
        let (charged, kept) = (self.split(|line| line.charged).gross(), self.split(|line| line.kept).gross());
        for line in prices.iter().flat_map(|price| &price.lines).filter(|line| line.kind == LineKind::PlatformCoupon) {
            self.add(plain(What::PlatformCoupon, &line.key, "", line.amount, -part_of(-line.amount, kept, charged)));
        }
    }

    /// Lines of one kind and key are one line.
    fn add(&mut self, line: OutcomeLine) {
        if line.charged == 0 {
            return;
        }
        let alike =
            |known: &&mut OutcomeLine| (known.what, &known.key, known.remitted_by, known.included) == (line.what, &line.key, line.remitted_by, line.included);
        match self.lines.iter_mut().find(alike) {
            Some(known) => {
                known.charged += line.charged;
                known.kept += line.kept;
            }
            None => self.lines.push(line),
        }
    }

    fn split(&self, amount: impl Fn(&OutcomeLine) -> i64) -> Split {
        let mut split = Split::default();
        for line in self.lines.iter().filter(|line| !line.included) {
            match line.what {
                What::Room | What::Fee => split.base += amount(line),
                What::ServiceFee => split.guest_fee += amount(line),
                What::Tax => split.add_tax(&line.key, line.remitted_by.unwrap_or(Remitter::Platform), amount(line)),
                What::PlatformCoupon => split.promo -= amount(line),
            }
        }
        split
    }

    /// Nobody keeps more than there is: every line gives up its part.
    fn limit(&mut self, most: i64) {
        let kept = self.split(|line| line.kept);
        let (total, gross) = (kept.total(), kept.gross());
        if total <= most {
            return;
        }
        let paid = |line: &OutcomeLine| !line.included && line.what != What::PlatformCoupon;
        let mut promo = 0;
        for line in self.lines.iter_mut().filter(|line| line.what == What::PlatformCoupon) {
            line.kept = -part_of(-line.kept, most, total);
            promo -= line.kept;
        }
        let weights: Vec<i64> = self.lines.iter().filter(|line| paid(line)).map(|line| line.kept).collect();
        let shares = spread(most + promo, &weights);
        self.lines.iter_mut().filter(|line| line.included).for_each(|line| line.kept = part_of(line.kept, most + promo, gross));
        self.lines.iter_mut().filter(|line| paid(line)).zip(shares).for_each(|(line, share)| line.kept = share);
        let sum = |what: &dyn Fn(What) -> bool| self.lines.iter().filter(|line| what(line.what)).map(|line| line.kept).sum::<i64>();
        let (room, base) = (sum(&|what| what == What::Room), sum(&|what| matches!(what, What::Room | What::Fee)));
        self.room_by_night = spread(room, &self.room_by_night);
        let bases: Vec<i64> = self.bases.iter().map(|base| base.kept).collect();
        self.bases.iter_mut().zip(spread(base, &bases)).for_each(|(base, kept)| base.kept = kept);
    }
}

fn plain(what: What, key: &str, name: &str, charged: i64, kept: i64) -> OutcomeLine {
    OutcomeLine { what, key: key.to_owned(), name: name.to_owned(), charged, kept, remitted_by: None, included: false }
}
