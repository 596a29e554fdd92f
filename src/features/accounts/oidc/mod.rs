//! Other providers that say who somebody is (OpenID Connect): code flow with PKCE, state and nonce.
//!
//! `provider.rs` talks to one of them: discovery, the address to send people to, and what their answer proves. What follows from an
//! [`Identity`] is decided in `service/oidc.rs`. Calls block, and are bounded by the one client for calls to elsewhere.

mod provider;

pub(super) use provider::Provider;

use crate::platform::config::Config;
use crate::platform::error::{Error, Kind, Refused};
use crate::platform::outbound::Outbound;
use crate::values::Email;
use std::sync::Arc;

/// Who somebody is, as a provider vouches for it.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub provider: String,
    pub provider_name: String,
    pub issuer: String,
    pub subject: String,
    /// Verified by the provider.
    pub email: Email,
    pub name: Option<String>,
}

/// Why a provider's answer is of no use. The details go to the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// It does not answer, or not as a provider should.
    #[error("the provider is not available: {0}")]
    Unavailable(String),
    /// It answers, but that does not prove who somebody is.
    #[error("the provider's answer proves nothing: {0}")]
    Unproven(&'static str),
    #[error("the provider does not vouch for the mail address")]
    Unverified,
}

impl From<Trouble> for Error {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Unavailable(_) => {
                let mut refused = Refused::new(Kind::Busy, "provider_unavailable", "The identity provider does not answer as it should. Try again shortly.");
                refused.retry_after_seconds = Some(10);
                refused.into()
            }
            Trouble::Unproven(_) => Self::refused(Kind::Unauthenticated, "provider_refused", "What came back does not prove who you are. Begin anew."),
            Trouble::Unverified => {
                Self::refused(Kind::Forbidden, "email_unverified", "The identity provider does not vouch for your mail address: verify it there first.")
            }
        }
    }
}

/// All providers of the settings; cheap to clone.
#[derive(Clone)]
pub(super) struct Providers(Arc<[Arc<Provider>]>);

impl Providers {
    /// Calls nobody yet: a provider that is down must not keep the server from starting.
    pub(super) fn open(config: &Config, outbound: &Outbound) -> anyhow::Result<Self> {
        let open = |settings: &_| Provider::open(settings, outbound.clone(), &config.base_url()).map(Arc::new);
        Ok(Self(config.oidc.iter().map(open).collect::<anyhow::Result<_>>()?))
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Provider>> {
        self.0.iter().find(|provider| provider.id() == id).cloned()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Provider> {
        self.0.iter().map(AsRef::as_ref)
    }
}
