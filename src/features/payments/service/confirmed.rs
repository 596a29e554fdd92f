//! What people say: that a transfer or cash arrived, that a refund was paid out, that a payment that was held is in order.

use super::World;
use super::asked::{ask, held};
use super::learn::learn;
use crate::features::payments::provider::{CASH, MANUAL};
use crate::features::payments::rules::facts::{Facts, RefundFacts};
use crate::features::payments::rules::terms::{RefundState, State};
use crate::features::payments::store::calls::CallKind;
use crate::features::payments::store::payments::{self, Payment};
use crate::features::payments::store::refunds;
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::Tx;
use crate::platform::error::{Error, Kind, Result};
use crate::values::{Instant, Origin, PaymentId, RefundId, UserId};
use serde_json::json;

/// Who says so, and why.
#[derive(Debug, Clone)]
pub(in super::super) struct By {
    pub user: UserId,
    pub origin: Origin,
    pub reason: String,
}

/// Staff say that a payment arrived, or (`refund`) that money went back; of a payment that is held, that it is in order, and the provider is asked
/// how it stands. Errors: 404, 409 `payment_state`.
pub(in super::super) fn confirm(tx: &mut Tx<'_>, now: Instant, world: &World, by: &By, id: PaymentId, refund: Option<RefundId>) -> Result<()> {
    let mut payment = held(tx, id)?;
    let what = match (&payment.held, refund) {
        (Some(_), None) => {
            payment.held = None;
            payments::update(tx, now, &payment)?;
            ask(tx, now, &payment, None, CallKind::LookUp)?;
            "released"
        }
        (None, None) => {
            arrived(tx, now, world, &payment)?;
            "arrived"
        }
        (_, Some(refund)) => {
            paid_out(tx, now, world, &payment, refund)?;
            "refund paid"
        }
    };
    let entry = Entry {
        action: "payment.confirmed",
        actor: Actor::User(by.user),
        on_behalf_of: None,
        object: Some(("payment", id.0)),
        reason: Some(&by.reason),
        diff: json!({"confirmed": [null, what], "refund": [null, refund.map(|refund| refund.0)]}),
        origin: &by.origin,
    };
    Ok(audit::append(tx, now, &entry)?)
}

/// Money that no provider moves has arrived. Whoever calls this has asked who may say so: staff, of cash also the host.
pub(super) fn arrived(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &Payment) -> Result<()> {
    let by_hand = matches!(payment.provider.as_str(), MANUAL | CASH);
    if !by_hand || payment.held.is_some() || payment.state.is_over() || payment.void_asked {
        let why = if by_hand { "is not waited for" } else { "is confirmed by its provider" };
        return Err(Error::refused(Kind::Conflict, "payment_state", format!("The payment is {} and {why}.", payment.state.name())));
    }
    let facts = Facts { reference: Some(payment.id.to_string()), state: Some(State::Captured), ..Facts::of(payment.id, payment.booking) };
    learn(tx, now, world, &payment.provider, &facts)?;
    Ok(())
}

fn paid_out(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &Payment, id: RefundId) -> Result<()> {
    let refund = refunds::one(tx, id)?.filter(|refund| refund.payment == payment.id);
    let refund = refund.ok_or_else(|| Error::not_found("The payment has no such refund."))?;
    if !matches!(payment.provider.as_str(), MANUAL | CASH) || refund.state != RefundState::Created {
        return Err(Error::refused(Kind::Conflict, "payment_state", format!("The refund is {} and is not waited for.", refund.state.name())));
    }
    let told = RefundFacts { reference: id.to_string(), refund: Some(id), amount: refund.amount, state: RefundState::Succeeded, failure: None };
    learn(tx, now, world, &payment.provider, &Facts { refunds: vec![told], ..Facts::of(payment.id, payment.booking) })?;
    Ok(())
}
