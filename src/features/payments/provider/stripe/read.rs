//! Understanding Stripe: its objects become facts, in the words of its public API description.

use super::wire::unreadable;
use crate::features::payments::provider::{Total, Trouble};
use crate::features::payments::rules::facts::{DisputeFacts, Facts, RefundFacts};
use crate::features::payments::rules::terms::{DisputeState, NextAction, RefundState, State};
use crate::values::{BookingId, PaymentId, RefundId};
use serde_json::Value;
use uuid::Uuid;

/// The id of whatever this is.
pub(super) fn id(object: &Value) -> Result<String, Trouble> {
    object["id"].as_str().map(str::to_owned).ok_or_else(unreadable)
}

/// What an event says; `None`: nothing to us.
pub(super) fn event(kind: &str, object: &Value) -> Option<Facts> {
    if kind.starts_with("payment_intent.") {
        return intent(object);
    }
    if kind.starts_with("charge.dispute.") {
        return dispute(object);
    }
    if kind.starts_with("refund.") || kind == "charge.refund.updated" {
        return refund(object);
    }
    None
}

/// A PaymentIntent.
pub(super) fn intent(object: &Value) -> Option<Facts> {
    let reference = object["id"].as_str()?.to_owned();
    let failed = &object["last_payment_error"];
    let state = match object["status"].as_str()? {
        "requires_payment_method" if failed.is_object() => State::Failed,
        "requires_action" => State::RequiresAction,
        "requires_capture" => State::Authorized,
        "succeeded" => State::Captured,
        "canceled" => State::Voided,
        _ => State::Created,
    };
    let amount = object["amount"].as_i64()?;
    let charge = &object["latest_charge"];
    let taken = object["amount_received"].as_i64().or_else(|| charge["amount_captured"].as_i64()).unwrap_or(amount);
    let word = |value: &Value| value.as_str().map(str::to_owned);
    let failure = match state {
        State::Failed => word(&failed["decline_code"]).or_else(|| word(&failed["code"])),
        State::Voided => word(&object["cancellation_reason"]),
        _ => None,
    };
    Some(Facts {
        reference: Some(reference),
        payment: written(object, "payment").map(PaymentId),
        booking: written(object, "booking").map(BookingId),
        amount: Some(amount),
        currency: word(&object["currency"]),
        state: Some(state),
        captured: (state == State::Captured).then_some(taken),
        fee: charge["balance_transaction"]["fee"].as_i64().filter(|_| state == State::Captured),
        failure,
        action: action(object),
        customer: word(&object["customer"]),
        ..Facts::default()
    })
}

/// What the guest's browser has to do.
pub(super) fn action(object: &Value) -> Option<NextAction> {
    if object["status"].as_str() != Some("requires_action") {
        return None;
    }
    if let Some(url) = object["next_action"]["redirect_to_url"]["url"].as_str() {
        return Some(NextAction::Open(url.to_owned()));
    }
    object["client_secret"].as_str().map(|secret| NextAction::ClientSecret(secret.to_owned()))
}

/// A Refund.
pub(super) fn refund(object: &Value) -> Option<Facts> {
    let state = match object["status"].as_str()? {
        "succeeded" => RefundState::Succeeded,
        "failed" | "canceled" => RefundState::Failed,
        _ => RefundState::Created,
    };
    let told = RefundFacts {
        reference: object["id"].as_str()?.to_owned(),
        refund: written(object, "refund").map(RefundId),
        amount: object["amount"].as_i64()?,
        state,
        failure: object["failure_reason"].as_str().map(str::to_owned),
    };
    Some(Facts { refunds: vec![told], ..about(object)? })
}

/// A Dispute. Inquiries (`warning_…`) take no money.
pub(super) fn dispute(object: &Value) -> Option<Facts> {
    let state = match object["status"].as_str()? {
        "won" => DisputeState::Won,
        "lost" => DisputeState::Lost,
        warning if warning.starts_with("warning_") => return None,
        _ => DisputeState::Opened,
    };
    let fees = object["balance_transactions"].as_array().map(|all| all.iter().filter_map(|one| one["fee"].as_i64()).filter(|fee| *fee > 0).sum());
    let told = DisputeFacts {
        reference: object["id"].as_str()?.to_owned(),
        amount: object["amount"].as_i64()?,
        fee: fees.unwrap_or(0),
        state,
        reason: object["reason"].as_str().map(str::to_owned),
    };
    Some(Facts { dispute: Some(told), ..about(object)? })
}

