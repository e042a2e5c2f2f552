//! Amounts of a resource that many holders share: bounded for each holder and for all of them together.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Parts of the table, each behind a lock of its own.
const SHARDS: usize = 16;

/// A resource of which each holder, named by a key, may hold a bounded amount.
pub struct Shares<K> {
    max_per_key: usize,
    max_total: usize,
    total: AtomicUsize,
    shards: [Mutex<HashMap<K, usize>>; SHARDS],
    hasher: RandomState,
}

/// An amount that is held until this is dropped.
pub struct Share<K: Hash + Eq + Copy> {
    shares: Arc<Shares<K>>,
    key: K,
    amount: usize,
}

impl<K: Hash + Eq + Copy> Shares<K> {
    pub fn new(max_per_key: usize, max_total: usize) -> Arc<Self> {
        Arc::new(Self {
            max_per_key,
            max_total,
            total: AtomicUsize::new(0),
            shards: std::array::from_fn(|_| Mutex::new(HashMap::new())),
            hasher: RandomState::new(),
        })
    }

    /// Takes an amount for a key; `None` when the key or all keys together would hold more than they may.
    pub fn take(self: &Arc<Self>, key: K, amount: usize) -> Option<Share<K>> {
        let fits = |held: usize| (held + amount <= self.max_total).then_some(held + amount);
        self.total
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits)
            .ok()?;
        {
            let mut shard = self.shard(&key);
            let held = shard.get(&key).copied().unwrap_or(0);
            if held + amount <= self.max_per_key {
                shard.insert(key, held + amount);
                return Some(Share {
                    shares: Arc::clone(self),
                    key,
                    amount,
                });
            }
        }
        self.total.fetch_sub(amount, Ordering::Relaxed);
        None
    }

    /// Amount that all keys hold together.
    #[cfg(test)]
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, usize>> {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        // The table is consistent at every moment, so a panic elsewhere cannot have left it half changed.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Copy> Share<K> {
    /// Changes the amount that is held, also beyond the bounds: for what exists already and has to be accounted for.
    pub fn resize(&mut self, amount: usize) {
        let mut shard = self.shares.shard(&self.key);
        let held = shard.entry(self.key).or_default();
        *held = *held + amount - self.amount;
        drop(shard);
        self.shares.total.fetch_add(amount, Ordering::Relaxed);
        self.shares.total.fetch_sub(self.amount, Ordering::Relaxed);
        self.amount = amount;
    }
}

impl<K: Hash + Eq + Copy> Drop for Share<K> {
    fn drop(&mut self) {
        let mut shard = self.shares.shard(&self.key);
        if let Entry::Occupied(mut held) = shard.entry(self.key) {
            if *held.get() <= self.amount {
                held.remove();
            } else {
                *held.get_mut() -= self.amount;
            }
        }
        drop(shard);
        self.shares.total.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_and_all_together_are_bounded() {
        let shares = Shares::new(2, 3);
        let first = shares.take("a", 2).expect("two for one key");
        assert!(shares.take("a", 1).is_none(), "a third for the same key");
        let _second = shares.take("b", 1).expect("one for another key");
        assert!(shares.take("c", 1).is_none(), "a fourth in all");
        drop(first);
        assert_eq!(shares.total(), 1);
        assert!(shares.take("a", 2).is_some());
    }

    #[test]
    fn a_share_may_outgrow_its_bounds_and_gives_everything_back() {
        let shares = Shares::new(10, 20);
        let mut share = shares.take("a", 1).expect("room");
        share.resize(50);
        assert_eq!(shares.total(), 50);
        assert!(shares.take("a", 1).is_none() && shares.take("b", 1).is_none());
        share.resize(5);
        assert!(shares.take("a", 5).is_some());
        drop(share);
        assert_eq!(shares.total(), 0);
        assert!(shares.shards.iter().all(|shard| shard.lock().unwrap().is_empty()));
    }
}
