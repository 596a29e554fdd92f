//! Settings of listings: what a home needs before guests see it.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// `[listings]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ListingSettings {
    /// Whose homes staff look at before they are seen (V2).
    pub approval: Approval,
    /// Whether a home needs a photo to be published.
    pub photo_required: bool,
    /// Countries (ISO 3166-1 alpha-2) in which a home needs a registration number to be published (V9).
    pub registration_required: Vec<String>,
}

/// Which homes wait for staff (V2).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Approval {
    /// None: hosts publish by themselves.
    #[default]
    None,
    /// The first one of each host.
    First,
    /// Every one, once.
    Every,
    /// Every one, and again after its title or its photos were changed.
    Edits,
}

impl Default for ListingSettings {
    fn default() -> Self {
        Self { approval: Approval::None, photo_required: true, registration_required: Vec::new() }
    }
}

impl ListingSettings {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let is_code = |code: &&String| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase());
        match self.registration_required.iter().find(|code| !is_code(code)) {
            Some(bad) => Err(SettingsError::of("listings.registration_required", &format!("`{bad}` is no code of a country such as `FR`"))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_are_codes() {
        let with = |code: &str| ListingSettings { registration_required: vec![code.into()], ..ListingSettings::default() }.check();
        assert!(ListingSettings::default().check().is_ok() && with("FR").is_ok());
        for bad in ["fr", "France", "F1", ""] {
            assert!(with(bad).is_err(), "{bad}");
        }
    }
}
