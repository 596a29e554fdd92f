//! `[fees]`: what the platform takes of a stay, and when long stays are paid by the month. Nothing, unless the operator says so.

use super::SettingsError;
use crate::values::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// No fee takes more than half.
const MOST_BP: u32 = 5_000;

/// The fees of the platform (docs/RULES.md, P13) and instalments of long stays (P22).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fees {
    pub model: FeePreset,
    /// Basis points of what the host asks, paid by the guest on top; absent: as the model says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest_bp: Option<u32>,
    /// Basis points that are kept of the host's payout; absent: as the model says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host_bp: Option<u32>,
    /// The least and the most a guest pays, in minor units by currency, as in `{ EUR = 300 }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guest_min: BTreeMap<String, i64>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub guest_max: BTreeMap<String, i64>,
    /// Stays of so many nights or more are paid thirty nights at a time; 0: only where the host says so.
    pub monthly_from_nights: u16,
}

/// Usual ways to share the fee.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FeePreset {
    /// The platform takes nothing.
    #[default]
    None,
    /// 12 % of the guest, 3 % of the host.
    Split,
    /// 15.5 % of the host.
    HostOnly,
}

impl Default for Fees {
    fn default() -> Self {
        Self { model: FeePreset::None, guest_bp: None, host_bp: None, guest_min: BTreeMap::new(), guest_max: BTreeMap::new(), monthly_from_nights: 28 }
    }
}

impl Fees {
    /// Shares of the guest and of the host.
    #[must_use]
    pub fn shares(&self) -> (u32, u32) {
        let (guest, host) = match self.model {
            FeePreset::None => (0, 0),
            FeePreset::Split => (1_200, 300),
            FeePreset::HostOnly => (0, 1_550),
        };
        (self.guest_bp.unwrap_or(guest), self.host_bp.unwrap_or(host))
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        for (name, bp) in [("fees.guest_bp", self.guest_bp), ("fees.host_bp", self.host_bp)] {
            if bp.is_some_and(|bp| bp > MOST_BP) {
                return Err(SettingsError::of(name, &format!("is 0 to {MOST_BP} basis points")));
            }
        }
        for (name, amounts) in [("fees.guest_min", &self.guest_min), ("fees.guest_max", &self.guest_max)] {
            for (code, amount) in amounts {
                if Currency::parse(code).is_none_or(|currency| currency.code() != code) || *amount < 0 {
                    return Err(SettingsError::of(name, &format!("`{code} = {amount}` is not a currency such as EUR with minor units, 0 or more")));
                }
                if self.guest_min.get(code).zip(self.guest_max.get(code)).is_some_and(|(least, most)| least > most) {
                    return Err(SettingsError::of(name, &format!("the least is more than the most in {code}")));
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_can_be_refined() {
        let of = |model, guest_bp, host_bp| Fees { model, guest_bp, host_bp, ..Fees::default() }.shares();
        assert_eq!(Fees::default().shares(), (0, 0));
        assert_eq!(of(FeePreset::Split, None, None), (1_200, 300));
        assert_eq!(of(FeePreset::HostOnly, None, None), (0, 1_550));
        assert_eq!(of(FeePreset::Split, Some(1_410), None), (1_410, 300));
        assert_eq!(of(FeePreset::None, None, Some(250)), (0, 250));
    }

    #[test]
    fn fees_that_make_no_sense_are_refused() {
        let amounts = |code: &str, amount| BTreeMap::from([(code.to_owned(), amount)]);
        assert!(Fees { guest_min: amounts("EUR", 100), guest_max: amounts("EUR", 100), ..Fees::default() }.check().is_ok());
        for bad in [
            Fees { guest_bp: Some(5_001), ..Fees::default() },
            Fees { host_bp: Some(10_000), ..Fees::default() },
            Fees { guest_min: amounts("eur", 1), ..Fees::default() },
            Fees { guest_max: amounts("EUR", -1), ..Fees::default() },
            Fees { guest_min: amounts("EUR", 101), guest_max: amounts("EUR", 100), ..Fees::default() },
        ] {
            assert!(bad.check().is_err(), "{bad:?}");
        }
    }
}
