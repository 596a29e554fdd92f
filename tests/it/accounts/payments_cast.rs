//! Valid requests for the operations about payments. For `matrix.rs`.

use super::cast::{Cast, Request, Who, run_any};
use serde_json::json;
use stopover::features::payments::{self, Capture, Charge, Purpose};
use stopover::values::{BookingId, Currency, PaymentId};
use uuid::Uuid;

impl Cast<'_> {
    pub(super) async fn request_about_payments(&self, operation: &str, who: Who) -> Option<Request> {
        let reason = json!({"reason": "the matrix asks"});
        Some(match operation {
            "takePaymentMessage" => {
                let raw = Some(("application/json".into(), b"{}".to_vec()));
                Request { places: vec![("{provider}", "sandbox".into())], raw, ..Request::default() }
            }
            "authenticateSandboxPayment" => {
                let id = self.payment(who, "card_3ds", "sandbox").await;
                Request { id: Some(id.0), body: Some(json!({"outcome": "pass"})), ..Request::default() }
            }
            "readSavedMethod" => {
                let guest = self.user(who).unwrap_or(self.host);
                let now = self.town.tools().db.now();
                let params = vec![guest.into(), now.into()];
                let left = "INSERT INTO payment_customers (guest_id, provider, customer_ref, method_sealed, created_at, updated_at)
                    VALUES ($1, 'sandbox', 'sb_cus_of_the_matrix', 'sealed', $2, $2) ON CONFLICT (guest_id, provider) DO UPDATE SET method_sealed = 'sealed'";
                run_any(self.db, left, params).await;
                Request::default()
            }
            "saveMethod" => Request { body: Some(json!({"payment_method": "card_ok"})), ..Request::default() },
            "forgetMethod" => Request::default(),
            "listPayments" | "listDisputes" => Request::default(),
            "readPayment" => Request { id: Some(self.payment(who, "card_ok", "sandbox").await.0), ..Request::default() },
            "confirmPayment" => Request { id: Some(self.payment(who, "transfer", "manual").await.0), body: Some(reason), ..Request::default() },
            _ => return None,
        })
    }

    /// A payment of somebody (of the host for strangers) that its provider has heard of.
    async fn payment(&self, who: Who, method: &'static str, provider: &'static str) -> PaymentId {
        let (guest, keys) = (self.user(who).unwrap_or(self.host), self.town.tools().keys.clone());
        let wanted = Charge {
            booking: BookingId(Uuid::now_v7()),
            guest,
            purpose: Purpose::Booking,
            amount: 10_000,
            currency: Currency::parse("USD").unwrap(),
            capture: Capture::Now,
            method: method.into(),
            off_session: false,
            keep: false,
        };
        run_any(self.db, "UPDATE payments SET living = FALSE", vec![]).await;
        let made = self.db.write(move |tx, now| payments::charge(tx, now, &keys, &wanted, provider)).await.unwrap();
        self.town.run_jobs().await;
        made
    }
}
