//! Stripe: PaymentIntents, refunds, Connect accounts with separate transfers, and their messages. A thin client of our own over the guarded one;
//! `wire.rs` talks, `read.rs` understands.
//!
//! The money of guests stays with the platform until the stay has begun; hosts are paid by transfers.

mod read;
mod wire;

use super::signature::check;
use super::{Again, Answer, Authorize, Forged, GiveBack, Message, PaidOut, PayOut, Provider, Saved, Total, Trouble};
use crate::features::payments::rules::facts::Facts;
use crate::features::payments::rules::terms::Capture;
use crate::platform::config::StripeSettings;
use crate::platform::outbound::Outbound;
use crate::values::{Instant, UserId};
use http::HeaderMap;
use serde_json::Value;
use wire::Wire;

/// Its name.
pub const STRIPE: &str = "stripe";
/// What is asked with every payment, so that one answer tells all: its charge, and what Stripe took for it.
const WITH_FEE: (&str, &str) = ("expand[]", "latest_charge.balance_transaction");
/// What was written on a payment is found within a minute; more, because it may take longer.
const FOUND_SECONDS: i64 = 300;
/// Pages of a hundred that a report reads at most.
const MOST_PAGES: usize = 1_000;

/// Stripe.
pub struct Stripe {
    wire: Wire,
    settings: StripeSettings,
}

/// The lines of a list. An answer without any is no empty list: read as one, it would say that nothing was refunded.
fn data(page: &Value) -> Result<Vec<Value>, Trouble> {
    page["data"].as_array().cloned().ok_or_else(|| Trouble::Unknown("a list without data".into()))
}

impl Stripe {
    #[must_use]
    pub fn new(settings: &StripeSettings, outbound: &Outbound) -> Self {
        Self { wire: Wire::new(settings, outbound), settings: settings.clone() }
    }

    /// Who the guest is to Stripe: known already, or made now.
    fn customer(&self, key: &str, guest: UserId, known: Option<&String>) -> Result<String, Trouble> {
        match known {
            Some(customer) => Ok(customer.clone()),
            None => read::id(&self.wire.post("/v1/customers", Some(&format!("{key}:customer")), &[("metadata[guest]", &guest.to_string())])?),
        }
    }

    /// Ties a means of payment to the guest, so that it can be used again; answers its lasting name.
    fn attach(&self, key: &str, method: &str, customer: &str) -> Result<String, Trouble> {
        read::id(&self.wire.post(&format!("/v1/payment_methods/{method}/attach"), Some(&format!("{key}:attach")), &[("customer", customer)])?)
    }

