//! `[payouts]`: when hosts get what they have earned.

use super::SettingsError;
use crate::values::Currency;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Payouts (docs/RULES.md, M5 to M7).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Payouts {
    /// Hours after check-in until what a stay earns is the host's, 0 to 720.
    pub release_hours: u16,
    /// Hours until a new payout method counts, 0 to 720.
    pub method_hours: u16,
    /// Days after the first stay of a host was released until they are paid for the first time, 0 to 365.
    pub new_host_days: u16,
    /// Less than this waits for more, in minor units by currency: `{ EUR = 1000 }`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub minimum: BTreeMap<String, i64>,
}

impl Default for Payouts {
    fn default() -> Self {
        Self { release_hours: 24, method_hours: 72, new_host_days: 0, minimum: BTreeMap::new() }
    }
}

impl Payouts {
    /// What has to come together before it is paid out.
    #[must_use]
    pub fn minimum_in(&self, currency: Currency) -> i64 {
        self.minimum.get(currency.code()).copied().unwrap_or(0)
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if self.release_hours > 720 {
            return Err(SettingsError::of("payouts.release_hours", "is 0 to 720"));
        }
        if self.method_hours > 720 {
            return Err(SettingsError::of("payouts.method_hours", "is 0 to 720"));
        }
        if self.new_host_days > 365 {
            return Err(SettingsError::of("payouts.new_host_days", "is 0 to 365"));
        }
        let good = |(code, amount): (&String, &i64)| Currency::parse(code).is_some_and(|known| known.code() == code) && *amount >= 0;
        if self.minimum.iter().all(good) { Ok(()) } else { Err(SettingsError::of("payouts.minimum", "has ISO 4217 codes and amounts of zero or more")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_are_refused() {
        let good = |change: fn(&mut Payouts)| {
            let mut payouts = Payouts::default();
            change(&mut payouts);
            payouts.check().is_ok()
        };
        assert!(good(|_| ()) && good(|payouts| _ = payouts.minimum.insert("EUR".into(), 1_000)));
        assert!(!good(|payouts| payouts.release_hours = 721) && !good(|payouts| payouts.method_hours = 721) && !good(|payouts| payouts.new_host_days = 366));
        assert!(!good(|payouts| _ = payouts.minimum.insert("euros".into(), 1)) && !good(|payouts| _ = payouts.minimum.insert("EUR".into(), -1)));
    }
}
