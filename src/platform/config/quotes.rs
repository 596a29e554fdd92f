//! `[quotes]`: how long a price is promised.

use super::SettingsError;
use serde::{Deserialize, Serialize};

/// Promises of prices (docs/RULES.md, P19).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Quotes {
    /// Minutes for which a quote can be booked, 5 to 1,440.
    pub minutes: u16,
}

impl Default for Quotes {
    fn default() -> Self {
        Self { minutes: 15 }
    }
}

impl Quotes {
    pub(super) fn check(&self) -> Result<(), SettingsError> {
        if (5..=1_440).contains(&self.minutes) { Ok(()) } else { Err(SettingsError::of("quotes.minutes", "is 5 to 1440")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_promise_lasts_five_minutes_to_a_day() {
        for (minutes, good) in [(4, false), (5, true), (15, true), (1_440, true), (1_441, false)] {
            assert_eq!(Quotes { minutes }.check().is_ok(), good, "{minutes}");
        }
    }
}
