//! `[cancellation]`: what hosts owe who call stays off, and how kept money is taxed.

use super::SettingsError;
use serde::{Deserialize, Serialize};

const MOST_TIERS: usize = 10;
const WHOLE_BP: u32 = 10_000;

/// When a stay is called off (docs/RULES.md, C6 and C11).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cancellation {
    /// Whether shares are taxed of what is kept of a room nobody slept in.
    pub tax_on_retained: bool,
    pub host_penalty: HostPenalty,
    /// Other shares than those of `standard`, the most hours first: `[{ hours = 720, bp = 1000 }, { hours = 0, bp = 5000 }]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub host_penalty_tiers: Vec<PenaltyTier>,
    /// The least and the most a host pays, in whole units of the booking's currency.
    pub host_penalty_min: u32,
    pub host_penalty_max: u32,
    /// The nights that a host gives up stay blocked.
    pub host_keeps_nights_blocked: bool,
    /// The page of the listing says that the host called a stay off.
    pub host_public_notice: bool,
}

/// Whether hosts pay for calling stays off.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostPenalty {
    #[default]
    None,
    /// 10 % of what the guest would have paid the host, 30 days before check-in or earlier; 25 % up to 48 hours before; then 50 %.
    Standard,
}

/// Whoever calls off so many hours before check-in or earlier pays this share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PenaltyTier {
    pub hours: u32,
    pub bp: u32,
}

impl Default for Cancellation {
    fn default() -> Self {
        Self {
            tax_on_retained: true,
            host_penalty: HostPenalty::None,
            host_penalty_tiers: Vec::new(),
            host_penalty_min: 50,
            host_penalty_max: 1_000,
            host_keeps_nights_blocked: true,
            host_public_notice: true,
        }
    }
}

impl Cancellation {
    /// Hours before check-in and shares in basis points; none: hosts pay nothing.
    #[must_use]
    pub fn penalty_tiers(&self) -> Vec<(u32, u32)> {
        match self.host_penalty {
            HostPenalty::None => Vec::new(),
            HostPenalty::Standard if self.host_penalty_tiers.is_empty() => vec![(720, 1_000), (48, 2_500), (0, 5_000)],
            HostPenalty::Standard => self.host_penalty_tiers.iter().map(|tier| (tier.hours, tier.bp)).collect(),
        }
    }

    pub(super) fn check(&self) -> Result<(), SettingsError> {
        let tiers = &self.host_penalty_tiers;
        let later_is_dearer = tiers.windows(2).all(|pair| pair[0].hours > pair[1].hours && pair[0].bp <= pair[1].bp);
        if tiers.len() > MOST_TIERS || !later_is_dearer || tiers.iter().any(|tier| tier.bp > WHOLE_BP) {
            return Err(SettingsError::of(
                "cancellation.host_penalty_tiers",
                "has up to 10 shares of at most 10000 basis points, the most hours first, and later ones are no smaller",
            ));
        }
        if self.host_penalty_min > self.host_penalty_max {
            return Err(SettingsError::of("cancellation.host_penalty_max", "is no less than host_penalty_min"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_is_never_cheaper() {
        let with = |tiers: &[(u32, u32)]| Cancellation {
            host_penalty: HostPenalty::Standard,
            host_penalty_tiers: tiers.iter().map(|(hours, bp)| PenaltyTier { hours: *hours, bp: *bp }).collect(),
            ..Cancellation::default()
        };
        for (tiers, good) in [
            (&[][..], true),
            (&[(720, 1_000), (0, 5_000)], true),
            (&[(0, 5_000), (720, 1_000)], false),
            (&[(720, 5_000), (0, 1_000)], false),
            (&[(1, 10_001)], false),
        ] {
            assert_eq!(with(tiers).check().is_ok(), good, "{tiers:?}");
        }
        assert!(Cancellation { host_penalty_min: 2_000, ..Cancellation::default() }.check().is_err());
        assert_eq!(Cancellation::default().penalty_tiers(), []);
        assert_eq!(with(&[]).penalty_tiers(), [(720, 1_000), (48, 2_500), (0, 5_000)]);
    }
}