    fn intent(&self, whom: &Again) -> Result<Option<Value>, Trouble> {
        if let Some(reference) = &whom.reference {
            return self.wire.get(&format!("/v1/payment_intents/{reference}"), &[WITH_FEE]).map(Some);
        }
        // Its name was never told. What was written on it is found a minute later; until then the same key finds it.
        let query = format!("metadata['payment']:'{}'", whom.payment);
        match self.wire.get("/v1/payment_intents/search", &[("query", &query), ("expand[]", "data.latest_charge.balance_transaction")]) {
            Ok(found) => Ok(found["data"].as_array().and_then(|all| all.first()).cloned()),
            Err(Trouble::Refused { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// A list about a payment; empty where there is no such list.
    fn list(&self, path: &str, intent: &str) -> Result<Vec<Value>, Trouble> {
        match self.wire.get(path, &[("payment_intent", intent), ("limit", "100")]) {
            Ok(found) => data(&found),
            Err(Trouble::Refused { code, .. }) if code == wire::NOT_THERE => Ok(Vec::new()),
            Err(other) => Err(other),
        }
    }

    fn act(&self, call: &Again, what: &str) -> Answer {
        let Some(reference) = &call.reference else { return Err(Trouble::Refused { code: wire::NOT_THERE.into(), facts: Box::default() }) };
        let answer = self.wire.post(&format!("/v1/payment_intents/{reference}/{what}"), Some(&call.key), &[])?;
        read::intent(&answer).ok_or_else(wire::unreadable)
    }
}

impl Provider for Stripe {
    fn name(&self) -> &'static str {
        STRIPE
    }

    fn authorize(&self, call: &Authorize) -> Answer {
        let customer = self.customer(&call.key, call.guest, call.customer.as_ref())?;
        let method = if call.keep && !call.off_session { self.attach(&call.key, &call.method, &customer)? } else { call.method.clone() };
        let (amount, currency) = (call.amount.to_string(), call.currency.code().to_ascii_lowercase());
        let (payment, booking) = (call.payment.to_string(), call.booking.to_string());
        let mut form = vec![
            ("amount", amount.as_str()),
            ("currency", &currency),
            ("customer", &customer),
            ("payment_method", &method),
            ("payment_method_types[]", "card"),
            ("capture_method", if call.capture == Capture::Now { "automatic" } else { "manual" }),
            ("confirm", "true"),
            ("metadata[payment]", &payment),
            ("metadata[booking]", &booking),
            WITH_FEE,
        ];
        if call.off_session {
            form.push(("off_session", "true"));
        }
        let answer = self.wire.post("/v1/payment_intents", Some(&call.key), &form)?;
        let facts = read::intent(&answer).ok_or_else(wire::unreadable)?;
        Ok(Facts { customer: Some(customer), method: call.keep.then_some(method), ..facts })
    }

    fn capture(&self, call: &Again) -> Answer {
        self.act(call, "capture")
    }

    fn void(&self, call: &Again) -> Answer {
        self.act(call, "cancel")
    }

    fn refund(&self, call: &GiveBack) -> Answer {
        let Some(reference) = &call.of.reference else { return Err(Trouble::Refused { code: wire::NOT_THERE.into(), facts: Box::default() }) };
        let (amount, refund, payment) = (call.amount.to_string(), call.refund.to_string(), call.of.payment.to_string());
        let form = [("payment_intent", reference.as_str()), ("amount", &amount), ("metadata[refund]", &refund), ("metadata[payment]", &payment)];
        let answer = self.wire.post("/v1/refunds", Some(&call.of.key), &form)?;
        read::refund(&answer).ok_or_else(wire::unreadable)
    }

    fn look_up(&self, whom: &Again) -> Result<Option<Facts>, Trouble> {
        let Some(intent) = self.intent(whom)? else { return Ok(None) };
        let mut facts = read::intent(&intent).ok_or_else(wire::unreadable)?;
        // Without its name the lists would be those of everybody.
        let name = facts.reference.clone().ok_or_else(wire::unreadable)?;
        facts.refunds = self.list("/v1/refunds", &name)?.iter().filter_map(read::refund).flat_map(|one| one.refunds).collect();
        facts.dispute = self.list("/v1/disputes", &name)?.iter().filter_map(read::dispute).find_map(|one| one.dispute);
        Ok(Some(facts))
    }

    fn finds_after_seconds(&self) -> i64 {
        FOUND_SECONDS
    }

    fn payout(&self, call: &PayOut) -> Result<PaidOut, Trouble> {
        let (amount, currency, payout) = (call.amount.to_string(), call.currency.code().to_ascii_lowercase(), call.payout.to_string());
        let form = [("amount", amount.as_str()), ("currency", &currency), ("destination", &call.destination), ("metadata[payout]", &payout)];
        read::id(&self.wire.post("/v1/transfers", Some(&call.key), &form)?).map(|reference| PaidOut { reference })
    }

    fn open_account(&self, key: &str, host: UserId) -> Result<String, Trouble> {
        let form = [("type", "express"), ("capabilities[transfers][requested]", "true"), ("metadata[host]", &host.to_string())];
        read::id(&self.wire.post("/v1/accounts", Some(key), &form)?)
    }

    fn account_page(&self, account: &str, back_to: &str) -> Result<String, Trouble> {
        let form = [("account", account), ("refresh_url", back_to), ("return_url", back_to), ("type", "account_onboarding")];
        let answer = self.wire.post("/v1/account_links", None, &form)?;
        answer["url"].as_str().map(str::to_owned).ok_or_else(wire::unreadable)
    }

    fn save(&self, key: &str, guest: UserId, customer: Option<&String>, method: &str) -> Result<Saved, Trouble> {
        let customer = self.customer(key, guest, customer)?;
        let guest = guest.to_string();
        let form = [("customer", customer.as_str()), ("payment_method_types[]", "card"), ("usage", "off_session"), ("metadata[guest]", &guest)];
        let place = format!("/v1/setup_intents/{}", read::id(&self.wire.post("/v1/setup_intents", Some(key), &form)?)?);
        // Whoever comes back from their bank asks with the same key, which is answered as it was at first: look how it stands now.
        let mut intent = self.wire.get(&place, &[])?;
        if matches!(intent["status"].as_str(), Some("requires_payment_method" | "requires_confirmation")) {
            intent = self.wire.post(&format!("{place}/confirm"), None, &[("payment_method", method)])?;
        }
        let action = read::action(&intent);
        if action.is_none() && intent["status"].as_str() != Some("succeeded") {
            let code = intent["last_setup_error"]["code"].as_str().unwrap_or("not_saved").to_owned();
            return Err(Trouble::Refused { code, facts: Box::default() });
        }
        let method = intent["payment_method"].as_str().unwrap_or(method).to_owned();
        Ok(Saved { customer, method, action })
    }

    fn verify_webhook(&self, now: Instant, headers: &HeaderMap, body: &[u8]) -> Result<Message, Forged> {
        let signature = headers.get("stripe-signature").and_then(|value| value.to_str().ok());
        let mut secrets = vec![self.settings.webhook_secret.expose().as_bytes()];
        secrets.extend(self.settings.old_webhook_secret.as_ref().map(|secret| secret.expose().as_bytes()));
        check(&secrets, signature, body, now)?;
        let event: Value = serde_json::from_slice(body).map_err(|_nonsense| Forged("it is no JSON"))?;
        if event["livemode"].as_bool().unwrap_or(false) != self.settings.is_live() {
            return Err(Forged("it is of another mode: tests and real money do not mix"));
        }
        let account = event["account"].as_str();
        if account.is_some() && account != self.settings.account.as_deref() {
            return Err(Forged("it is about another account"));
        }
        let (Some(id), Some(kind)) = (event["id"].as_str(), event["type"].as_str()) else { return Err(Forged("it is no event")) };
        Ok(Message { event: id.to_owned(), kind: kind.to_owned(), facts: read::event(kind, &event["data"]["object"]) })
    }

    fn report(&self, from: Instant, to: Instant) -> Result<Option<Vec<Total>>, Trouble> {
        let seconds = |at: Instant| at.0.div_euclid(Instant::SECOND).to_string();
        let (from, to) = (seconds(from), seconds(to));
        let (mut totals, mut after): (Vec<Total>, Option<String>) = (Vec::new(), None);
        for _page in 0..MOST_PAGES {
            let mut query = vec![("limit", "100"), ("created[gte]", from.as_str()), ("created[lt]", to.as_str())];
            if let Some(after) = &after {
                query.push(("starting_after", after));
            }
            let page = self.wire.get("/v1/balance_transactions", &query)?;
            let lines = data(&page)?;
            lines.iter().for_each(|line| read::add(&mut totals, line));
            after = lines.last().and_then(|line| line["id"].as_str()).map(str::to_owned);
            if !page["has_more"].as_bool().unwrap_or(false) || after.is_none() {
                break;
            }
        }
        Ok(Some(totals))
    }
}
