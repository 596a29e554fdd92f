//! Paying with credit (E17): what the house has given a guest, from the ledger's own balance. Nobody is called and nothing can fail later, so all of it
//! happens in the caller's transaction.

use super::Follows;
use super::asked::{fresh, insert, room_for};
use super::learn::news_of;
use crate::features::ledger::{self, Account};
use crate::features::payments::provider::CREDIT;
use crate::features::payments::rules::terms::{Capture, Charge, State, What};
use crate::features::payments::store::payments::{self, Payment};
use crate::features::payments::store::refunds::Refund;
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, Money, PaymentId};

/// Pays a part of a stay with credit, all of it or nothing. The balance is held until the transaction ends, so two who spend it at once take turns. The
/// follower is told before this returns: whatever it changes has changed by then. The charge's method is not looked at.
///
/// Errors: 409 `payment_under_way` as for [`super::charge`]; 409 `not_enough_credit`, which tells the balance only to a guest who is there.
pub fn spend(tx: &mut Tx<'_>, now: Instant, charge: &Charge, follower: &dyn Follows) -> Result<PaymentId> {
    debug_assert!(charge.purpose.is_for_stay(), "deposits and damages are not paid with credit");
    let failed = room_for(tx, charge)?;
    let balance = -ledger::hold(tx, &Account::GuestCredit(charge.guest), charge.currency)?;
    if balance < charge.amount {
        return Err(not_enough(charge, balance));
    }
    let charge = Charge { capture: Capture::Now, keep: false, ..charge.clone() };
    let mut payment = fresh(now, &charge, CREDIT);
    insert(tx, now, &payment, failed)?;
    (payment.state, payment.captured) = (State::Captured, payment.amount);
    (payment.authorized_at, payment.captured_at) = (Some(now), Some(now));
    payments::update(tx, now, &payment)?;
    // As with other money: the follower looks at what is owed before this is taken off it.
    follower.heard(tx, now, &news_of(&payment, What::Captured))?;
    let key = payment.id.to_string();
    ledger::post(tx, now, &ledger::credit_used(payment.booking, &key, payment.guest, payment.currency, payment.amount))?;
    Ok(payment.id)
}

/// What was paid with credit is credit again. `refund` has been written.
pub(super) fn returned(tx: &mut Tx<'_>, now: Instant, payment: &Payment, refund: &Refund) -> Result<()> {
    let after = Payment { refunded: payment.refunded + refund.amount, ..payment.clone() };
    payments::update(tx, now, &after)?;
    let key = refund.id.to_string();
    ledger::post(tx, now, &ledger::credit_returned(payment.booking, &key, payment.guest, payment.currency, refund.amount))?;
    Ok(())
}

fn not_enough(charge: &Charge, balance: i64) -> Error {
    let due = Money::new(charge.amount, charge.currency);
    let refused = Error::refused(Kind::Conflict, "not_enough_credit", format!("The credit does not cover the {due} that are due now."));
    // What a guest has left is nobody else's to know.
    if charge.off_session { refused } else { refused.with_data("balance", balance.max(0).into()).with_data("due", charge.amount.into()) }
}
