//! `/payments/webhooks/{provider}`: where providers say what happened.

use super::message::RawMessage;
use crate::features::payments::service::{Payments, Received};
use crate::platform::error::{Error, Result};
use crate::platform::tasks::aside;
use poem_openapi::param::Path;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

/// What became of a message.
#[derive(Object)]
struct MessageTakenView {
    /// `applied`, `nothing` (it came before, or is of a kind that says nothing here), or `waits` (for what must come before it).
    outcome: String,
}

/// Messages of payment providers.
pub(super) struct PaymentsApi {
    payments: Payments,
}

impl PaymentsApi {
    pub(super) fn new(payments: Payments) -> Self {
        Self { payments }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl PaymentsApi {
    /// Take a message of a payment provider. It must bear the provider's signature over its very bytes and be at most five minutes old. It is kept
    /// and takes effect in one step; a copy does nothing and is answered 200 too.
    #[oai(path = "/payments/webhooks/:provider", method = "post", operation_id = "takePaymentMessage")]
    async fn take(
        &self,
        /// `stripe`, or `sandbox`.
        #[oai(validator(max_length = 40))]
        provider: Path<String>,
        message: RawMessage,
    ) -> Result<Json<MessageTakenView>> {
        let payments = self.payments.clone();
        let taking = aside(move || payments.take_message(&provider.0, &message.headers, &message.body));
        let received = taking.await.map_err(|failed| Error::Broken(anyhow::anyhow!("a message could not be taken: {failed}")))??;
        let outcome = match received {
            Received::Applied => "applied",
            Received::Nothing => "nothing",
            Received::Waits => "waits",
        };
        Ok(Json(MessageTakenView { outcome: outcome.into() }))
    }
}
