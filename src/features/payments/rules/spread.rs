//! How a refund is spread over what was paid.

use crate::values::PaymentId;

/// What can still go back of a payment: what was taken, less what went back or is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Left {
    pub payment: PaymentId,
    pub amount: i64,
}

/// Spreads `amount` over `left`, which stands newest first: a guest who paid in instalments is given back the last one first, whose card is the
/// most likely to still be theirs. `None`: there is not so much.
#[must_use]
pub fn spread(left: &[Left], amount: i64) -> Option<Vec<Left>> {
    let mut rest = amount;
    let mut parts = Vec::new();
    for one in left {
        let part = one.amount.min(rest);
        if part > 0 {
            parts.push(Left { payment: one.payment, amount: part });
            rest -= part;
        }
    }
    (rest == 0 && amount > 0).then_some(parts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn the_newest_goes_back_first() {
        let left = |amounts: &[i64]| -> Vec<Left> {
            amounts.iter().enumerate().map(|(at, amount)| Left { payment: PaymentId(Uuid::from_u128(at as u128)), amount: *amount }).collect()
        };
        let parts = |all: &[i64], amount| spread(&left(all), amount).map(|parts| parts.iter().map(|part| part.amount).collect::<Vec<_>>());
        for (all, amount, expected) in [
            (&[5_000, 3_000][..], 6_000, Some(vec![5_000, 1_000])),
            (&[5_000, 3_000], 5_000, Some(vec![5_000])),
            (&[0, 3_000], 1, Some(vec![1])),
            (&[5_000, 3_000], 8_000, Some(vec![5_000, 3_000])),
            (&[5_000, 3_000], 8_001, None),
            (&[], 1, None),
            (&[5_000], 0, None),
            (&[5_000], -1, None),
        ] {
            assert_eq!(parts(all, amount), expected, "{all:?} {amount}");
        }
    }
}
