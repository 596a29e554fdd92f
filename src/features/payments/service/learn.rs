//! What providers say becomes our state: one function for replies and for messages, whichever comes first, any number of times (M2, M3).
//!
//! The higher rank counts, never the order of arrival. What does not fit our own row holds the payment and is told to staff; nothing is confirmed
//! by it. News of refunds and disputes of a payment whose capture we have not heard of wait for it.

use super::asked::{method_place, no_such_payment, saved_place};
use super::{World, books};
use crate::features::payments::rules::facts::{DisputeFacts, Facts, Own, RefundFacts, misfit};
use crate::features::payments::rules::terms::{DisputeState, News, NextAction, RefundState, State, What};
use crate::features::payments::store::customers::{self, Customer};
use crate::features::payments::store::disputes::{self, Dispute};
use crate::features::payments::store::events;
use crate::features::payments::store::payments::{self, Payment};
use crate::features::payments::store::refunds::{self, Refund};
use crate::platform::audit::{self, Actor, Entry};
use crate::platform::db::Tx;
use crate::platform::error::Result;
use crate::values::{BookingId, Instant, Origin, PaymentId};
use serde_json::json;
use uuid::Uuid;

/// What became of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Learned {
    Applied,
    /// What must come before has not been heard of, or staff have to look first.
    Waits,
    /// It is about no payment of ours.
    Unknown,
    /// It does not fit what we know.
    Misfit,
}

/// Takes in what `provider` says.
pub(in super::super) fn learn(tx: &mut Tx<'_>, now: Instant, world: &World, provider: &str, facts: &Facts) -> Result<Learned> {
    let Some((booking, payment)) = meant(tx, provider, facts)? else { return Ok(Learned::Unknown) };
    let Some(payment) = held(tx, world, booking, payment)? else { return Ok(Learned::Unknown) };
    learn_of(tx, now, world, payment, facts)
}

/// Takes in what the provider of a payment says of it; `payment` is as [`held`] answered it a moment ago.
pub(super) fn learn_of(tx: &mut Tx<'_>, now: Instant, world: &World, mut payment: Payment, facts: &Facts) -> Result<Learned> {
    let learned = take(tx, now, world, &mut payment, facts)?;
    if learned != Learned::Applied || payment.state != State::Captured {
        return Ok(learned);
    }
    // What waited for this, or for its name.
    let Payment { id, provider, reference, .. } = payment;
    for (event, waiting) in events::unpark(tx, &provider, id, reference.as_deref())? {
        // Whoever follows may have changed it since.
        let mut known = payments::one(tx, id)?.ok_or_else(no_such_payment)?;
        if take(tx, now, world, &mut known, &waiting)? == Learned::Waits {
            events::park(tx, &provider, &event)?;
        }
    }
    Ok(learned)
}

/// The payment, held after what its follower holds first.
pub(super) fn held(tx: &mut Tx<'_>, world: &World, booking: BookingId, id: PaymentId) -> Result<Option<Payment>> {
    world.follower.hold(tx, booking)?;
    Ok(payments::held(tx, id)?)
}

/// Whom the facts mean, and what it is for.
fn meant(tx: &mut Tx<'_>, provider: &str, facts: &Facts) -> Result<Option<(BookingId, PaymentId)>> {
    if let Some(id) = facts.payment
        && let Some(payment) = payments::one(tx, id)?.filter(|payment| payment.provider == provider)
    {
        return Ok(Some((payment.booking, id)));
    }
    match &facts.reference {
        Some(reference) => Ok(payments::by_reference(tx, provider, reference)?),
        None => Ok(None),
    }
}

fn take(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &mut Payment, facts: &Facts) -> Result<Learned> {
    let own = Own {
        payment: payment.id,
        booking: payment.booking,
        amount: payment.amount,
        currency: payment.currency.code(),
        reference: payment.reference.as_deref(),
    };
    let misfit = match misfit(&own, facts) {
        None if names_another(tx, payment, facts)? => Some("reference"),
        found => found,
    };
    // What somebody made at the provider itself may only ever go back once with what we know of.
    let misfit = if misfit.is_none() && goes_back_twice(tx, payment, facts)? { Some("refunded amount") } else { misfit };
    if let Some(what) = misfit {
        hold(tx, now, payment, what)?;
        return Ok(Learned::Misfit);
    }
    if payment.held.is_some() {
        return Ok(Learned::Waits);
    }
    if let Some(state) = facts.state {
        go_on(tx, now, world, payment, state, facts)?;
    }
    learn_fee(tx, now, payment, facts)?;
    if payment.state != State::Captured {
        return Ok(if facts.refunds.is_empty() && facts.dispute.is_none() { Learned::Applied } else { Learned::Waits });
    }
    for refund in &facts.refunds {
        returned(tx, now, world, payment, refund)?;
    }
    if let Some(dispute) = &facts.dispute {
        disputed(tx, now, world, payment, dispute)?;
    }
    Ok(Learned::Applied)
}

