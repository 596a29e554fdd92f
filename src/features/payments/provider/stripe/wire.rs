//! Talking to Stripe: forms in, JSON out, and what an error means for whether something has happened.

use super::read;
use crate::features::payments::provider::Trouble;
use crate::platform::config::StripeSettings;
use crate::platform::outbound::{Budget, Outbound, Policy, Trouble as Call};
use http::{Method, Request, header};
use serde_json::Value;
use url::form_urlencoded::Serializer;

/// The release of the API whose words we know.
const VERSION: &str = "2024-06-20";
/// Largest answer: a page of a hundred.
const BYTES: u64 = 4 << 20;
/// The code of what Stripe does not know.
pub(super) const NOT_THERE: &str = "not_there";

pub(super) struct Wire {
    outbound: Outbound,
    base_url: String,
    /// `Bearer sk_…`.
    bearer: String,
    http: bool,
}

impl Wire {
    pub(super) fn new(settings: &StripeSettings, outbound: &Outbound) -> Self {
        Self {
            outbound: outbound.clone(),
            base_url: settings.base_url.clone(),
            bearer: format!("Bearer {}", settings.secret.expose()),
            http: settings.is_plain_http(),
        }
    }

    pub(super) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Value, Trouble> {
        let query = Serializer::new(String::new()).extend_pairs(query).finish();
        self.send(Method::GET, &format!("{path}?{query}"), None, Vec::new())
    }

    /// With a key, Stripe knows a copy of this for a day.
    pub(super) fn post(&self, path: &str, key: Option<&str>, form: &[(&str, &str)]) -> Result<Value, Trouble> {
        self.send(Method::POST, path, key, Serializer::new(String::new()).extend_pairs(form).finish().into_bytes())
    }

    fn send(&self, method: Method, path: &str, key: Option<&str>, body: Vec<u8>) -> Result<Value, Trouble> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base_url))
            .header(header::AUTHORIZATION, &self.bearer)
            .header("Stripe-Version", VERSION);
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        let request = request.body(body).map_err(|_bad| Trouble::NotMade("the call cannot be written".into()))?;
        let answer = self.outbound.send(Policy::Operator { http: self.http }, Budget::of(BYTES), request).map_err(|call| broken(&call))?;
        let status = answer.status().as_u16();
        let said: Option<Value> = serde_json::from_slice(answer.body()).ok();
        match (status, said) {
            (200..=299, Some(said)) => Ok(said),
            (200..=299, None) => Err(unreadable()),
            (_, said) => Err(refused(status, said.as_ref())),
        }
    }
}

/// An answer that is none: what was asked may have been done.
pub(super) fn unreadable() -> Trouble {
    Trouble::Unknown("Stripe's answer cannot be read".into())
}

fn broken(call: &Call) -> Trouble {
    match call {
        Call::Busy | Call::UnknownHost | Call::Refused(_) => Trouble::NotMade(call.to_string()),
        _ => Trouble::Unknown(call.to_string()),
    }
}

fn refused(status: u16, said: Option<&Value>) -> Trouble {
    let error = said.map_or(&Value::Null, |said| &said["error"]);
    let word = |name: &str| error[name].as_str().map(str::to_owned);
    match status {
        // A key in use: a copy of this call runs just now.
        409 | 429 => Trouble::NotMade(format!("Stripe says {status}: wait")),
        // Our key is not taken: an operator can mend that.
        401 | 403 => Trouble::NotMade(format!("Stripe says {status}: the secret key is not taken, or may not do this")),
        404 => Trouble::Refused { code: NOT_THERE.into(), facts: Box::default() },
        400 | 402 => {
            let code = word("decline_code").or_else(|| word("code")).or_else(|| word("type")).unwrap_or_else(|| format!("http_{status}"));
            let facts = error.get("payment_intent").and_then(read::intent).unwrap_or_default();
            if status == 400 {
                tracing::warn!(code, message = word("message"), "Stripe did not understand a call");
            }
            Trouble::Refused { code, facts: Box::new(facts) }
        }
        _ => Trouble::Unknown(format!("Stripe says {status}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn errors_tell_whether_something_may_have_happened() {
        let declined = json!({"error": {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}});
        for (status, said, expected) in [
            (402, Some(&declined), "no: insufficient_funds"),
            (400, None, "no: http_400"),
            (404, None, "no: not_there"),
            (401, None, "not made"),
            (409, None, "not made"),
            (429, None, "not made"),
            (500, Some(&declined), "unknown"),
            (502, None, "unknown"),
            (302, None, "unknown"),
        ] {
            let found = match refused(status, said) {
                Trouble::NotMade(_) => "not made".to_owned(),
                Trouble::Unknown(_) => "unknown".to_owned(),
                Trouble::Refused { code, .. } => format!("no: {code}"),
            };
            assert_eq!(found, expected, "{status}");
        }
        assert!(matches!(broken(&Call::Busy), Trouble::NotMade(_)));
        assert!(matches!(broken(&Call::Slow), Trouble::Unknown(_)));
    }
}
