//! What a provider says of a payment, by reply or by message, and whether it fits what we asked for.

use super::terms::{DisputeState, RefundState, State};
use crate::values::{BookingId, PaymentId, RefundId};
use serde::{Deserialize, Serialize};

/// What is said of one payment. What is not said is `None`: a message about a refund knows nothing of the rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Facts {
    /// What the provider calls it.
    pub reference: Option<String>,
    /// What we had written on it.
    pub payment: Option<PaymentId>,
    pub booking: Option<BookingId>,
    pub amount: Option<i64>,
    /// ISO 4217, in either case.
    pub currency: Option<String>,
    pub state: Option<State>,
    /// How much was taken, where something was.
    pub captured: Option<i64>,
    /// What the provider took for it.
    pub fee: Option<i64>,
    pub failure: Option<String>,
    /// A secret of the guest's: never stored with the rest.
    #[serde(skip)]
    pub action: Option<super::terms::NextAction>,
    /// Who the guest is to the provider.
    pub customer: Option<String>,
    /// The lasting token of a means of payment that is kept.
    #[serde(skip)]
    pub method: Option<String>,
    pub refunds: Vec<RefundFacts>,
    pub dispute: Option<DisputeFacts>,
}

impl Facts {
    /// Of this payment, and nothing yet.
    #[must_use]
    pub fn of(payment: PaymentId, booking: BookingId) -> Self {
        Self { payment: Some(payment), booking: Some(booking), ..Self::default() }
    }
}

/// What is said of money on its way back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundFacts {
    pub reference: String,
    /// `None`: nothing of ours is written on it.
    pub refund: Option<RefundId>,
    pub amount: i64,
    pub state: RefundState,
    pub failure: Option<String>,
}

/// What is said of a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DisputeFacts {
    pub reference: String,
    pub amount: i64,
    /// What the provider takes for it, whoever wins.
    pub fee: i64,
    pub state: DisputeState,
    pub reason: Option<String>,
}

/// What we know of the payment that they are said of.
#[derive(Debug, Clone)]
pub struct Own<'a> {
    pub payment: PaymentId,
    pub booking: BookingId,
    pub amount: i64,
    pub currency: &'a str,
    pub reference: Option<&'a str>,
}

/// The word for what does not fit (S-HOOK 5); `None`: everything does.
#[must_use]
pub fn misfit(own: &Own<'_>, facts: &Facts) -> Option<&'static str> {
    let other = |said: Option<bool>| said == Some(false);
    if other(facts.payment.map(|payment| payment == own.payment)) {
        return Some("payment");
    }
    if other(facts.booking.map(|booking| booking == own.booking)) {
        return Some("booking");
    }
    if other(facts.reference.as_deref().zip(own.reference).map(|(said, known)| said == known)) {
        return Some("reference");
    }
    if other(facts.currency.as_deref().map(|currency| currency.eq_ignore_ascii_case(own.currency))) {
        return Some("currency");
    }
    if other(facts.amount.map(|amount| amount == own.amount)) {
        return Some("amount");
    }
    if facts.state == Some(State::Captured) && other(facts.captured.map(|captured| captured == own.amount)) {
        return Some("captured amount");
    }
    if facts.fee.is_some_and(|fee| !(0..=own.amount).contains(&fee)) {
        return Some("fee");
    }
    let back: Option<i64> = facts.refunds.iter().filter(|refund| refund.state != RefundState::Failed).try_fold(0_i64, |sum, one| sum.checked_add(one.amount));
    if facts.refunds.iter().any(|refund| refund.amount <= 0) || back.is_none_or(|back| back > own.amount) {
        return Some("refunded amount");
    }
    if facts.dispute.as_ref().is_some_and(|dispute| dispute.amount <= 0 || dispute.amount > own.amount || dispute.fee < 0) {
        return Some("disputed amount");
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn what_does_not_fit_is_named() {
        let (payment, booking) = (PaymentId(Uuid::from_u128(1)), BookingId(Uuid::from_u128(2)));
        let own = Own { payment, booking, amount: 10_000, currency: "EUR", reference: Some("pi_1") };
        let fits = Facts {
            reference: Some("pi_1".into()),
            payment: Some(payment),
            booking: Some(booking),
            amount: Some(10_000),
            currency: Some("eur".into()),
            state: Some(State::Captured),
            captured: Some(10_000),
            ..Facts::default()
        };
        assert_eq!(misfit(&own, &fits), None);
        assert_eq!(misfit(&own, &Facts::default()), None);
        let refund = |amount, state| RefundFacts { reference: "re_1".into(), refund: None, amount, state, failure: None };
        for (facts, word) in [
            (Facts { payment: Some(PaymentId(Uuid::nil())), ..fits.clone() }, Some("payment")),
            (Facts { booking: Some(BookingId(Uuid::nil())), ..fits.clone() }, Some("booking")),
            (Facts { reference: Some("pi_2".into()), ..fits.clone() }, Some("reference")),
            (Facts { currency: Some("usd".into()), ..fits.clone() }, Some("currency")),
            (Facts { amount: Some(9_999), ..fits.clone() }, Some("amount")),
            (Facts { captured: Some(9_999), ..fits.clone() }, Some("captured amount")),
            (Facts { fee: Some(-1), ..fits.clone() }, Some("fee")),
            (Facts { refunds: vec![refund(0, RefundState::Created)], ..fits.clone() }, Some("refunded amount")),
            (Facts { refunds: vec![refund(10_001, RefundState::Succeeded)], ..fits.clone() }, Some("refunded amount")),
            (Facts { refunds: vec![refund(9_000, RefundState::Failed), refund(9_000, RefundState::Succeeded)], ..fits.clone() }, None),
        ] {
            assert_eq!(misfit(&own, &facts), word, "{facts:?}");
        }
    }
}
