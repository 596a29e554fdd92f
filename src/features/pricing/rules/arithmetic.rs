//! Shares of amounts: whole numbers, rounded in one known way (P2, P15, P20). Inside, amounts are 128 bits wide and stop at
//! their limits instead of wrapping; whoever hands one out checks that it fits into 64 (`priced.rs`, `total.rs`).

/// All of something, in basis points.
pub(super) const WHOLE_BP: u32 = 10_000;

/// `bp` basis points of `amount` (zero or more), rounded half up (P2).
#[must_use]
pub fn percent(amount: i128, bp: u32) -> i128 {
    amount.saturating_mul(2 * i128::from(bp)).saturating_add(10_000) / 20_000
}

/// The tax that is contained in `gross`: the net amount is rounded half up, the rest is tax (P15).
#[must_use]
pub fn included_tax(gross: i128, bp: u32) -> i128 {
    let whole = i128::from(WHOLE_BP) + i128::from(bp);
    gross - gross.saturating_mul(20_000).saturating_add(whole) / (2 * whole)
}

/// Spreads `amount` (zero or more) over `weights` (zero or more each) in proportion; what is left after rounding down goes to the
/// largest remainders, one each, ties to the earlier. The parts add up to `amount`. Without any weight all weigh the same (P20).
#[must_use]
pub fn spread(amount: i64, weights: &[i64]) -> Vec<i64> {
    let sum: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if sum == 0 {
        return if weights.is_empty() { Vec::new() } else { spread(amount, &vec![1; weights.len()]) };
    }
    // Dividing 128 bits is slow, and few amounts need them.
    let largest = weights.iter().copied().max().unwrap_or(0);
    match (amount.checked_mul(largest), i64::try_from(sum)) {
        (Some(_), Ok(sum)) => hand_out(amount, weights.iter().map(|weight| (amount * weight / sum, amount * weight % sum))),
        _ => hand_out(
            amount,
            weights.iter().map(|weight| {
                let share = i128::from(amount) * i128::from(*weight);
                (i64::try_from(share / sum).unwrap_or(i64::MAX), share % sum)
            }),
        ),
    }
}

/// The parts, and one more for each of the largest remainders until they add up to `amount`.
fn hand_out<R: Copy + Ord>(amount: i64, shares: impl Iterator<Item = (i64, R)>) -> Vec<i64> {
    let (mut parts, mut remainders): (Vec<i64>, Vec<(R, usize)>) = shares.enumerate().map(|(at, (part, remainder))| (part, (remainder, at))).unzip();
    let left = usize::try_from(amount - parts.iter().sum::<i64>()).unwrap_or(0);
    // Who is among the largest matters, not in which order they are.
    if left > 0 && left < remainders.len() {
        remainders.select_nth_unstable_by_key(left - 1, |(remainder, at)| (std::cmp::Reverse(*remainder), *at));
    }
    for (_, at) in remainders.into_iter().take(left) {
        parts[at] += 1;
    }
    parts
}
