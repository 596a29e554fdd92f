//! What a host pays for calling off a stay that guests rely on (C11), and what else the operator decides about cancellations.

use super::policy::share;
use crate::platform::config::Cancellation;
use crate::values::{Currency, Instant};

/// The operator's choices, in minor units of a booking's currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Shares are taxed of what is kept of a room nobody slept in, too (C6).
    pub tax_on_retained: bool,
    pub host_penalty: Option<Penalty>,
}

impl Settings {
    #[must_use]
    pub fn of(config: &Cancellation, currency: Currency) -> Self {
        let minor = |units: u32| i64::from(units).saturating_mul(10_i64.saturating_pow(currency.exponent()));
        let tiers = config.penalty_tiers();
        let penalty = Penalty { tiers, least: minor(config.host_penalty_min), most: minor(config.host_penalty_max) };
        Self { tax_on_retained: config.tax_on_retained, host_penalty: (!penalty.tiers.is_empty()).then_some(penalty) }
    }
}

/// A share of what the host would have got, more the later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Penalty {
    /// Hours before check-in and a share in basis points: so early or earlier. The most hours first.
    pub tiers: Vec<(u32, u32)>,
    /// Minor units.
    pub least: i64,
    pub most: i64,
}

impl Penalty {
    /// What is due of `base`, the part of the base that guests get back.
    pub(super) fn of(&self, base: i64, check_in: Instant, at: Instant) -> i64 {
        let in_time = self.tiers.iter().find(|(hours, _)| at <= before(check_in, *hours));
        let bp = in_time.or(self.tiers.last()).map_or(0, |(_, bp)| *bp);
        if bp == 0 || base == 0 { 0 } else { share(base, bp).clamp(self.least, self.most.max(self.least)) }
    }

    /// The last instants of the shares.
    pub(super) fn turns(&self, check_in: Instant) -> impl Iterator<Item = Instant> {
        self.tiers.iter().map(move |(hours, _)| before(check_in, *hours))
    }
}

fn before(check_in: Instant, hours: u32) -> Instant {
    check_in.plus_seconds(-i64::from(hours) * 3_600)
}
