//! What payments hold about people: what guests paid, and the tokens of their means of payment.

use super::rules::terms::State;
use super::store::{customers, payments, refunds};
use crate::platform::db::{Conn, DbResult, Tx};
use crate::platform::privacy::{Archive, Blocker, PersonalData};
use crate::values::{Instant, UserId};
use serde_json::json;

/// See [`PersonalData`]. What was paid is kept without a name, as books must be; means of payment go with their owner.
pub struct PaymentData;

impl PersonalData for PaymentData {
    fn export(&self, conn: &mut Conn<'_>, user: UserId, archive: &mut Archive) -> DbResult<()> {
        let found = payments::of_guest(conn, user)?;
        archive.list("payments")?;
        for payment in &found {
            archive.item(&json!({
                "id": payment.id.0, "booking_id": payment.booking.0, "purpose": payment.purpose.name(), "provider": payment.provider,
                "amount": payment.amount, "currency": payment.currency.code(), "state": payment.state.name(), "captured": payment.captured,
                "refunded": payment.refunded, "created_at": payment.created_at.to_string(),
            }))?;
        }
        archive.list("refunds")?;
        for payment in &found {
            for refund in refunds::of_payment(conn, payment.id)? {
                archive.item(&json!({
                    "id": refund.id.0, "payment_id": payment.id.0, "amount": refund.amount, "currency": refund.currency.code(),
                    "state": refund.state.name(), "created_at": refund.created_at.to_string(),
                }))?;
            }
        }
        archive.list("payment_providers")?;
        for customer in customers::of_guest(conn, user)? {
            archive.item(&json!({
                "provider": customer.provider, "known_as": customer.reference, "left_a_means_of_payment": customer.method_sealed.is_some(),
            }))?;
        }
        Ok(())
    }

    fn blocks_erasure(&self, conn: &mut Conn<'_>, user: UserId) -> DbResult<Vec<Blocker>> {
        let mut open = false;
        for payment in payments::of_guest(conn, user)? {
            let waits = |state| state == super::rules::terms::RefundState::Created;
            open = open
                || !payment.state.is_over()
                || (payment.state == State::Captured && refunds::of_payment(conn, payment.id)?.iter().any(|one| waits(one.state)));
        }
        let blocker = || Blocker { reason: "payment_open", message: "A payment or a refund is under way.".into() };
        Ok(if open { vec![blocker()] } else { Vec::new() })
    }

    fn erase(&self, tx: &mut Tx<'_>, _now: Instant, user: UserId) -> DbResult<()> {
        payments::forget_methods(tx, user)?;
        customers::forget(tx, user)
    }
}
