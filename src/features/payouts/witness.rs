//! What payouts know that the books should agree with: stays that are over hold nothing any more (L3).

use crate::features::bookings;
use crate::features::ledger::Witness;
use crate::features::payments::{self, DisputeState, RefundState};
use crate::platform::db::{Conn, DbResult};
use crate::values::BookingId;

/// See [`Witness`]. A stay is over when nothing follows, all of it was released or given up, and no payment, refund, dispute or deposit of it
/// is open.
pub struct PayoutWitness;

impl Witness for PayoutWitness {
    fn closed(&self, conn: &mut Conn<'_>, bookings: &[BookingId]) -> DbResult<Vec<BookingId>> {
        let mut closed = Vec::new();
        for id in bookings {
            if bookings::is_over(conn, *id)? && !is_open(conn, *id)? {
                closed.push(*id);
            }
        }
        Ok(closed)
    }
}

fn is_open(conn: &mut Conn<'_>, id: BookingId) -> DbResult<bool> {
    for one in payments::of_booking(conn, id)? {
        let refunds = one.refunds.iter().any(|refund| refund.state != RefundState::Succeeded);
        let disputes = one.disputes.iter().any(|dispute| dispute.state == DisputeState::Opened);
        if refunds || disputes || !one.payment.state.is_over() {
            return Ok(true);
        }
    }
    // Deposits go back days after the stay.
    bookings::deposit_is_open(conn, id)
}
