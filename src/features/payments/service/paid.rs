//! What was paid for a booking, put together.

use crate::features::payments::rules::terms::{DisputeState, RefundState, State};
use crate::features::payments::store::disputes::{self, Dispute};
use crate::features::payments::store::payments::{self, Payment};
use crate::features::payments::store::refunds::{self, Refund};
use crate::platform::db::{Conn, DbResult};
use crate::values::{BookingId, PaymentId};

/// How much of a booking is paid, in minor units of its currency; deposits and damages not counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Paid {
    /// Promised and not taken.
    pub authorized: i64,
    /// Taken, whatever went back since.
    pub captured: i64,
    /// On its way back.
    pub refunding: i64,
    /// Gone back.
    pub refunded: i64,
    /// Taken back by banks and not, or not yet, given back.
    pub disputed: i64,
    /// Payments that are not over.
    pub open: Vec<Payment>,
}

/// A payment with what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentWithRefunds {
    pub payment: Payment,
    pub refunds: Vec<Refund>,
    pub disputes: Vec<Dispute>,
}

/// All payments of a booking, deposits and damages too, oldest first.
pub fn of_booking(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Vec<PaymentWithRefunds>> {
    let found = payments::of_booking(conn, booking)?;
    let going = refunds::of_booking(conn, booking)?;
    let mut all = Vec::with_capacity(found.len());
    for payment in found {
        let refunds = going.iter().filter(|refund| refund.payment == payment.id).cloned().collect();
        let disputes = if payment.state == State::Captured { disputes::of_payment(conn, payment.id)? } else { Vec::new() };
        all.push(PaymentWithRefunds { payment, refunds, disputes });
    }
    Ok(all)
}

/// One payment with what follows from it.
pub(in super::super) fn one(conn: &mut Conn<'_>, id: PaymentId) -> DbResult<Option<PaymentWithRefunds>> {
    let Some(payment) = payments::one(conn, id)? else { return Ok(None) };
    with(conn, payment).map(Some)
}

pub(in super::super) fn with(conn: &mut Conn<'_>, payment: Payment) -> DbResult<PaymentWithRefunds> {
    let (refunds, disputes) = (refunds::of_payment(conn, payment.id)?, disputes::of_payment(conn, payment.id)?);
    Ok(PaymentWithRefunds { payment, refunds, disputes })
}

/// How much of a booking is paid.
pub fn paid(conn: &mut Conn<'_>, booking: BookingId) -> DbResult<Paid> {
    let mut paid = Paid::default();
    for one in of_booking(conn, booking)? {
        if one.payment.purpose.is_for_stay() {
            paid.authorized += if one.payment.state == State::Authorized { one.payment.amount } else { 0 };
            paid.captured += one.payment.captured;
            paid.refunded += one.payment.refunded;
            paid.refunding += one.refunds.iter().filter(|refund| refund.state == RefundState::Created).map(|refund| refund.amount).sum::<i64>();
            paid.disputed += one.disputes.iter().filter(|dispute| dispute.state != DisputeState::Won).map(|dispute| dispute.amount).sum::<i64>();
        }
        if !one.payment.state.is_over() {
            paid.open.push(one.payment);
        }
    }
    Ok(paid)
}
