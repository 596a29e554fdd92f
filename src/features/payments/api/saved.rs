//! `/me/payment-method`: the means of payment that a guest leaves for what is due later.

use crate::features::payments::rules::terms::NextAction;
use crate::features::payments::service::{Payments, saved};
use crate::platform::error::{Error, Result};
use crate::platform::http::{Caller, Nothing};
use crate::platform::tasks::aside;
use crate::platform::tools::Tools;
use poem_openapi::payload::Json;
use poem_openapi::{Object, OpenApi};

#[derive(Object)]
#[oai(deny_unknown_fields)]
struct SavedMethodAsk {
    /// A token of the payment provider, as for a payment.
    #[oai(validator(max_length = 200))]
    payment_method: String,
}

/// The means of payment that was left.
#[derive(Object)]
struct SavedMethodView {
    /// `stripe`, `sandbox`.
    provider: String,
    /// `saved`; or `requires_action`: prove who you are, then leave the same token again. What was left before stands until then.
    state: String,
    /// A page to open, to prove who you are.
    #[oai(skip_serializing_if_is_none)]
    action_url: Option<String>,
    /// What the provider's script in the browser takes for that.
    #[oai(skip_serializing_if_is_none)]
    client_secret: Option<String>,
}

/// What guests leave for later.
pub(super) struct SavedApi {
    tools: Tools,
    payments: Payments,
}

impl SavedApi {
    pub(super) fn new(tools: Tools, payments: Payments) -> Self {
        Self { tools, payments }
    }
}

#[OpenApi(tag = "crate::platform::http::Tag::Payments")]
impl SavedApi {
    /// Whether you have left a card for later: instalments, deposits and what a change costs are taken from it. 404 where you have not.
    #[oai(path = "/me/payment-method", method = "get", operation_id = "readSavedMethod")]
    async fn read(&self, caller: Caller) -> Result<Json<SavedMethodView>> {
        let (payments, guest) = (self.payments.clone(), caller.user);
        let found = self.tools.db.read(move |conn| saved::of(conn, &payments, guest)).await?;
        let provider = found.ok_or_else(|| Error::not_found("You have left no card for later."))?;
        Ok(Json(SavedMethodView { provider: provider.to_owned(), state: "saved".to_owned(), action_url: None, client_secret: None }))
    }

    /// Leave a card for later, in place of the one before, without paying anything. The card of a payment for a stay is left as well.
    ///
    /// 402 `payment_failed` where the provider refuses it; 422 `invalid_payment_method` where cards are not taken here.
    #[oai(path = "/me/payment-method", method = "put", operation_id = "saveMethod")]
    async fn save(&self, caller: Caller, ask: Json<SavedMethodAsk>) -> Result<Json<SavedMethodView>> {
        let (payments, guest, token) = (self.payments.clone(), caller.user, ask.0.payment_method);
        let saving = aside(move || saved::leave(&payments, guest, &token));
        let (provider, action) = saving.await.map_err(|failed| Error::Broken(anyhow::anyhow!("a card could not be left: {failed}")))??;
        let state = if action.is_some() { "requires_action" } else { "saved" }.to_owned();
        let (action_url, client_secret) = match action {
            Some(NextAction::Open(url)) => (Some(url), None),
            Some(NextAction::ClientSecret(secret)) => (None, Some(secret)),
            None => (None, None),
        };
        Ok(Json(SavedMethodView { provider: provider.to_owned(), state, action_url, client_secret }))
    }

    /// Forget the card that you left. What is due later has to be paid by hand then.
    #[oai(path = "/me/payment-method", method = "delete", operation_id = "forgetMethod")]
    async fn forget(&self, caller: Caller) -> Result<Nothing> {
        let (payments, guest) = (self.payments.clone(), caller.user);
        self.tools.db.write(move |tx, now| saved::forget(tx, now, &payments, guest)).await?;
        Ok(Nothing::more())
    }
}
