//! The memory of a rule: one number for each key, at most [`MOST`] of them.
//!
//! The number is the moment at which the key's bucket will be full again; a key whose moment has passed is the same as one
//! that was never seen, so forgetting it forgives nothing. When all places are taken by keys that are not idle, those that are
//! nearest to full make room: whoever has many addresses can push out others that hardly come, and not one that is at its limit.

use governor::nanos::Nanos;
use governor::state::StateStore;
use parking_lot::Mutex;
use std::collections::HashMap;
use std::hash::BuildHasher;

/// Keys that are remembered at once, by one rule.
pub(super) const MOST: usize = 100_000;
/// So that threads hardly ever meet.
const SHARDS: usize = 64;
const MOST_OF_SHARD: usize = MOST / SHARDS;
/// How many make room at once, so that the search for them is not paid for by each newcomer.
const DROPPED: usize = MOST_OF_SHARD / 16;
/// How often a shard looks for idle keys, when new ones come.
const SWEEP_NANOS: u64 = 60_000_000_000;

/// Keys are addresses and ids as they are: two of them never share a number. With the fast variant neighbouring addresses lay in
/// half of the shards in one process of twenty: a seed holds for a process.
type Hasher = foldhash::quality::RandomState;

pub(super) struct Buckets {
    shards: Box<[Mutex<Shard>]>,
    hasher: Hasher,
    /// What one request costs.
    cost: u64,
}

#[derive(Default)]
struct Shard {
    full_at: HashMap<u128, u64, Hasher>,
    swept_at: u64,
}

impl Buckets {
    pub(super) fn new(cost: Nanos) -> Self {
        Self { shards: (0..SHARDS).map(|_| Mutex::default()).collect(), hasher: Hasher::default(), cost: cost.as_u64() }
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().full_at.len()).sum()
    }

    /// How many keys the fullest shard holds.
    #[cfg(test)]
    pub(super) fn fullest(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().full_at.len()).max().unwrap_or(0)
    }

    /// Places that memory is taken for.
    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().full_at.capacity()).sum()
    }
}

impl StateStore for Buckets {
    type Key = u128;

    fn measure_and_replace<T, F, E>(&self, key: &u128, f: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        // The high bits, because the map below uses the low ones.
        let at = usize::try_from(self.hasher.hash_one(key) >> 58).unwrap_or_default();
        let mut shard = self.shards[at % SHARDS].lock();
        if let Some(full_at) = shard.full_at.get_mut(key) {
            let (answer, next) = f(Some(Nanos::new(*full_at)))?;
            *full_at = next.as_u64();
            return Ok(answer);
        }
        let (answer, next) = f(None)?;
        // Nobody tells the store what time it is, but a first request is paid from now on.
        shard.make_room(next.as_u64().saturating_sub(self.cost));
        shard.full_at.insert(*key, next.as_u64());
        Ok(answer)
    }
}

impl Shard {
    fn make_room(&mut self, now: u64) {
        let full = self.full_at.len() >= MOST_OF_SHARD;
        if !full && now.saturating_sub(self.swept_at) < SWEEP_NANOS {
            return;
        }
        self.swept_at = now;
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= MOST_OF_SHARD {
            self.drop_nearest();
        }
        if self.full_at.len() < self.full_at.capacity() / 4 {
            self.full_at.shrink_to(self.full_at.len() * 2);
        }
    }

    fn drop_nearest(&mut self) {
        let mut moments: Vec<u64> = self.full_at.values().copied().collect();
        let (_, &mut last, _) = moments.select_nth_unstable(DROPPED - 1);
        let mut left = DROPPED;
        self.full_at.retain(|_, full_at| {
            let goes = *full_at <= last && left > 0;
            left -= usize::from(goes);
            !goes
        });
    }
}
