//! `[payments]`: who takes the money of guests.

use super::{Hidden, SettingsError};
use serde::{Deserialize, Serialize};

/// Payment providers (docs/OPERATIONS.md, "Payments").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payments {
    /// Who is asked for cards.
    pub provider: CardProvider,
    /// Whether guests may also pay by bank transfer, which staff confirm, and in cash, which hosts confirm.
    pub manual: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stripe: Option<StripeSettings>,
}

/// Who is asked for cards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardProvider {
    /// Built in, for trying things out: test cards that do what their names say, and no real money. Not there beside any other.
    #[default]
    Sandbox,
    Stripe,
    /// No cards: bank transfers and cash only.
    None,
}

/// Stripe, or what speaks like it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StripeSettings {
    /// The secret key `sk_…`; `STOPOVER_PAYMENTS__STRIPE__SECRET_FILE` names a file that holds it.
    pub secret: Hidden,
    /// The signing secret of the webhook, `whsec_…`.
    pub webhook_secret: Hidden,
    /// The one before, while it is being replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub old_webhook_secret: Option<Hidden>,
    /// The account that messages must be about, `acct_…`, where the webhook also hears of other accounts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    #[serde(default = "usual_url")]
    pub base_url: String,
}

fn usual_url() -> String {
    "https://api.stripe.com".into()
}

impl Default for Payments {
    fn default() -> Self {
        Self { provider: CardProvider::Sandbox, manual: true, stripe: None }
    }
}

impl StripeSettings {
    /// Whether the key moves real money.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.secret.expose().starts_with("sk_live_") || self.secret.expose().starts_with("rk_live_")
    }

    /// Whether the operator chose to reach it without TLS.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.base_url.starts_with("http://")
    }
}

impl Payments {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let refuse = |name: &str, why| Err(SettingsError::of(name, why));
        let Some(stripe) = &self.stripe else {
            return match self.provider {
                CardProvider::Stripe => refuse("payments.stripe", "is missing, although payments.provider is `stripe`"),
                CardProvider::None if !self.manual => refuse("payments.manual", "must be true where payments.provider is `none`: guests could not pay"),
                _ => Ok(()),
            };
        };
        if self.provider != CardProvider::Stripe {
            return refuse("payments.stripe", "is set, although payments.provider is not `stripe`");
        }
        if stripe.secret.expose().is_empty() || stripe.webhook_secret.expose().len() < 16 {
            return refuse("payments.stripe", "needs its secret key and the signing secret of its webhook");
        }
        let host = stripe.base_url.strip_prefix("https://").or_else(|| stripe.base_url.strip_prefix("http://"));
        if host.is_none_or(|host| host.is_empty() || host.contains(['/', '?', '#', '@', ' '])) {
            return refuse("payments.stripe.base_url", "must be http(s):// and a host, without a path");
        }
        if stripe.is_plain_http() && stripe.is_live() {
            return refuse("payments.stripe.base_url", "must be https:// with a key for real money");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payments(text: &str) -> Payments {
        use figment::providers::{Format, Toml};
        figment::Figment::from(Toml::string(text)).extract().unwrap()
    }

    #[test]
    fn half_a_provider_is_refused_and_keys_are_not_shown() {
        let stripe = "provider = 'stripe'\n[stripe]\nsecret = 'sk_test_x'\nwebhook_secret = 'whsec_0123456789'\n";
        for good in ["", "provider = 'none'", stripe] {
            assert_eq!(payments(good).check(), Ok(()), "{good}");
        }
        for (bad, word) in [
            ("provider = 'stripe'".to_owned(), "payments.stripe"),
            ("provider = 'none'\nmanual = false".to_owned(), "payments.manual"),
            (stripe.replace("'stripe'", "'sandbox'"), "payments.stripe"),
            (stripe.replace("whsec_0123456789", "short"), "payments.stripe"),
            (format!("{stripe}base_url = 'http://x/y'\n"), "base_url"),
            (format!("{stripe}base_url = 'http://x'\n").replace("sk_test_x", "sk_live_x"), "base_url"),
        ] {
            assert!(payments(&bad).check().unwrap_err().to_string().contains(word), "{bad}");
        }
        let shown = toml::to_string(&payments(stripe)).unwrap();
        assert!(shown.contains("***") && !shown.contains("sk_test") && !shown.contains("whsec"), "{shown}");
    }
}
