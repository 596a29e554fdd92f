//! A bounded cache of what was read from the database (rendered answers, standings, files) that never keeps what was forgotten while it was
//! being read.
//!
//! A reader that looked at the database before a change must not put its old answer back after the event log has
//! dropped the entry. So every `forget` turns a page: what was read under an older page is answered, but not kept.

use foldhash::fast::RandomState;
use quick_cache::sync::{Cache as Quick, DefaultLifecycle};
use quick_cache::{OptionsBuilder, Weighter};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an entry takes besides what it is made of: its places in the table and in the queues, and its share of those that were forgotten lately.
const PLACE_BYTES: u64 = 64;

/// Entries by key, at most so many bytes of them or so many; what is used least goes first.
pub struct Cache<K, V> {
    entries: Quick<K, V, Weigher<K, V>, RandomState>,
    page: AtomicU64,
}

type Weigh<K, V> = dyn Fn(&K, &V) -> usize + Send + Sync;

struct Weigher<K, V>(Option<Arc<Weigh<K, V>>>);

impl<K, V> Clone for Weigher<K, V> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<K, V> Weighter<K, V> for Weigher<K, V> {
    fn weight(&self, key: &K, value: &V) -> u64 {
        self.0.as_ref().map_or(1, |weigh| PLACE_BYTES + (size_of::<K>() + size_of::<V>() + weigh(key, value)) as u64)
    }
}

/// How many bytes entries have, with what keeping them takes.
#[derive(Debug, Clone, Copy)]
pub struct Sizes {
    /// Most of them.
    pub usual: u64,
    /// Larger ones need not be kept.
    pub largest: u64,
}

/// When a reading began; see [`Cache::begin`].
#[derive(Debug, Clone, Copy)]
pub struct Page(u64);

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `bytes` in all; `weigh` says what an entry holds on the heap, the same each time it is asked.
    pub fn of_bytes(bytes: u64, sizes: Sizes, weigh: impl Fn(&K, &V) -> usize + Send + Sync + 'static) -> Self {
        // Each part has its share of the bytes, and keeps nothing that is larger than nearly all of it.
        Self::with(bytes / sizes.usual.max(1), bytes, bytes / (2 * sizes.largest).max(1), Weigher(Some(Arc::new(weigh))))
    }

    /// A cache of at most so many entries.
    pub fn of_entries(most: u64) -> Self {
        Self::with(most, most, u64::MAX, Weigher(None))
    }

    /// In at most so many parts, which have a lock each.
    fn with(entries: u64, weight: u64, parts: u64, weigher: Weigher<K, V>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let parts = usize::try_from(parts).unwrap_or(usize::MAX).min(4 * cores).max(1);
        // The library rounds up to a power of two.
        let parts = 1 << parts.ilog2();
        let mut options = OptionsBuilder::new();
        options.shards(parts).estimated_items_capacity(usize::try_from(entries).unwrap_or(usize::MAX)).weight_capacity(weight);
        let options = options.build().expect("both capacities are set");
        Self { entries: Quick::with_options(options, weigher, RandomState::default(), DefaultLifecycle::default()), page: AtomicU64::new(0) }
    }

    pub fn get(&self, key: &K) -> Option<V> {
        self.entries.get(key)
    }

    /// To be called before the database is read, and handed to [`Cache::keep`] with what was read.
    pub fn begin(&self) -> Page {
        Page(self.page.load(Ordering::SeqCst))
    }

    /// Keeps an entry, unless anything was forgotten since `begun`.
    pub fn keep(&self, begun: Page, key: K, value: V)
    where
        K: Clone,
    {
        if self.begin().0 != begun.0 {
            return;
        }
        self.entries.insert(key.clone(), value);
        // A forget between the check and the insert has missed the entry; one after this check will meet it.
        if self.begin().0 != begun.0 {
            self.entries.remove(&key);
        }
    }

    /// Drops one entry.
    pub fn forget(&self, key: &K) {
        self.page.fetch_add(1, Ordering::SeqCst);
        self.entries.remove(key);
    }

    /// Drops everything.
    pub fn forget_all(&self) {
        self.page.fetch_add(1, Ordering::SeqCst);
        self.entries.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_forgotten_while_it_was_read_is_not_kept() {
        let cache: Cache<u8, &str> = Cache::of_entries(100);
        let begun = cache.begin();
        cache.keep(begun, 1, "old");
        assert_eq!(cache.get(&1), Some("old"));
        let begun = cache.begin();
        cache.forget(&1);
        cache.keep(begun, 1, "old");
        assert_eq!(cache.get(&1), None);
        cache.keep(cache.begin(), 1, "new");
        cache.keep(cache.begin(), 2, "too");
        cache.forget_all();
        assert_eq!((cache.get(&1), cache.get(&2)), (None, None));
    }

    #[test]
    fn it_is_filled_up_to_its_bytes() {
        let sizes = Sizes { usual: 1_000, largest: 500 << 10 };
        let cache: Cache<u32, Arc<str>> = Cache::of_bytes(1 << 20, sizes, |_, text: &Arc<str>| text.len());
        let text: Arc<str> = "x".repeat(1_000).into();
        for n in 0..20_000 {
            cache.keep(cache.begin(), n, Arc::clone(&text));
            cache.keep(cache.begin(), n, Arc::clone(&text));
        }
        let kept = (0..20_000).filter(|n| cache.get(n).is_some()).count();
        assert!((700..=1_048).contains(&kept), "{kept} of a thousand bytes in a MiB");
        // A large one is kept, one that is larger than all of it is not, nor is anything where there is no room.
        cache.keep(cache.begin(), 20_001, "x".repeat(490 << 10).into());
        assert!(cache.get(&20_001).is_some());
        cache.keep(cache.begin(), 20_000, "x".repeat(2 << 20).into());
        assert_eq!(cache.get(&20_000), None);
        let none: Cache<u32, Arc<str>> = Cache::of_bytes(0, sizes, |_, text: &Arc<str>| text.len());
        none.keep(none.begin(), 1, text);
        assert_eq!(none.get(&1), None);
    }
}
