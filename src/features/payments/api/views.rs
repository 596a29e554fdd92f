//! How payments, refunds and disputes are shown.

use crate::features::payments::rules::terms::NextAction;
use crate::features::payments::service::PaymentWithRefunds;
use crate::features::payments::store::disputes::Dispute;
use crate::features::payments::store::refunds::Refund;
use crate::platform::wire::MoneyView;
use crate::values::Money;
use poem_openapi::Object;
use uuid::Uuid;

/// A payment of a guest.
#[derive(Debug, Object)]
pub struct PaymentView {
    id: Uuid,
    booking_id: Uuid,
    guest_id: Uuid,
    /// `booking`, `instalment:N`, `alteration:ID`, `deposit`, `claim:ID`, `balance`.
    purpose: String,
    /// `sandbox`, `stripe`, `manual` (a bank transfer), `cash` (to the host), `credit`.
    provider: String,
    amount: MoneyView,
    /// `created`, `requires_action`, `authorized`, `captured`, `failed`, `voided`.
    state: String,
    captured: MoneyView,
    refunded: MoneyView,
    /// Whether the money is taken at once or promised first.
    captured_later: bool,
    /// Why it failed, or was let go: a word of the provider.
    failure: Option<String>,
    /// What does not fit in what the provider says; nothing goes on until staff have looked.
    held: Option<String>,
    /// A page that the guest has to open, to prove who they are.
    action_url: Option<String>,
    /// What the provider's script in the guest's browser takes, to let them prove who they are.
    client_secret: Option<String>,
    /// RFC 3339, UTC.
    created_at: String,
    authorized_at: Option<String>,
    captured_at: Option<String>,
    version: i64,
    refunds: Vec<RefundView>,
    disputes: Vec<DisputeView>,
}

/// Money on its way back to a guest.
#[derive(Debug, Object)]
pub struct RefundView {
    id: Uuid,
    payment_id: Uuid,
    amount: MoneyView,
    /// `created`, `succeeded`, `failed`.
    state: String,
    failure: Option<String>,
    /// `false`: somebody made it at the provider itself.
    asked: bool,
    created_at: String,
}

/// A payment that a guest's bank disputes.
#[derive(Debug, Object)]
pub struct DisputeView {
    id: Uuid,
    payment_id: Uuid,
    booking_id: Uuid,
    provider: String,
    amount: MoneyView,
    /// What the provider takes for it, whoever wins.
    fee: MoneyView,
    /// `opened`, `won`, `lost`.
    state: String,
    reason: Option<String>,
    opened_at: String,
    closed_at: Option<String>,
    version: i64,
}

impl PaymentView {
    /// `action` is what the guest has to do ([`super::super::Payments::action`]); leave it away for everybody else.
    #[must_use]
    pub fn of(one: &PaymentWithRefunds, action: Option<NextAction>) -> Self {
        let payment = &one.payment;
        let money = |minor| MoneyView::from(Money::new(minor, payment.currency));
        let (action_url, client_secret) = match action {
            Some(NextAction::Open(url)) => (Some(url), None),
            Some(NextAction::ClientSecret(secret)) => (None, Some(secret)),
            None => (None, None),
        };
        Self {
            id: payment.id.0,
            booking_id: payment.booking.0,
            guest_id: payment.guest.0,
            purpose: payment.purpose.name(),
            provider: payment.provider.clone(),
            amount: money(payment.amount),
            state: payment.state.name().to_owned(),
            captured: money(payment.captured),
            refunded: money(payment.refunded),
            captured_later: payment.capture == crate::features::payments::Capture::Later,
            failure: payment.failure.clone(),
            held: payment.held.clone(),
            action_url,
            client_secret,
            created_at: payment.created_at.to_string(),
            authorized_at: payment.authorized_at.map(|at| at.to_string()),
            captured_at: payment.captured_at.map(|at| at.to_string()),
            version: payment.version,
            refunds: one.refunds.iter().map(RefundView::of).collect(),
            disputes: one.disputes.iter().map(DisputeView::of).collect(),
        }
    }
}

impl RefundView {
    #[must_use]
    pub fn of(refund: &Refund) -> Self {
        Self {
            id: refund.id.0,
            payment_id: refund.payment.0,
            amount: Money::new(refund.amount, refund.currency).into(),
            state: refund.state.name().to_owned(),
            failure: refund.failure.clone(),
            asked: refund.asked,
            created_at: refund.created_at.to_string(),
        }
    }
}

impl DisputeView {
    pub(super) fn of(dispute: &Dispute) -> Self {
        let money = |minor| MoneyView::from(Money::new(minor, dispute.currency));
        Self {
            id: dispute.id,
            payment_id: dispute.payment.0,
            booking_id: dispute.booking.0,
            provider: dispute.provider.clone(),
            amount: money(dispute.amount),
            fee: money(dispute.fee),
            state: dispute.state.name().to_owned(),
            reason: dispute.reason.clone(),
            opened_at: dispute.opened_at.to_string(),
            closed_at: dispute.closed_at.map(|at| at.to_string()),
            version: dispute.version,
        }
    }
}
