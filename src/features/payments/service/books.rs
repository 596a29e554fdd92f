//! What payments write into the ledger (docs/RULES.md, "The ledger"): E02 and E13 when money was taken, E03, E07, and E16 but for its end in a loss. Each
//! after the follower was told, in the same transaction. Bank transfers stand on `psp:manual`, the operator's own bank account. What is paid with credit is posted by `credit.rs`. Left to the follower, who
//! knows the host: cash in the host's hand (E12), paid damages (E15), disputes that were lost (E16).

use crate::features::ledger::{self, Account, Entry, Payer, To};
use crate::features::payments::provider::CASH;
use crate::features::payments::rules::terms::Purpose;
use crate::features::payments::store::disputes::Dispute;
use crate::features::payments::store::payments::Payment;
use crate::features::payments::store::refunds::Refund;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::Instant;

pub(super) fn captured(tx: &mut Tx<'_>, now: Instant, payment: &Payment) -> Result<()> {
    let entry = match payment.purpose {
        Purpose::Claim(_) => return Ok(()),
        Purpose::Deposit => ledger::deposit_charged(&payer(payment), payment.captured),
        _ => ledger::captured(&payer(payment), payment.captured),
    };
    post(tx, now, payment, &entry)
}

pub(super) fn fee(tx: &mut Tx<'_>, now: Instant, payment: &Payment, fee: i64) -> Result<()> {
    if fee == 0 { Ok(()) } else { post(tx, now, payment, &ledger::provider_fee(&payer(payment), "fee", fee)) }
}

/// Who asked for it has put it on `refund_payable`; what nobody asked for is a gift of the house.
pub(super) fn refunded(tx: &mut Tx<'_>, now: Instant, payment: &Payment, refund: &Refund) -> Result<()> {
    if !refund.asked {
        // What is left of a deposit was the guest's all along.
        let held = if payment.purpose == Purpose::Deposit { -ledger::balance(tx, &Account::DepositHeld(payment.booking), payment.currency)? } else { 0 };
        let (own, key) = (refund.amount.min(held.max(0)), format!("refund:{}", refund.id));
        if own > 0 {
            post(tx, now, payment, &ledger::deposit_released(payment.booking, &key, payment.currency, own))?;
        }
        if refund.amount > own {
            post(tx, now, payment, &ledger::goodwill(&key, payment.currency, refund.amount - own, To::Refund(payment.booking)))?;
        }
    }
    post(tx, now, payment, &ledger::refunded(&payer(payment), refund.id.0, refund.amount))
}

/// The bank sent back what had gone back: it is owed again.
pub(super) fn came_back(tx: &mut Tx<'_>, now: Instant, payment: &Payment, refund: &Refund) -> Result<()> {
    let source = ledger::refunded(&payer(payment), refund.id.0, refund.amount).source;
    if let Some(posted) = ledger::by_source(tx, &source)? {
        ledger::reverse(tx, now, posted.id, "the bank sent the refund back")?;
    }
    Ok(())
}

pub(super) fn dispute_opened(tx: &mut Tx<'_>, now: Instant, payment: &Payment, dispute: &Dispute) -> Result<()> {
    post(tx, now, payment, &ledger::dispute_opened(&payer(payment), &dispute.reference, dispute.amount, dispute.fee))
}

pub(super) fn dispute_closed(tx: &mut Tx<'_>, now: Instant, payment: &Payment, dispute: &Dispute, won: bool) -> Result<()> {
    if won { post(tx, now, payment, &ledger::dispute_won(&payer(payment), &dispute.reference, dispute.amount)) } else { Ok(()) }
}

fn post(tx: &mut Tx<'_>, now: Instant, payment: &Payment, entry: &Entry) -> Result<()> {
    if payment.provider != CASH {
        ledger::post(tx, now, entry)?;
    }
    Ok(())
}

fn payer(payment: &Payment) -> Payer<'_> {
    Payer { booking: payment.booking, payment: payment.id.0, provider: &payment.provider, currency: payment.currency }
}
