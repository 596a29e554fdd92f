//! `[papers]`: how the operator is named on invoices and receipts.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// The operator on paper, beside the name of the site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Papers {
    /// As it is written on an envelope, up to six lines of 80 characters.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub address: Vec<String>,
    /// As in `DE123456789`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_id: Option<String>,
}

impl Papers {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let good = |line: &String| (1..=80).contains(&line.trim().chars().count()) && !line.chars().any(char::is_control);
        if self.address.len() > 6 || !self.address.iter().all(good) {
            return Err(SettingsError::of("papers.address", "has up to six lines of 1 to 80 characters"));
        }
        if self.tax_id.as_ref().is_some_and(|id| !good(id)) {
            return Err(SettingsError::of("papers.tax_id", "has 1 to 80 characters"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_bounded() {
        let of =
            |lines: &[&str], tax_id: Option<&str>| Papers { address: lines.iter().map(|line| (*line).to_owned()).collect(), tax_id: tax_id.map(str::to_owned) };
        assert!(Papers::default().check().is_ok() && of(&["7 Lark Street", "Albany"], Some("DE123456789")).check().is_ok());
        for bad in [of(&[" "], None), of(&["a\nb"], None), of(&["x"; 7], None), of(&[], Some(""))] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
