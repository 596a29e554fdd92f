//! A price that two people have agreed on, in the place of one that was worked out.

use super::arithmetic::{percent, spread};
use super::plan::Collected;
use super::priced::{Line, LineKind, Payer, Priced, RefundRule};

/// The stay of `price` for `total` in all: one line for the room, which holds everything; no fee and no tax is added. Nights bear it in the
/// proportion in which they would have cost, and the host's fee is its usual share. `total` is zero or more.
#[must_use]
pub fn agreed(price: &Priced, total: i64) -> Priced {
    let allocation = spread(total, &price.allocation);
    let host_fee = i64::try_from(percent(total.into(), price.host_bp)).unwrap_or(total);
    let line = |kind: LineKind, amount: i64, payer: Payer, refund_rule: RefundRule| Line {
        kind,
        key: kind.code().to_owned(),
        name: String::new(),
        quantity: 1,
        unit_amount: amount,
        amount,
        payer,
        taxable: false,
        collected: Collected::AtBooking,
        included: false,
        refund_rule,
    };
    let mut lines = vec![line(LineKind::Nights, total, Payer::Guest, RefundRule::WithRoom)];
    if host_fee != 0 {
        lines.push(line(LineKind::HostFee, host_fee, Payer::Host, RefundRule::Recomputed));
    }
    Priced {
        lines,
        nights: allocation.clone(),
        nightly_subtotal: total,
        accommodation: total,
        extra_guests: 0,
        room: total,
        base: total,
        service_fee: 0,
        total_due: total,
        total_price: total,
        average_nightly: total / i64::try_from(allocation.len().max(1)).unwrap_or(1),
        host_fee,
        host_payout: total - host_fee,
        host_bp: price.host_bp,
        taxes: Vec::new(),
        allocation,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreed_price_is_one_line_and_adds_up() {
        let worked_out = Priced {
            lines: Vec::new(),
            nights: vec![10_000, 20_000, 10_000],
            allocation: vec![10_000, 20_000, 10_000],
            nightly_subtotal: 40_000,
            accommodation: 40_000,
            extra_guests: 0,
            room: 40_000,
            base: 46_000,
            service_fee: 4_600,
            total_due: 55_000,
            total_price: 57_000,
            average_nightly: 19_000,
            host_fee: 1_380,
            host_payout: 44_620,
            host_bp: 300,
            taxes: Vec::new(),
        };
        for (total, allocation, host_fee) in [(10_001, [2_500, 5_001, 2_500], 300), (0, [0, 0, 0], 0), (1, [0, 1, 0], 0)] {
            let price = agreed(&worked_out, total);
            assert_eq!((price.allocation.as_slice(), price.host_fee), (&allocation[..], host_fee));
            assert_eq!((price.total_due, price.total_price, price.base, price.host_payout), (total, total, total, total - host_fee));
            assert_eq!(price.lines.iter().filter(|line| line.payer == Payer::Guest).map(|line| line.amount).sum::<i64>(), total);
        }
    }
}