/// The payment's own state, and who it is to the provider.
fn go_on(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &mut Payment, told: State, facts: &Facts) -> Result<()> {
    let before = payment.clone();
    if payment.reference.is_none() {
        payment.reference.clone_from(&facts.reference);
    }
    let next = payment.state.after(told);
    if let Some(state) = next {
        payment.state = state;
        payment.failure =
            if matches!(state, State::Failed | State::Voided) { Some(facts.failure.clone().unwrap_or_else(|| state.name().into())) } else { None };
        match state {
            State::Authorized => payment.authorized_at = Some(now),
            State::Captured => {
                payment.captured = payment.amount;
                payment.captured_at = Some(now);
                payment.authorized_at = payment.authorized_at.or(Some(now));
            }
            _ => {}
        }
    }
    let action = facts.action.as_ref().filter(|_| payment.state == State::RequiresAction);
    match action {
        Some(action) if next.is_some() => payment.action_sealed = Some(world.keys.seal(&action_place(payment.id), action.written().as_bytes())),
        _ if payment.state != State::RequiresAction => payment.action_sealed = None,
        _ => {}
    }
    if matches!(payment.state, State::Authorized | State::Captured) && next.is_some() {
        keep_customer(tx, now, world, payment, facts)?;
    }
    if payment.state.is_over() {
        payment.method_sealed = None;
    }
    if *payment == before {
        return Ok(());
    }
    payments::update(tx, now, payment)?;
    payment.version += 1;
    let what = match next {
        None | Some(State::Created) => return Ok(()),
        Some(State::RequiresAction) => What::RequiresAction(action.cloned().unwrap_or_else(|| NextAction::Open(String::new()))),
        Some(State::Authorized) => What::Authorized,
        Some(State::Captured) => What::Captured,
        Some(State::Failed) => What::Failed { code: payment.failure.clone().unwrap_or_else(|| "unknown".to_owned()) },
        Some(State::Voided) => What::Voided,
    };
    tell(tx, now, world, payment, what)?;
    if next == Some(State::Captured) {
        books::captured(tx, now, payment)?;
    }
    Ok(())
}

/// A guest who left a means of payment for later instalments.
fn keep_customer(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &Payment, facts: &Facts) -> Result<()> {
    let Some(reference) = facts.customer.clone() else { return Ok(()) };
    let method_sealed = match payment.method_sealed.as_ref().filter(|_| payment.keep) {
        Some(sealed) => {
            let method = match &facts.method {
                Some(method) => method.clone().into_bytes(),
                None => world.keys.unseal(&method_place(payment.id), sealed)?,
            };
            Some(world.keys.seal(&saved_place(payment.guest, &payment.provider), &method))
        }
        None => None,
    };
    Ok(customers::keep(tx, now, payment.guest, &Customer { provider: payment.provider.clone(), reference, method_sealed })?)
}

fn learn_fee(tx: &mut Tx<'_>, now: Instant, payment: &mut Payment, facts: &Facts) -> Result<()> {
    let Some(fee) = facts.fee.filter(|_| payment.fee.is_none() && payment.state == State::Captured) else { return Ok(()) };
    payment.fee = Some(fee);
    payments::update(tx, now, payment)?;
    payment.version += 1;
    books::fee(tx, now, payment, fee)
}

/// Whether the provider knows another payment of ours by the name that it gives for this one, which has none yet.
fn names_another(tx: &mut Tx<'_>, payment: &Payment, facts: &Facts) -> Result<bool> {
    let (None, Some(reference)) = (&payment.reference, &facts.reference) else { return Ok(false) };
    Ok(payments::by_reference(tx, &payment.provider, reference)?.is_some_and(|(_, other)| other != payment.id))
}

/// Whether more would go back than was taken, with what others made at the provider.
fn goes_back_twice(tx: &mut Tx<'_>, payment: &Payment, facts: &Facts) -> Result<bool> {
    if payment.state != State::Captured {
        return Ok(false);
    }
    let known = refunds::of_payment(tx, payment.id)?;
    let fresh = |one: &&RefundFacts| one.state == RefundState::Succeeded && find(&known, one).is_none_or(|known| known.state != RefundState::Succeeded);
    let more: i64 = facts.refunds.iter().filter(fresh).map(|one| one.amount).sum();
    Ok(more > payment.captured - payment.refunded)
}

fn find<'a>(known: &'a [Refund], told: &RefundFacts) -> Option<&'a Refund> {
    known.iter().find(|refund| told.refund == Some(refund.id) || refund.reference.as_deref() == Some(&told.reference))
}

