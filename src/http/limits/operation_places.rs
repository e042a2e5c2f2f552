//! Places for concurrent operations. An operation takes places in proportion to its estimated cost. If too few are
//! free, it waits, within limits of number and time, so that a short burst is served and not rejected.
//!
//! Anonymous clients share half of the places, and each anonymous address has a few: a burst from one address waits for
//! places of that address and does not delay others.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::RequestLimits;
use crate::http::error::HttpError;
use crate::messages::Message;

/// Estimated cost per place.
const COST_PER_PLACE: usize = 512;

/// Places required by an operation.
#[derive(Clone, Copy, Debug)]
pub struct Claim<Address> {
    places: u32,
    /// Address of an anonymous client; `None` if a key was sent.
    visitor: Option<Address>,
}

impl<Address> Claim<Address> {
    /// Creates the claim of an operation of an estimated cost.
    pub fn new(cost: usize, visitor: Option<Address>) -> Self {
        Self {
            places: u32::try_from(1 + cost / COST_PER_PLACE).unwrap_or(u32::MAX),
            visitor,
        }
    }
}

/// Places of one endpoint, or of several endpoints that share them.
pub struct OperationPlaces<Address: Hash + Eq + Copy> {
    running: Turns,
    visitors: Turns,
    addresses: PerAddress<Address>,
    longest_wait: Duration,
}

/// Held during the execution of an operation. Fields are dropped in order: the address is removed last.
pub struct Place<'places, Address: Hash + Eq + Copy> {
    _running: OwnedSemaphorePermit,
    _visitor: Option<OwnedSemaphorePermit>,
    _address: Option<AddressPlace<'places, Address>>,
}

impl<Address: Hash + Eq + Copy> OperationPlaces<Address> {
    pub fn new(limits: &RequestLimits) -> Self {
        let (running, waiting) = (limits.concurrent_operations, limits.waiting_operations);
        Self {
            running: Turns::new(running, waiting),
            visitors: Turns::new(running.div_ceil(2), waiting / 2),
            addresses: PerAddress {
                places: running.div_ceil(8),
                waiting: waiting / 4,
                turns: Mutex::default(),
            },
            longest_wait: limits.longest_wait,
        }
    }

    /// Takes the places of an operation, waiting if necessary.
    ///
    /// # Errors
    /// 503 if too many operations are waiting, or the places do not become free in time.
    pub async fn take(&self, claim: Claim<Address>) -> Result<Place<'_, Address>, HttpError> {
        let taking = async {
            let address = match claim.visitor {
                Some(visitor) => Some(self.addresses.take(visitor, claim.places).await?),
                None => None,
            };
            let visitor = match claim.visitor {
                Some(_) => Some(self.visitors.take(claim.places).await?),
                None => None,
            };
            Some(Place {
                _running: self.running.take(claim.places).await?,
                _visitor: visitor,
                _address: address,
            })
        };
        let taken = tokio::time::timeout(self.longest_wait, taking).await;
        taken
            .ok()
            .flatten()
            .ok_or_else(|| HttpError::try_again(Message::TooMuchUnderWay))
    }
}

/// Places granted first come, first served, with a limit on the number of waiting operations.
struct Turns {
    places: Arc<Semaphore>,
    total: u32,
    waiting: Semaphore,
}

impl Turns {
    fn new(places: usize, waiting: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(places)),
            total: u32::try_from(places).unwrap_or(u32::MAX),
            waiting: Semaphore::new(waiting),
        }
    }

    /// Takes places; one operation takes at most three quarters of them, because those that wait for changes hold theirs
    /// for a long time. `None` if too many operations wait.
    async fn take(&self, places: u32) -> Option<OwnedSemaphorePermit> {
        let places = places.min(self.total - self.total / 4).max(1);
        if let Ok(taken) = Arc::clone(&self.places).try_acquire_many_owned(places) {
            return Some(taken);
        }
        let _waiting = self.waiting.try_acquire().ok()?;
        Arc::clone(&self.places).acquire_many_owned(places).await.ok()
    }
}

/// Places of each address that holds or awaits one; other addresses are not stored.
struct PerAddress<Address> {
    places: usize,
    waiting: usize,
    turns: Mutex<HashMap<Address, Arc<Turns>>>,
}

struct AddressPlace<'places, Address: Hash + Eq + Copy> {
    // Before `_known`, which counts the holders of the turns.
    _place: OwnedSemaphorePermit,
    _known: Known<'places, Address>,
}

/// Keeps an address in the table.
struct Known<'places, Address: Hash + Eq + Copy> {
    addresses: &'places PerAddress<Address>,
    address: Address,
    turns: Arc<Turns>,
}