/// The payment that a refund or a dispute is about.
fn about(object: &Value) -> Option<Facts> {
    let reference = object["payment_intent"].as_str().or_else(|| object["payment_intent"]["id"].as_str())?;
    Some(Facts {
        reference: Some(reference.to_owned()),
        payment: written(object, "payment").map(PaymentId),
        currency: object["currency"].as_str().map(str::to_owned),
        ..Facts::default()
    })
}

/// What we had written on something.
fn written(object: &Value, name: &str) -> Option<Uuid> {
    object["metadata"][name].as_str()?.parse().ok()
}

/// Adds a line of Stripe's own books to the totals.
pub(super) fn add(totals: &mut Vec<Total>, line: &Value) {
    let (Some(amount), Some(currency)) = (line["amount"].as_i64(), line["currency"].as_str()) else { return };
    let currency = currency.to_ascii_uppercase();
    if totals.iter().all(|total| total.currency != currency) {
        totals.push(Total { currency: currency.clone(), ..Total::default() });
    }
    let Some(total) = totals.iter_mut().find(|total| total.currency == currency) else { return };
    total.fees += line["fee"].as_i64().unwrap_or(0);
    match line["reporting_category"].as_str().or_else(|| line["type"].as_str()) {
        Some("charge" | "payment") => total.captured += amount,
        Some("refund" | "payment_refund" | "refund_failure" | "partial_capture_reversal") => total.refunded -= amount,
        Some("dispute" | "dispute_reversal" | "adjustment") => total.disputed -= amount,
        Some("transfer" | "transfer_reversal") => total.paid_out -= amount,
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn intents_become_facts() {
        let payment = Uuid::from_u128(5);
        let base = json!({"id": "pi_1", "amount": 5_000, "currency": "eur", "metadata": {"payment": payment.to_string()}, "client_secret": "pi_1_secret_x"});
        let with = |more: Value| {
            let mut object = base.clone();
            more.as_object().unwrap().iter().for_each(|(name, value)| object[name] = value.clone());
            intent(&object).unwrap()
        };
        let failed = with(json!({"status": "requires_payment_method", "last_payment_error": {"code": "card_declined", "decline_code": "lost_card"}}));
        assert_eq!((failed.state, failed.failure.as_deref(), failed.payment), (Some(State::Failed), Some("lost_card"), Some(PaymentId(payment))));
        let secure = with(json!({"status": "requires_action", "next_action": {"type": "use_stripe_sdk"}}));
        assert_eq!(secure.action, Some(NextAction::ClientSecret("pi_1_secret_x".into())));
        let taken = with(json!({"status": "succeeded", "amount_received": 5_000, "latest_charge": {"balance_transaction": {"fee": 100}}}));
        assert_eq!((taken.state, taken.captured, taken.fee), (Some(State::Captured), Some(5_000), Some(100)));
        for (status, state) in
            [("processing", State::Created), ("requires_capture", State::Authorized), ("canceled", State::Voided), ("new_word", State::Created)]
        {
            assert_eq!(with(json!({"status": status})).state, Some(state), "{status}");
        }
        assert_eq!(intent(&json!({"id": "pi_1"})), None);
    }

    #[test]
    fn refunds_disputes_and_what_says_nothing() {
        let refund = event("refund.updated", &json!({"id": "re_1", "payment_intent": "pi_1", "amount": 5, "currency": "eur", "status": "failed"})).unwrap();
        assert_eq!((refund.reference.as_deref(), refund.refunds[0].state), (Some("pi_1"), RefundState::Failed));
        let opened = json!({"id": "dp_1", "payment_intent": "pi_1", "amount": 5, "status": "needs_response", "balance_transactions": [{"fee": 1_500}]});
        let dispute = event("charge.dispute.created", &opened).unwrap().dispute.unwrap();
        assert_eq!((dispute.state, dispute.fee), (DisputeState::Opened, 1_500));
        assert_eq!(event("charge.dispute.created", &json!({"id": "dp_1", "payment_intent": "pi_1", "amount": 5, "status": "warning_needs_response"})), None);
        assert_eq!(event("customer.created", &json!({"id": "cus_1"})), None);
    }

    #[test]
    fn lines_add_up() {
        let mut totals = Vec::new();
        for (category, amount, fee) in [("charge", 1_000, 40), ("refund", -300, 0), ("dispute", -700, 1_500), ("transfer", -100, 0), ("payout", -50, 0)] {
            add(&mut totals, &json!({"reporting_category": category, "amount": amount, "fee": fee, "currency": "eur"}));
        }
        assert_eq!(totals, [Total { currency: "EUR".into(), captured: 1_000, refunded: 300, disputed: 700, fees: 1_540, paid_out: 100 }]);
    }
}
