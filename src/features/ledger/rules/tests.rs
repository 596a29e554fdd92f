//! The books of whole stays, on the figures of docs/RULES.md (P21 and C9), and of stays made up by chance.

use super::*;
use crate::values::{BookingId, Currency, UserId};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

/// Books in memory.
#[derive(Default)]
struct Books(BTreeMap<Account, i64>);

impl Books {
    fn post(&mut self, entry: &Entry) -> &mut Self {
        assert_eq!(entry.check(), Ok(()), "{entry:?}");
        for posting in &entry.postings {
            *self.0.entry(posting.account.clone()).or_default() += posting.amount;
        }
        assert_eq!(self.0.values().sum::<i64>(), 0);
        self
    }

    fn on(&self, account: &Account) -> i64 {
        self.0.get(account).copied().unwrap_or(0)
    }

    /// Everything that is of one booking is done with.
    fn expect_closed(&self) {
        let open: Vec<_> = self.0.iter().filter(|(account, held)| matches!(account.owner(), Owner::Booking(_)) && **held != 0).collect();
        assert!(open.is_empty(), "{open:?}");
    }

    fn expect(&self, expected: &[(Account, i64)]) {
        for (account, held) in expected {
            assert_eq!(self.on(account), *held, "{account}");
        }
    }
}

fn eur() -> Currency {
    Currency::parse("EUR").unwrap()
}

fn booking() -> BookingId {
    BookingId(Uuid::from_u128(1))
}

fn host() -> UserId {
    UserId(Uuid::from_u128(2))
}

fn payer() -> Payer<'static> {
    Payer { booking: booking(), payment: Uuid::from_u128(3), provider: "sandbox", currency: eur() }
}

fn tax(name: &str, amount: i64) -> TaxShare {
    TaxShare { tax: name.into(), amount, to_host: false }
}

/// P21: a week for three, 1,051.32 EUR.
fn p21() -> Split {
    Split { base: 83_100, guest_fee: 9_972, taxes: vec![tax("vat", 8_310), tax("city", 3_750)], promo: 0 }
}

fn psp() -> Account {
    Account::Psp("sandbox".into())
}

/// Confirmed and paid.
fn paid(split: &Split) -> Books {
    let mut books = Books::default();
    books.post(&confirmed(booking(), eur(), split)).post(&captured(&payer(), split.owed()));
    assert_eq!(books.on(&psp()), split.owed());
    books
}

fn pay_out(books: &mut Books) {
    let (payout, due) = (Uuid::from_u128(9), -books.on(&Account::HostPayable(host())));
    books.post(&payout_sent(payout, host(), eur(), due)).post(&payout_paid(payout, Some("sandbox"), eur(), due));
    assert_eq!(books.on(&Account::PayoutTransit(payout)), 0);
}

/// Cancelled with `kept` kept, refunded, the rest released and paid out.
fn cancelled_with(kept: &Split, host_fee: i64) -> (Books, i64) {
    let (split, mut books) = (p21(), paid(&p21()));
    let back = split.without(kept);
    books.post(&cancelled(booking(), eur(), &back, 0));
    let refund = -books.on(&Account::RefundPayable(booking()));
    books.post(&refunded(&payer(), Uuid::from_u128(4), refund));
    if kept.gross() > 0 {
        books.post(&released(booking(), 0, host(), eur(), kept, host_fee));
    }
    (books, refund)
}

#[test]
fn a_full_stay() {
    let mut books = paid(&p21());
    books.post(&provider_fee(&payer(), "fee", 1_602)).post(&released(booking(), 0, host(), eur(), &p21(), 2_493));
    books.expect_closed();
    assert_eq!(books.on(&Account::HostPayable(host())), -80_607);
    pay_out(&mut books);
    let remitted = tax_remitted("vat", "2026-06", eur(), 8_310, None);
    books.post(&remitted);
    books.expect(&[
        (Account::RevGuestFee, -9_972),
        (Account::RevHostFee, -2_493),
        (Account::ExpPsp, 1_602),
        (Account::TaxPayable("vat".into()), 0),
        (Account::TaxPayable("city".into()), -3_750),
        (Account::OfflineCash, -8_310),
        (psp(), 105_132 - 1_602 - 80_607),
        (Account::HostPayable(host()), 0),
    ]);
}

