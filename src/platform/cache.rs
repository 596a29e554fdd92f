//! A bounded cache of rendered answers that never keeps what was forgotten while it was being read.
//!
//! A reader that looked at the database before a change must not put its old answer back after the event log has
//! dropped the entry. So every `forget` turns a page: what was read under an older page is answered, but not kept.

use foldhash::fast::RandomState;
use quick_cache::Weighter;
use quick_cache::sync::{Cache as Quick, DefaultLifecycle};
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// What an entry takes besides what it is made of: its places in the table and in the queues, and the slack of both.
const PLACE_BYTES: u64 = 64;

/// Entries by key, at most so many bytes of them; what is used least goes first.
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

/// When a reading began; see [`Cache::begin`].
#[derive(Debug, Clone, Copy)]
pub struct Page(u64);

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `bytes` in all, of entries of some `usual` bytes; `weigh` says what an entry holds on the heap, the same
    /// each time it is asked.
    pub fn of_bytes(bytes: u64, usual: u64, weigh: impl Fn(&K, &V) -> usize + Send + Sync + 'static) -> Self {
        Self::with(bytes / usual.max(1), bytes, Weigher(Some(Arc::new(weigh))))
    }

    /// A cache of at most so many entries.
    pub fn of_entries(most: u64) -> Self {
        Self::with(most, most, Weigher(None))
    }

    fn with(entries: u64, weight: u64, weigher: Weigher<K, V>) -> Self {
        let entries = usize::try_from(entries).unwrap_or(usize::MAX);
        Self { entries: Quick::with(entries, weight, weigher, RandomState::default(), DefaultLifecycle::default()), page: AtomicU64::new(0) }
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
    fn its_bytes_are_all_it_takes() {
        let cache: Cache<u32, Arc<str>> = Cache::of_bytes(1 << 20, 1_000, |_, text: &Arc<str>| text.len());
        let text: Arc<str> = "x".repeat(1_000).into();
        for n in 0..20_000 {
            cache.keep(cache.begin(), n, Arc::clone(&text));
            cache.keep(cache.begin(), n, Arc::clone(&text));
        }
        let kept = (0..20_000).filter(|n| cache.get(n).is_some()).count();
        assert!((700..=1_048).contains(&kept), "{kept} of a thousand bytes in a MiB");
        // What is larger than all of it is not kept, nor is anything where there is no room.
        cache.keep(cache.begin(), 20_000, "x".repeat(2 << 20).into());
        assert_eq!(cache.get(&20_000), None);
        let none: Cache<u32, Arc<str>> = Cache::of_bytes(0, 1_000, |_, text: &Arc<str>| text.len());
        none.keep(none.begin(), 1, text);
        assert_eq!(none.get(&1), None);
    }
}
