//! `[outbound]`: which addresses the server calls when somebody else names them (calendar feeds, webhooks).

use super::{Network, SettingsError};
use serde::{Deserialize, Serialize};

/// Calls to addresses that strangers name. What the operator names in other settings is called as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundSettings {
    /// Whether http is called too; otherwise only https.
    pub allow_http: bool,
    pub ports: Vec<u16>,
    /// Networks that are called although they are not public.
    pub allow: Vec<Network>,
    /// Networks that are not called although they are public, such as this server's own. The address in `listen` is among them.
    pub deny: Vec<Network>,
}

impl Default for OutboundSettings {
    fn default() -> Self {
        Self { allow_http: false, ports: vec![80, 443, 8443], allow: Vec::new(), deny: Vec::new() }
    }
}

impl OutboundSettings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if let Some(network) = self.allow.iter().find(|network| network.is_everything()) {
            return Err(SettingsError::of(
                "outbound.allow",
                &format!("`{network}` is everything: strangers could make the server call what only it can reach"),
            ));
        }
        Ok(())
    }
}