#[test]
fn cancelled_late_under_the_flexible_policy() {
    let kept = Split { base: 10_493, guest_fee: 9_972, taxes: vec![tax("vat", 1_049), tax("city", 0)], promo: 0 };
    let (mut books, refund) = cancelled_with(&kept, 315);
    assert_eq!((refund, books.on(&Account::HostPayable(host()))), (83_618, -10_178));
    books.expect_closed();
    pay_out(&mut books);
    books.expect(&[(psp(), 105_132 - 83_618 - 10_178), (Account::TaxPayable("vat".into()), -1_049), (Account::RevGuestFee, -9_972)]);
}

#[test]
fn everything_goes_back() {
    let (books, refund) = cancelled_with(&Split::default(), 0);
    assert_eq!(refund, 105_132);
    books.expect_closed();
    assert!(books.0.values().all(|held| *held == 0), "{:?}", books.0);
}

#[test]
fn half_goes_back_under_the_firm_policy() {
    let kept = Split { base: 38_550, guest_fee: 9_972, taxes: vec![tax("vat", 3_855), tax("city", 0)], promo: 0 };
    let (books, refund) = cancelled_with(&kept, 1_157);
    assert_eq!((refund, books.on(&Account::HostPayable(host()))), (52_755, -37_393));
    books.expect_closed();
}

#[test]
fn a_refund_after_the_release() {
    let mut books = paid(&p21());
    books.post(&released(booking(), 0, host(), eur(), &p21(), 2_493));
    pay_out(&mut books);
    // Half of the stay, when the host has been paid: the host owes it.
    let back = Split { base: 41_550, guest_fee: 4_986, taxes: vec![tax("vat", 4_155)], promo: 0 };
    let payable = -books.on(&Account::HostPayable(host()));
    books.post(&refunded_late(booking(), "1", host(), eur(), &back, 1_246, payable)).post(&refunded(&payer(), Uuid::from_u128(5), back.owed()));
    books.expect_closed();
    books.expect(&[
        (Account::HostReceivable(host()), 40_304),
        (Account::RevHostFee, -(2_493 - 1_246)),
        (Account::RevGuestFee, -4_986),
        (Account::TaxPayable("vat".into()), -4_155),
    ]);
    // What comes next for that host pays it.
    books.post(&claim_charged(&Payer { payment: Uuid::from_u128(6), ..payer() }, host(), 50_000));
    books.post(&netted(Uuid::from_u128(7), host(), eur(), 40_304));
    books.expect(&[(Account::HostReceivable(host()), 0), (Account::HostPayable(host()), -9_696)]);
}

#[test]
fn a_coupon_of_the_platform_is_not_paid_out() {
    let split = Split { promo: 10_000, ..p21() };
    let mut books = paid(&split);
    let back = Split { promo: promo_back(10_000, 52_566, split.gross()), base: 41_550, guest_fee: 4_986, taxes: vec![tax("vat", 4_155), tax("city", 1_875)] };
    assert_eq!((back.gross(), back.promo), (52_566, 5_000));
    books.post(&cancelled(booking(), eur(), &back, 0));
    books.expect(&[(Account::ExpPromo, 5_000), (Account::RefundPayable(booking()), -47_566)]);
}

#[test]
fn what_is_not_paid_yet_is_not_refunded() {
    let (split, mut books) = (p21(), Books::default());
    books.post(&confirmed(booking(), eur(), &split)).post(&captured(&payer(), 52_566)).post(&cancelled(booking(), eur(), &split, 52_566));
    books.expect(&[(Account::GuestReceivable(booking()), 0), (Account::RefundPayable(booking()), -52_566)]);
}

#[test]
fn alterations_go_both_ways() {
    let (before, mut books) = (p21(), paid(&p21()));
    let longer = Split { base: 93_100, guest_fee: 11_172, taxes: vec![tax("vat", 9_310), tax("city", 3_000)], promo: 500 };
    let up = altered(booking(), Uuid::from_u128(1), eur(), &before, &longer, 0);
    assert_eq!((up.kind, up.on(&Account::GuestReceivable(booking()))), (EntryKind::AlteredUp, longer.owed() - before.owed()));
    books.post(&up);
    let unpaid = books.on(&Account::GuestReceivable(booking()));
    let down = altered(booking(), Uuid::from_u128(2), eur(), &longer, &before, unpaid);
    assert_eq!(down.kind, EntryKind::AlteredDown);
    books.post(&down);
    books.expect(&[
        (Account::StayEscrow(booking()), -83_100),
        (Account::GuestReceivable(booking()), 0),
        (Account::RefundPayable(booking()), 0),
        (Account::ExpPromo, 0),
    ]);
    assert!(altered(booking(), Uuid::from_u128(3), eur(), &before, &before, 0).is_empty());
}

