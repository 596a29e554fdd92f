//! `[[oidc]]`: providers of OpenID Connect whose accounts open the door here.

use super::{Hidden, SettingsError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// One provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcProvider {
    /// In addresses: small letters, digits, `-`.
    pub id: String,
    /// On the button.
    pub name: String,
    /// As the provider itself writes it; `/.well-known/openid-configuration` is asked below it.
    pub issuer: String,
    pub client_id: String,
    /// Absent for a public client, which only the proof key (PKCE) protects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Hidden>,
    /// The file that holds it, instead of `client_secret`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    #[serde(default = "usual_scopes")]
    pub scopes: Vec<String>,
    /// Where else than to our own callback the provider may send people, for apps that finish the login themselves. Exact.
    #[serde(default)]
    pub redirect_uris: Vec<String>,
}

fn usual_scopes() -> Vec<String> {
    ["openid", "email", "profile"].map(str::to_owned).to_vec()
}

impl OidcProvider {
    /// Whether the operator chose to reach it without TLS.
    #[must_use]
    pub fn is_plain_http(&self) -> bool {
        self.issuer.starts_with("http://")
    }

    /// The client's secret, from wherever it stands.
    pub fn secret(&self) -> Result<Option<Hidden>, SettingsError> {
        let Some(path) = &self.client_secret_file else { return Ok(self.client_secret.clone()) };
        let text = std::fs::read_to_string(path);
        let text =
            text.map_err(|error| SettingsError::new(format!("oidc.client_secret_file of `{}`, {}, cannot be read: {error}", self.id, path.display())))?;
        Ok(Some(Hidden::new(text.trim_end_matches(['\r', '\n']))))
    }

    fn check(&self) -> Result<(), SettingsError> {
        let refuse = |what: &str, why: &str| Err(SettingsError::of(&format!("oidc.{what}"), &format!("of `{}` {why}", self.id)));
        let slug = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if self.id.is_empty() || self.id.len() > 32 || !self.id.bytes().all(slug) {
            return refuse("id", "must be 1 to 32 small letters, digits and `-`");
        }
        if self.name.trim().is_empty() || self.name.chars().count() > 60 || self.name.chars().any(char::is_control) {
            return refuse("name", "must be 1 to 60 characters");
        }
        let host = self.issuer.strip_prefix("https://").or_else(|| self.issuer.strip_prefix("http://"));
        if host.is_none_or(|rest| rest.is_empty() || rest.starts_with('/') || rest.contains(['?', '#', '@', ' '])) {
            return refuse("issuer", "must be an https:// address (http:// on a network you trust) without parameters");
        }
        if self.client_id.is_empty() {
            return refuse("client_id", "is empty");
        }
        if self.client_secret.is_some() && self.client_secret_file.is_some() {
            return refuse("client_secret", "and client_secret_file are both set");
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return refuse("scopes", "must hold `openid`");
        }
        if self.redirect_uris.iter().any(|uri| !uri.contains(':') || uri.contains(['#', '*', ' '])) {
            return refuse("redirect_uris", "must be whole addresses, without `*` and without a fragment");
        }
        Ok(())
    }
}

pub(super) fn check(providers: &[OidcProvider]) -> Result<(), SettingsError> {
    for (at, provider) in providers.iter().enumerate() {
        provider.check()?;
        if providers[..at].iter().any(|other| other.id == provider.id) {
            return Err(SettingsError::of("oidc.id", &format!("`{}` stands twice", provider.id)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::Config;

    fn config(text: &str) -> Config {
        use figment::providers::{Format, Toml};
        figment::Figment::from(Toml::string(text)).extract().unwrap()
    }

    const GOOD: &str = "[[oidc]]\nid = 'home'\nname = 'Home'\nissuer = 'https://id.example/realms/x'\nclient_id = 'stay'\nclient_secret = 'hunter2'\n";

    #[test]
    fn a_provider_is_read_and_its_secret_not_shown() {
        let config = config(GOOD);
        assert_eq!(check(&config.oidc), Ok(()));
        assert_eq!(config.oidc[0].scopes, ["openid", "email", "profile"]);
        let shown = config.to_toml().unwrap();
        assert!(shown.contains("[[oidc]]") && shown.contains("***") && !shown.contains("hunter2"), "{shown}");
    }

    #[test]
    fn half_a_provider_is_refused() {
        for (from, to, word) in [
            ("'home'", "'Home page'", "oidc.id"),
            ("'Home'", "''", "oidc.name"),
            ("https://id", "id", "oidc.issuer"),
            ("realms/x", "realms/x?y=z", "oidc.issuer"),
            ("'stay'", "''", "oidc.client_id"),
            ("client_id", "scopes = ['email']\nclient_id", "oidc.scopes"),
            ("client_id", "client_secret_file = '/x'\nclient_id", "oidc.client_secret"),
            ("client_id", "redirect_uris = ['https://*.example/']\nclient_id", "oidc.redirect_uris"),
        ] {
            let error = check(&config(&GOOD.replace(from, to)).oidc).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
        assert!(check(&config(&format!("{GOOD}{GOOD}")).oidc).unwrap_err().to_string().contains("twice"));
    }
}
