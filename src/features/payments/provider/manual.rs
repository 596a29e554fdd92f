//! Money that no provider moves: a bank transfer to the platform, which staff confirm, and cash in the host's hand, which the host confirms.

use super::{Again, Answer, Authorize, Forged, GiveBack, Message, PaidOut, PayOut, Provider, Total, Trouble};
use crate::features::payments::rules::facts::{Facts, RefundFacts};
use crate::features::payments::rules::terms::{RefundState, State};
use crate::values::Instant;
use http::HeaderMap;

/// To the platform's bank account.
pub const MANUAL: &str = "manual";
/// To the host, on arrival.
pub const CASH: &str = "cash";

/// What the house has given a guest for later stays. It lies in our own books, so nobody is called: `service/credit.rs`.
pub const CREDIT: &str = "credit";

/// Waits for people: nothing is ever known by itself.
pub struct Manual(pub &'static str);

impl Provider for Manual {
    fn name(&self) -> &'static str {
        self.0
    }

    fn authorize(&self, call: &Authorize) -> Answer {
        Ok(said(call.payment, call.booking, State::Created))
    }

    fn capture(&self, call: &Again) -> Answer {
        Ok(said(call.payment, call.booking, State::Created))
    }

    fn void(&self, call: &Again) -> Answer {
        Ok(said(call.payment, call.booking, State::Voided))
    }

    fn refund(&self, call: &GiveBack) -> Answer {
        let refund =
            RefundFacts { reference: call.refund.to_string(), refund: Some(call.refund), amount: call.amount, state: RefundState::Created, failure: None };
        Ok(Facts { refunds: vec![refund], ..Facts::of(call.of.payment, call.of.booking) })
    }

    fn look_up(&self, _whom: &Again) -> Result<Option<Facts>, Trouble> {
        Ok(None)
    }

    fn payout(&self, call: &PayOut) -> Result<PaidOut, Trouble> {
        Ok(PaidOut { reference: call.payout.to_string() })
    }

    fn verify_webhook(&self, _now: Instant, _headers: &HeaderMap, _body: &[u8]) -> Result<Message, Forged> {
        Err(Forged("nobody sends messages about it"))
    }

    fn report(&self, _from: Instant, _to: Instant) -> Result<Option<Vec<Total>>, Trouble> {
        Ok(None)
    }
}

fn said(payment: crate::values::PaymentId, booking: crate::values::BookingId, state: State) -> Facts {
    Facts { reference: Some(payment.to_string()), state: Some(state), ..Facts::of(payment, booking) }
}
