//! What payments write into the ledger: E02, E03, E07, E12, E13, E16 (docs/RULES.md, "The ledger"). Each after the follower was told, in the same
//! transaction. Left to the follower, who knows the host: cash in the host's hand, paid damages, and disputes that were lost.

use crate::features::payments::store::disputes::Dispute;
use crate::features::payments::store::payments::Payment;
use crate::features::payments::store::refunds::Refund;
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::Instant;

pub(super) fn captured(_tx: &mut Tx<'_>, _now: Instant, _payment: &Payment) -> Result<()> {
    Ok(())
}

pub(super) fn fee(_tx: &mut Tx<'_>, _now: Instant, _payment: &Payment, _fee: i64) -> Result<()> {
    Ok(())
}

pub(super) fn refunded(_tx: &mut Tx<'_>, _now: Instant, _payment: &Payment, _refund: &Refund) -> Result<()> {
    Ok(())
}

pub(super) fn came_back(_tx: &mut Tx<'_>, _now: Instant, _payment: &Payment, _refund: &Refund) -> Result<()> {
    Ok(())
}

pub(super) fn dispute_opened(_tx: &mut Tx<'_>, _now: Instant, _payment: &Payment, _dispute: &Dispute) -> Result<()> {
    Ok(())
}

pub(super) fn dispute_closed(_tx: &mut Tx<'_>, _now: Instant, _payment: &Payment, _dispute: &Dispute, _won: bool) -> Result<()> {
    Ok(())
}
