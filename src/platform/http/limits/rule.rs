//! One limit: so many within a minute and so many within an hour, for each key.

use super::buckets::Buckets;
use super::standing::{Left, Standing, policy};
use crate::platform::config::Rate;
use governor::clock::Clock;
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::{Quota, RateLimiter};
use poem::http::HeaderValue;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A clock that only goes forward, whatever happens to the machine's date. Tests move it by hand.
#[derive(Debug, Clone)]
pub(super) struct Ticks {
    begun: Option<Instant>,
    ahead: Arc<AtomicU64>,
}

impl Ticks {
    pub(super) fn running() -> Self {
        Self { begun: Some(Instant::now()), ahead: Arc::default() }
    }

    #[cfg(test)]
    pub(super) fn stopped() -> Self {
        Self { begun: None, ahead: Arc::default() }
    }

    #[cfg(test)]
    pub(super) fn pass(&self, time: Duration) {
        self.ahead.fetch_add(u64::try_from(time.as_nanos()).unwrap(), Ordering::Relaxed);
    }
}

impl Clock for Ticks {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let since = self.begun.map_or(0, |begun| u64::try_from(begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        Nanos::new(since.saturating_add(self.ahead.load(Ordering::Relaxed)))
    }
}

pub(super) struct Rule {
    windows: Vec<Window>,
    policy: HeaderValue,
}

pub(super) struct Window {
    /// As it is called in the headers.
    pub(super) name: String,
    /// How many within its time.
    pub(super) quota: u32,
    pub(super) seconds: u32,
    burst: u32,
    limiter: RateLimiter<u128, Buckets, Ticks, StateInformationMiddleware>,
    ticks: Ticks,
}

impl Rule {
    pub(super) fn new(name: &str, rate: Rate, ticks: &Ticks) -> Self {
        let minute = Window::new(name.to_owned(), rate.per_minute, 60, rate.burst, ticks);
        let hourly = if minute.is_some() { format!("{name}-hour") } else { name.to_owned() };
        let hour = Window::new(hourly, rate.per_hour, 3_600, 0, ticks);
        let windows: Vec<Window> = minute.into_iter().chain(hour).collect();
        Self { policy: policy(&windows), windows }
    }

    /// Counts one for `key`; answers how it stands, and how many seconds to wait when it was one too many. `None`: no limit.
    /// What one window refuses does not count in the windows after it.
    pub(super) fn count(&self, key: u128, legacy: bool) -> Option<(Standing, Option<u32>)> {
        let mut left = [Left::default(); 2];
        let mut wait = None;
        let mut asked = 0;
        for (window, left) in self.windows.iter().zip(&mut left) {
            asked += 1;
            match window.count(key) {
                Ok(found) => *left = found,
                Err(seconds) => {
                    *left = window.left(0);
                    wait = Some(seconds);
                    break;
                }
            }
        }
        (asked > 0).then(|| (Standing::new(&self.policy, &self.windows[..asked], &left, legacy), wait))
    }

    #[cfg(test)]
    pub(super) fn keys(self) -> Vec<Buckets> {
        self.windows.into_iter().map(|window| window.limiter.into_state_store()).collect()
    }
}

impl Window {
    fn new(name: String, quota: u32, seconds: u32, burst: u32, ticks: &Ticks) -> Option<Self> {
        let cost = Duration::from_secs(seconds.into()) / NonZeroU32::new(quota)?.get();
        let burst = NonZeroU32::new(burst).or(NonZeroU32::new(quota))?;
        let limiter = RateLimiter::new(Quota::with_period(cost)?.allow_burst(burst), Buckets::new(cost.into()), ticks.clone());
        Some(Self { name, quota, seconds, burst: burst.get(), limiter, ticks: ticks.clone() })
    }

    /// What is left after one more, or how many whole seconds to wait for the next one.
    fn count(&self, key: u128) -> Result<Left, u32> {
        match self.limiter.check_key(&key) {
            Ok(state) => Ok(self.left(state.remaining_burst_capacity())),
            Err(until) => Err(whole_seconds(until.wait_time_from(self.ticks.now())).max(1)),
        }
    }

    /// `remaining` may come at once; the rest comes back evenly until all may.
    fn left(&self, remaining: u32) -> Left {
        let missing = u64::from(self.burst - remaining.min(self.burst)) * u64::from(self.seconds);
        Left { remaining, reset_seconds: u32::try_from(missing.div_ceil(u64::from(self.quota))).unwrap_or(u32::MAX) }
    }
}

/// Rounded up.
fn whole_seconds(time: Duration) -> u32 {
    u32::try_from(time.as_nanos().div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
}