/// Money on its way back.
fn returned(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &mut Payment, told: &RefundFacts) -> Result<()> {
    let known = refunds::of_payment(tx, payment.id)?;
    let mut refund = match find(&known, told) {
        Some(refund) => refund.clone(),
        None => made_elsewhere(tx, now, payment, told)?,
    };
    if refund.amount != told.amount {
        return hold(tx, now, payment, "refunded amount");
    }
    let before = refund.state;
    if told.state <= before && refund.reference.is_some() {
        return Ok(());
    }
    refund.reference = Some(told.reference.clone());
    refund.state = before.max(told.state);
    refund.failure.clone_from(&told.failure);
    refunds::update(tx, now, &refund)?;
    if refund.state == before {
        return Ok(());
    }
    let what = match refund.state {
        RefundState::Created => return Ok(()),
        RefundState::Succeeded => {
            payment.refunded += refund.amount;
            What::Refunded { refund: refund.id, amount: refund.amount, asked: refund.asked }
        }
        RefundState::Failed => {
            let was_paid = before == RefundState::Succeeded;
            payment.refunded -= if was_paid { refund.amount } else { 0 };
            What::RefundFailed { refund: refund.id, amount: refund.amount, code: refund.failure.clone().unwrap_or_else(|| "failed".into()), was_paid }
        }
    };
    payments::update(tx, now, payment)?;
    payment.version += 1;
    tell(tx, now, world, payment, what)?;
    match (before, refund.state) {
        (_, RefundState::Succeeded) => books::refunded(tx, now, payment, &refund),
        (RefundState::Succeeded, RefundState::Failed) => books::came_back(tx, now, payment, &refund),
        _ => Ok(()),
    }
}

/// Somebody gave money back at the provider itself.
fn made_elsewhere(tx: &mut Tx<'_>, now: Instant, payment: &Payment, told: &RefundFacts) -> Result<Refund> {
    let refund = Refund::begun(now, payment, told.amount, format!("{}:{}", payment.provider, told.reference), false);
    refunds::insert(tx, &refund)?;
    tracing::warn!(payment.id = %payment.id, amount = told.amount, "money went back that nobody here asked to give back");
    Ok(refund)
}

fn disputed(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &Payment, told: &DisputeFacts) -> Result<()> {
    let dispute = match disputes::by_reference(tx, &payment.provider, &told.reference)? {
        Some(dispute) => dispute,
        None => {
            let dispute = Dispute {
                id: Uuid::now_v7(),
                payment: payment.id,
                booking: payment.booking,
                provider: payment.provider.clone(),
                reference: told.reference.clone(),
                amount: told.amount,
                fee: told.fee,
                currency: payment.currency,
                reason: told.reason.as_deref().map(|reason| reason.chars().take(100).collect()),
                state: DisputeState::Opened,
                version: 1,
                opened_at: now,
                closed_at: None,
            };
            disputes::insert(tx, &dispute)?;
            tell(tx, now, world, payment, What::DisputeOpened { amount: dispute.amount })?;
            books::dispute_opened(tx, now, payment, &dispute)?;
            dispute
        }
    };
    // What is decided stays so.
    if dispute.state != DisputeState::Opened || told.state == DisputeState::Opened {
        return Ok(());
    }
    disputes::close(tx, now, dispute.id, told.state)?;
    let won = told.state == DisputeState::Won;
    tell(
        tx,
        now,
        world,
        payment,
        if won { What::DisputeWon { amount: dispute.amount } } else { What::DisputeLost { dispute: dispute.id, amount: dispute.amount } },
    )?;
    books::dispute_closed(tx, now, payment, &dispute, won)
}

/// Stops everything until staff have looked (S-HOOK 5).
fn hold(tx: &mut Tx<'_>, now: Instant, payment: &mut Payment, what: &'static str) -> Result<()> {
    tracing::error!(payment.id = %payment.id, booking.id = %payment.booking, what, "what the provider says of a payment does not fit; it is held");
    if payment.held.is_some() {
        return Ok(());
    }
    payment.held = Some(what.to_owned());
    payments::update(tx, now, payment)?;
    payment.version += 1;
    let entry = Entry {
        action: "payment.held",
        actor: Actor::System,
        on_behalf_of: None,
        object: Some(("payment", payment.id.0)),
        reason: None,
        diff: json!({"held": [null, what]}),
        origin: &Origin::inside("payments"),
    };
    Ok(audit::append(tx, now, &entry)?)
}

fn tell(tx: &mut Tx<'_>, now: Instant, world: &World, payment: &Payment, what: What) -> Result<()> {
    world.follower.heard(tx, now, &news_of(payment, what))
}

pub(super) fn news_of(payment: &Payment, what: What) -> News {
    News {
        payment: payment.id,
        booking: payment.booking,
        purpose: payment.purpose,
        provider: payment.provider.clone(),
        amount: payment.amount,
        currency: payment.currency,
        what,
    }
}

/// What the guest has to do is sealed for this.
pub(super) fn action_place(id: PaymentId) -> String {
    format!("payments.action_sealed {id}")
}