impl<Address: Hash + Eq + Copy> PerAddress<Address> {
    async fn take(&self, address: Address, places: u32) -> Option<AddressPlace<'_, Address>> {
        let new = || Arc::new(Turns::new(self.places, self.waiting));
        let turns = Arc::clone(self.table().entry(address).or_insert_with(new));
        let known = Known {
            addresses: self,
            address,
            turns,
        };
        Some(AddressPlace {
            _place: known.turns.take(places).await?,
            _known: known,
        })
    }

    fn table(&self) -> MutexGuard<'_, HashMap<Address, Arc<Turns>>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Address: Hash + Eq + Copy> Drop for Known<'_, Address> {
    fn drop(&mut self) {
        let mut table = self.addresses.table();
        // The references of the table and of this value.
        if Arc::strong_count(&self.turns) <= 2 {
            table.remove(&self.address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(concurrent: usize, waiting: usize, longest_wait: Duration) -> OperationPlaces<u8> {
        OperationPlaces::new(&RequestLimits {
            concurrent_operations: concurrent,
            waiting_operations: waiting,
            longest_wait,
            ..RequestLimits::default()
        })
    }

    fn with_key(cost: usize) -> Claim<u8> {
        Claim::new(cost, None)
    }

    const LONG: Duration = Duration::from_secs(20);
    const SHORT: Duration = Duration::from_millis(20);

    #[tokio::test]
    async fn an_operation_takes_places_by_its_cost() {
        let places = places(8, 0, LONG);
        let large = places.take(with_key(4 * COST_PER_PLACE)).await.ok();
        let middle = places.take(with_key(2 * COST_PER_PLACE)).await.ok();
        assert!(large.is_some() && middle.is_some());
        assert!(places.take(with_key(0)).await.is_err(), "all eight are taken");
        drop((large, middle));
        let _small: Vec<_> = futures_util::future::try_join_all((0..8).map(|_| places.take(with_key(10))))
            .await
            .unwrap();
        assert!(places.take(with_key(0)).await.is_err());
    }

    #[tokio::test]
    async fn an_operation_above_the_total_cost_leaves_a_quarter_of_the_places() {
        let places = places(8, 0, LONG);
        let waiting = [places.take(with_key(0)).await, places.take(with_key(0)).await];
        let large = places.take(with_key(usize::MAX / 2)).await;
        assert!(waiting.iter().all(Result::is_ok) && large.is_ok());
        assert!(places.take(with_key(0)).await.is_err(), "all eight are taken");
        drop((waiting, large));
        assert!(places.take(Claim::new(100 * COST_PER_PLACE, Some(1))).await.is_ok());
    }

    #[tokio::test]
    async fn a_burst_waits_for_its_turn() {
        let places = places(2, 100, LONG);
        let served = futures_util::future::join_all((0..100).map(async |_| {
            let place = places.take(with_key(0)).await;
            tokio::task::yield_now().await;
            place.is_ok()
        }));
        assert!(served.await.into_iter().all(|served| served));
    }

    #[tokio::test]
    async fn waiting_is_bounded_in_number_and_in_time() {
        let bounded = places(1, 1, LONG);
        let held = bounded.take(with_key(0)).await.ok();
        let mut first = Box::pin(bounded.take(with_key(0)));
        assert!(futures_util::poll!(&mut first).is_pending());
        assert!(bounded.take(with_key(0)).await.is_err(), "one waits already");
        drop(held);
        assert!(first.await.is_ok());

        let bounded = places(1, 10, SHORT);
        let _held = bounded.take(with_key(0)).await.ok();
        assert!(bounded.take(with_key(0)).await.is_err(), "its turn does not come");
    }

    #[tokio::test]
    async fn an_address_of_visitors_leaves_places_to_others() {
        let places = places(16, 100, SHORT);
        let visitor = |address| places.take(Claim::new(0, Some(address)));
        let held = futures_util::future::try_join_all((0..2).map(|_| visitor(1)))
            .await
            .unwrap();
        assert!(visitor(1).await.is_err(), "an address has an eighth");
        let others = futures_util::future::try_join_all([2, 2, 3, 3, 4, 4].map(visitor))
            .await
            .unwrap();
        assert!(visitor(5).await.is_err(), "visitors have half");
        let _keys = futures_util::future::try_join_all((0..8).map(|_| places.take(with_key(0))))
            .await
            .unwrap();
        drop((held, others));
        assert!(visitor(5).await.is_ok());
        assert!(places.addresses.table().is_empty(), "addresses are forgotten");
    }

    #[tokio::test]
    async fn a_cancelled_wait_releases_its_places() {
        let places = places(8, 10, SHORT);
        let held = places.take(Claim::new(0, Some(1))).await.ok();
        assert!(places.take(Claim::new(0, Some(1))).await.is_err());
        drop(held);
        assert!(places.addresses.table().is_empty());
        assert_eq!(places.running.places.available_permits(), 8);
        assert_eq!(places.visitors.places.available_permits(), 4);
    }
}
