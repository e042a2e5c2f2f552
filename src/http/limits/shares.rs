//! Shared amounts of a resource, limited per holder and in total.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasher, Hash, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Number of table shards, each with its own lock.
const SHARDS: usize = 16;

/// A resource of which each holder, identified by a key, may hold a limited amount.
pub struct Shares<K> {
    max_per_key: usize,
    max_total: usize,
    total: AtomicUsize,
    shards: [Mutex<HashMap<K, usize>>; SHARDS],
    hasher: RandomState,
}

/// An amount held until it is dropped.
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

    /// Takes an amount for a key; `None` if that would exceed the limit of the key or the total.
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

    /// Returns the total amount held.
    #[cfg(test)]
    pub fn total(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }

    fn shard(&self, key: &K) -> MutexGuard<'_, HashMap<K, usize>> {
        let index = self.hasher.hash_one(key) as usize % SHARDS;
        // Each change of the table is atomic, so a panic of another holder cannot leave it inconsistent.
        self.shards[index].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<K: Hash + Eq + Copy> Share<K> {
    /// Changes the amount held, without checking the limits: for memory that is already allocated.
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