#[test]
fn deposits_claims_and_disputes() {
    let guest = UserId(Uuid::from_u128(8));
    let (mut books, deposit) = (paid(&p21()), Payer { payment: Uuid::from_u128(31), ..payer() });
    books.post(&deposit_charged(&deposit, 20_000)).post(&claim_from_deposit(booking(), Uuid::from_u128(32), host(), eur(), 5_000));
    books.post(&deposit_released(booking(), "rest", eur(), 15_000)).post(&refunded(&deposit, Uuid::from_u128(33), 15_000));
    books.post(&dispute_opened(&payer(), "dp_1", 105_132, 1_500));
    books.expect(&[(Account::DisputeSuspense(booking()), 105_132), (psp(), 5_000 - 1_500)]);
    books.post(&dispute_won(&payer(), "dp_1", 105_132));
    books.post(&dispute_opened(&payer(), "dp_2", 105_132, 0)).post(&dispute_lost(&payer(), "dp_2", 105_132, host(), 80_607));
    books.expect(&[(Account::HostReceivable(host()), 80_607), (Account::ExpChargeback, 24_525)]);
    books.post(&goodwill("1", eur(), 700, To::Credit(guest)));
    let other = BookingId(Uuid::from_u128(40));
    books.post(&confirmed(other, eur(), &Split { base: 1_000, ..Split::default() })).post(&credit_used(other, "1", guest, eur(), 700));
    books.post(&paid_offline(other, "1", eur(), 200, Payee::Platform)).post(&paid_offline(other, "2", eur(), 100, Payee::Host(host())));
    books.expect(&[(Account::GuestCredit(guest), 0), (Account::GuestReceivable(other), 0), (Account::OfflineCash, 200)]);
    books.post(&cancelled(other, eur(), &Split { base: 1_000, ..Split::default() }, 0)).post(&credit_returned(other, "1", guest, eur(), 700));
    books.post(&goodwill("2", eur(), 50, To::Refund(other)));
    books.expect(&[(Account::RefundPayable(other), -350), (Account::GuestCredit(guest), -700)]);
    books.post(&penalty(booking(), host(), eur(), 6_000, 5_000));
    books.expect(&[(Account::HostPayable(host()), 0), (Account::HostReceivable(host()), 81_707), (Account::RevPenalty, -6_000)]);
}

#[test]
fn a_reversal_takes_everything_back() {
    let mut books = paid(&p21());
    let before = books.0.clone();
    let wrong = released(booking(), 0, host(), eur(), &p21(), 2_493);
    books.post(&wrong);
    let recorded = Recorded { id: Uuid::from_u128(50), number: None, at: crate::values::Instant(1), entry: wrong };
    let back = reversal(&recorded, "released twice");
    assert_eq!((back.reverses, back.source.as_str()), (Some(recorded.id), "entry:00000000-0000-0000-0000-000000000032:reversed"));
    books.post(&back);
    books.0.retain(|account, _| before.contains_key(account));
    assert_eq!(books.0, before);
}

#[test]
fn amounts_below_zero_are_refused() {
    let bad = Split { base: 100, promo: 200, ..Split::default() };
    for entry in [
        confirmed(booking(), eur(), &bad),
        captured(&payer(), -5),
        refunded(&payer(), Uuid::nil(), i64::MIN),
        cancelled(booking(), eur(), &Split { base: -5, ..Split::default() }, 0),
        released(booking(), 0, host(), eur(), &Split { base: 5, ..Split::default() }, 6),
        payout_sent(Uuid::nil(), host(), eur(), i64::MAX),
        dispute_lost(&payer(), "x", 5, host(), 6),
    ] {
        assert_eq!(entry.check(), Err(Unfit::Amount), "{entry:?}");
        assert!(!entry.is_empty());
    }
    assert!(captured(&payer(), 0).is_empty() && captured(&payer(), 0).check() == Err(Unfit::Empty));
}

