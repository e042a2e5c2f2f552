//! Limit of concurrent writes per user in this process.
//!
//! Writes of one user wait for each other's row locks, and each waiting write holds a database connection. Without this
//! limit, one user with many requests could hold all connections. Sign-ins are not limited, because they are batched.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ServiceError;
use crate::domain::id::UserId;

/// Limits for each user.
#[derive(Clone, Copy, Debug)]
pub struct UserSlotLimits {
    /// Maximum number of concurrent writes.
    pub running: usize,
    /// Maximum number of waiting writes; further ones are rejected at once.
    pub waiting: usize,
    /// Maximum waiting time.
    pub wait: Duration,
}

impl Default for UserSlotLimits {
    fn default() -> Self {
        Self {
            running: 3,
            waiting: 60,
            wait: Duration::from_secs(5),
        }
    }
}

/// The slots of all users. Clones share them; a user without writes takes no memory.
#[derive(Clone, Default)]
pub struct UserSlots {
    limits: UserSlotLimits,
    users: Arc<Mutex<HashMap<UserId, UserQueue>>>,
}

struct UserQueue {
    running: Arc<Semaphore>,
    /// Number of running or waiting writes.
    places: usize,
}

/// Permit for one write of a user, released on drop.
#[must_use]
pub struct UserSlot {
    _permit: OwnedSemaphorePermit,
    _place: Place,
}

/// A running or waiting write.
struct Place {
    slots: UserSlots,
    user: UserId,
}

impl UserSlots {
    pub fn new(limits: UserSlotLimits) -> Self {
        Self {
            limits,
            users: Arc::default(),
        }
    }

    /// Returns the limits for each user.
    pub fn limits(&self) -> UserSlotLimits {
        self.limits
    }

    /// Waits for a slot of the user.
    ///
    /// # Errors
    /// [`ServiceError::UserBusy`] if too many writes of the user wait, or none of them ended in time.
    pub async fn take(&self, user: UserId) -> Result<UserSlot, ServiceError> {
        let (place, running) = self.enter(user).ok_or(ServiceError::UserBusy)?;
        let permit = tokio::time::timeout(self.limits.wait, running.acquire_owned())
            .await
            .map_err(|_| ServiceError::UserBusy)?
            .expect("the semaphore is never closed");
        Ok(UserSlot {
            _permit: permit,
            _place: place,
        })
    }

    fn enter(&self, user: UserId) -> Option<(Place, Arc<Semaphore>)> {
        let mut users = self.lock();
        let queue = users.entry(user).or_insert_with(|| UserQueue {
            running: Arc::new(Semaphore::new(self.limits.running)),
            places: 0,
        });
        if queue.places >= self.limits.running + self.limits.waiting {
            return None;
        }
        queue.places += 1;
        let place = Place {
            slots: self.clone(),
            user,
        };
        Some((place, Arc::clone(&queue.running)))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, UserQueue>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut queue) = self.slots.lock().entry(self.user) {
            queue.get_mut().places -= 1;
            if queue.get().places == 0 {
                queue.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slots(wait: Duration) -> UserSlots {
        UserSlots::new(UserSlotLimits {
            running: 2,
            waiting: 1,
            wait,
        })
    }

    #[tokio::test]
    async fn concurrent_writes_are_limited_per_user() {
        let slots = slots(Duration::from_secs(60));
        let first = slots.take(UserId(1)).await.unwrap();
        let second = slots.take(UserId(1)).await.unwrap();
        let third = tokio::spawn({
            let slots = slots.clone();
            async move { slots.take(UserId(1)).await.map(drop) }
        });
        while slots.lock()[&UserId(1)].places < 3 {
            tokio::task::yield_now().await;
        }
        assert!(
            matches!(slots.take(UserId(1)).await, Err(ServiceError::UserBusy)),
            "no place to wait"
        );
        assert!(slots.take(UserId(2)).await.is_ok());
        drop(first);
        third.await.unwrap().unwrap();
        drop(second);
        assert!(slots.lock().is_empty(), "users without writes are forgotten");
    }

    #[tokio::test]
    async fn a_wait_ends_and_leaves_nothing() {
        let slots = slots(Duration::from_millis(1));
        let held = [
            slots.take(UserId(1)).await.unwrap(),
            slots.take(UserId(1)).await.unwrap(),
        ];
        assert!(matches!(slots.take(UserId(1)).await, Err(ServiceError::UserBusy)));
        drop(held);
        assert!(slots.lock().is_empty());
    }
}
