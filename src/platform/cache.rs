//! A bounded cache of rendered answers that never keeps what was forgotten while it was being read.
//!
//! A reader that looked at the database before a change must not put its old answer back after the event log has
//! dropped the entry. So every `forget` turns a page: what was read under an older page is answered, but not kept.

use foldhash::fast::RandomState;
use moka::sync::Cache as Moka;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

/// Entries by key, at most so many bytes of them; what is used least goes first.
pub struct Cache<K, V> {
    entries: Moka<K, V, RandomState>,
    page: AtomicU64,
}

/// When a reading began; see [`Cache::begin`].
#[derive(Debug, Clone, Copy)]
pub struct Page(u64);

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// A cache of at most `bytes`, where `weigh` says how many bytes an entry takes.
    pub fn new(bytes: u64, weigh: impl Fn(&K, &V) -> u32 + Send + Sync + 'static) -> Self {
        Self { entries: Moka::builder().max_capacity(bytes).weigher(weigh).build_with_hasher(RandomState::default()), page: AtomicU64::new(0) }
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
            self.entries.invalidate(&key);
        }
    }

    /// Drops one entry.
    pub fn forget(&self, key: &K) {
        self.page.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate(key);
    }

    /// Drops everything.
    pub fn forget_all(&self) {
        self.page.fetch_add(1, Ordering::SeqCst);
        self.entries.invalidate_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_forgotten_while_it_was_read_is_not_kept() {
        let cache: Cache<u8, &str> = Cache::new(1_000, |_, _| 10);
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
}
