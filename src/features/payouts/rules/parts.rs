//! Which part of a stay is released when (M5): all of it after check-in; of long stays, each thirty nights after their first.

use crate::features::bookings::Earned;
use crate::features::ledger::{self, Split};

/// Nights from which on a stay is released in parts, and how many nights a part has.
const LONG_NIGHTS: i64 = 28;
const PART_NIGHTS: i64 = 30;

/// A part of a stay, in nights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Its first night, counted from check-in.
    pub first: i64,
    pub nights: i64,
    /// Nights that have not been released, these included.
    pub left: i64,
}

/// The next part of a stay of `nights` nights of which `times` parts are released. Of a stay that was called off, what is kept is one part.
#[must_use]
pub fn next(nights: u16, times: u32, called_off: bool) -> Part {
    let nights = i64::from(nights);
    let first = i64::from(times).saturating_mul(PART_NIGHTS);
    if called_off || nights < LONG_NIGHTS || first >= nights {
        return Part { first: 0, nights, left: nights };
    }
    let left = nights - first;
    Part { first, nights: left.min(PART_NIGHTS), left }
}

/// What of `earned` goes with this part, and the host's fee of it; the last part takes what is left of everything.
///
/// Where less is held than was promised (something was given back since) the fee shrinks with it.
#[must_use]
pub fn share(earned: &Earned, part: Part) -> (Split, i64) {
    let split = earned.held.part(part.nights, part.left);
    let base = earned.held.base.saturating_add(earned.given_base).max(0);
    let fee = if base < earned.base { ledger::part(earned.host_fee, base, earned.base) } else { earned.host_fee };
    let left = (fee - earned.given_fee).max(0);
    let fee = if earned.held.base == 0 { 0 } else { ledger::part(left, split.base, earned.held.base) };
    let fee = fee.clamp(0, split.base);
    (split, fee)
}

/// Whether what stays behind covers what the guest has not paid: only what was paid for is released.
#[must_use]
pub fn is_paid_for(earned: &Earned, split: &Split, unpaid: i64) -> bool {
    earned.held.gross() - split.gross() >= unpaid
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::ledger::TaxShare;
    use proptest::prelude::*;

    #[test]
    fn long_stays_have_parts_of_thirty_nights() {
        let part = |first, nights, left| Part { first, nights, left };
        for (nights, times, called_off, expected) in [
            (1, 0, false, part(0, 1, 1)),
            (27, 0, false, part(0, 27, 27)),
            (28, 0, false, part(0, 28, 28)),
            (30, 0, false, part(0, 30, 30)),
            (31, 0, false, part(0, 30, 31)),
            (31, 1, false, part(30, 1, 1)),
            (90, 1, false, part(30, 30, 60)),
            (90, 2, false, part(60, 30, 30)),
            (90, 3, false, part(0, 90, 90)),
            (90, 1, true, part(0, 90, 90)),
            (3, 1, false, part(0, 3, 3)),
        ] {
            assert_eq!(next(nights, times, called_off), expected, "{nights} {times} {called_off}");
        }
    }

    fn stay(base: i64, guest_fee: i64, taxes: &[i64], host_fee: i64) -> Earned {
        let tax = |(n, amount): (usize, &i64)| TaxShare { tax: format!("t{n}"), amount: *amount, to_host: n == 1 };
        let held = Split { base, guest_fee, taxes: taxes.iter().enumerate().map(tax).collect(), promo: 0 };
        Earned { host_fee, base, held, times: 0, given_base: 0, given_fee: 0 }
    }

    #[test]
    fn what_is_not_paid_for_stays() {
        let earned = stay(3_100, 0, &[], 93);
        let (first, fee) = share(&earned, next(31, 0, false));
        assert_eq!((first.base, fee), (3_000, 90));
        assert!(is_paid_for(&earned, &first, 100) && !is_paid_for(&earned, &first, 101));
        assert!(is_paid_for(&earned, &earned.held, 0) && !is_paid_for(&earned, &earned.held, 1));
    }

    #[test]
    fn less_is_held_and_the_fee_shrinks() {
        let mut earned = stay(10_000, 0, &[], 300);
        earned.held.base = 5_000;
        assert_eq!(share(&earned, next(3, 0, false)).1, 150);
    }

    proptest! {
        /// However long the stay, its parts are the whole, and the host's fee is what was promised.
        #[test]
        fn the_parts_are_the_whole(
            nights in 1_u16..200, base in 0_i64..10_000_000, guest_fee in 0_i64..1_000_000,
            taxes in proptest::collection::vec(0_i64..500_000, 0..4), fee_bp in 0_i64..=10_000,
        ) {
            let host_fee = base * fee_bp / 10_000;
            let whole = stay(base, guest_fee, &taxes, host_fee);
            let (mut earned, mut got, mut fees) = (whole.clone(), Split { taxes: whole.held.part(0, 1).taxes, ..Split::default() }, 0);
            while earned.held.gross() > 0 {
                let (split, fee) = share(&earned, next(nights, earned.times, false));
                prop_assert!(fee >= 0 && fee <= split.base);
                got.base += split.base;
                got.guest_fee += split.guest_fee;
                got.taxes.iter_mut().zip(&split.taxes).for_each(|(sum, tax)| sum.amount += tax.amount);
                fees += fee;
                earned.held = earned.held.without(&split);
                earned.times += 1;
                earned.given_base += split.base;
                earned.given_fee += fee;
                prop_assert!(earned.times <= 7);
            }
            prop_assert_eq!(got, whole.held);
            prop_assert_eq!(fees, host_fee);
        }
    }
}