fn any_split() -> impl Strategy<Value = Split> {
    let taxes = proptest::collection::vec((0..4_usize, 0..1_000_000_i64, any::<bool>()), 0..4);
    (0..1_000_000_000_i64, 0..100_000_000_i64, taxes, 0..=10_000_i64).prop_map(|(base, guest_fee, taxes, share)| {
        let taxes = taxes.into_iter().map(|(n, amount, to_host)| TaxShare { tax: format!("t{n}"), amount, to_host }).collect();
        let split = Split { base, guest_fee, taxes, promo: 0 };
        Split { promo: part(split.gross(), share, 10_001), ..split }
    })
}

proptest! {
    /// A stay of any length, some of it given up, some of it given back later, all else released in blocks.
    #[test]
    fn any_stay_ends_at_nothing(split in any_split(), paid_share in 0..=100_i64, kept_share in 0..=100_i64, nights in 1..200_i64, fee_bp in 0..=3_000_i64, late_share in 0..=100_i64) {
        prop_assume!(split.gross() > 0);
        let mut books = Books::default();
        let mut post = |entry: Entry| if !entry.is_empty() { books.post(&entry); };
        post(confirmed(booking(), eur(), &split));
        let paid = part(split.owed(), paid_share, 100);
        post(captured(&payer(), paid));
        // Cancelled in part: what is kept is a share of everything, the coupon in proportion.
        let mut kept = split.part(kept_share, 100);
        let mut back = split.without(&kept);
        back.promo = promo_back(split.promo, back.gross(), split.gross());
        kept.promo = split.promo - back.promo;
        prop_assert!(back.promo <= back.gross() && kept.promo <= kept.gross(), "{back:?} {kept:?}");
        let unpaid = split.owed() - paid;
        post(cancelled(booking(), eur(), &back, unpaid));
        let refund = (back.owed() - unpaid).max(0);
        prop_assert!(refund <= paid, "never more than was paid");
        post(refunded(&payer(), Uuid::from_u128(4), refund));
        // What is still owed is paid before check-in.
        post(captured(&Payer { payment: Uuid::from_u128(5), ..payer() }, (unpaid - back.owed()).max(0)));
        let (mut held, mut fee, mut left, mut number) = (kept.clone(), part(kept.base, fee_bp, 10_000), nights, 0);
        while left > 0 {
            let block = left.min(30);
            let (now, now_fee) = (held.part(block, left), part(fee, block, left));
            post(released(booking(), number, host(), eur(), &now, now_fee.min(now.base)));
            (held, fee, left, number) = (held.without(&now), fee - now_fee.min(now.base), left - block, number + 1);
        }
        prop_assert_eq!((held.gross(), fee), (0, 0));
        let host_fee = part(kept.base, fee_bp, 10_000);
        // And some of it back after all.
        let mut late = kept.part(late_share, 100);
        late.promo = promo_back(kept.promo, late.gross(), kept.gross());
        let late_fee = part(host_fee, late_share, 100).min(late.base);
        let payable = part(kept.base, 1, 2);
        post(refunded_late(booking(), "late", host(), eur(), &late, late_fee, payable));
        post(refunded(&payer(), Uuid::from_u128(6), late.owed()));
        books.expect_closed();
        prop_assert_eq!(books.on(&psp()), split.owed() - back.owed() - late.owed());
        prop_assert_eq!(books.on(&Account::ExpPromo), kept.promo - late.promo);
    }
}

#[test]
fn a_deposit_that_the_bank_keeps_is_not_owed_any_more() {
    let (mut books, deposit) = (paid(&p21()), Payer { payment: Uuid::from_u128(31), ..payer() });
    books.post(&deposit_charged(&deposit, 20_000)).post(&claim_from_deposit(booking(), Uuid::from_u128(32), host(), eur(), 5_000));
    books.post(&dispute_opened(&deposit, "dp_3", 20_000, 0)).post(&deposit_lost(&deposit, "dp_3", 20_000, 15_000));
    books.expect(&[(Account::DepositHeld(booking()), 0), (Account::DisputeSuspense(booking()), 0), (Account::ExpChargeback, 5_000)]);
    assert_eq!(deposit_lost(&deposit, "dp_4", 20_000, -5).on(&Account::ExpChargeback), 20_000);
}
