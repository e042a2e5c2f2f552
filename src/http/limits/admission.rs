//! Admission control: limits on concurrent work, in total and per address. Excess requests wait where that helps, and
//! are rejected where another replica could answer at once.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use futures_util::FutureExt;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use super::RequestLimits;
use super::client_address::ClientAddress;
use super::operation_places::{Claim, OperationPlaces};
use super::reply_place::{MIN_REPLY_BYTES, ReplyPlace};
use super::shares::{Share, Shares};
use super::socket_places::{SocketPlace, SocketPlaces};
use crate::http::error::HttpError;
use crate::http::request_id::RequestId;
use crate::messages::Message;

/// Maximum number of concurrent lookups of keys not known to be valid, at endpoints that find the caller first. Lower
/// than the number of database connections of that endpoint.
const KEY_LOOKUPS: usize = 2;
/// Maximum number of such keys from one address waiting for lookup. A host application may send many requests at once
/// to a process that has not seen its key yet.
const KEY_LOOKUPS_PER_ADDRESS: usize = 256;
/// Maximum time that they wait.
const KEY_LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);

/// Places for requests, bodies, replies, operations and sockets. Each kind has separate places, so that clients who
/// send their bodies slowly cannot block operations.
pub struct Admission {
    limits: RequestLimits,
    requests: Semaphore,
    operations: OperationPlaces<ClientAddress>,
    queue: Semaphore,
    bodies: Arc<Shares<ClientAddress>>,
    replies: Arc<Shares<ClientAddress>>,
    lookups: Semaphore,
    waiting_lookups: Arc<Shares<ClientAddress>>,
    sockets: Arc<SocketPlaces>,
}

/// Place of a request from its head on, and of its reply until that is sent.
pub struct RequestPlace<'a> {
    _open: SemaphorePermit<'a>,
    reply: ReplyPlace,
}

impl RequestPlace<'_> {
    /// Attaches the place to the reply, which counts until it is sent.
    pub fn reply(self, response: Response) -> Response {
        self.reply.hold(response)
    }
}

/// Held during the lookup of a key not known to be valid.
pub struct KeyLookup<'a> {
    _waiting: Share<ClientAddress>,
    _place: SemaphorePermit<'a>,
}

impl Admission {
    pub fn new(limits: RequestLimits) -> Self {
        Self {
            requests: Semaphore::new(limits.open_requests),
            operations: OperationPlaces::new(&limits),
            queue: Semaphore::new(limits.queued_requests),
            bodies: Shares::new(limits.bodies_per_address, usize::MAX),
            replies: Shares::new(limits.untaken_bytes_per_address, limits.untaken_bytes),
            lookups: Semaphore::new(KEY_LOOKUPS),
            waiting_lookups: Shares::new(KEY_LOOKUPS_PER_ADDRESS, usize::MAX),
            sockets: SocketPlaces::new(&limits.live),
            limits,
        }
    }

    pub fn limits(&self) -> &RequestLimits {
        &self.limits
    }

    /// Reserves a place for a request and its reply.
    ///
    /// # Errors
    /// 503 if there is none, or if the unsent replies to its address have too many bytes.
    pub async fn request(&self, address: ClientAddress) -> Result<RequestPlace<'_>, HttpError> {
        let reply = self.replies.take(address, MIN_REPLY_BYTES).ok_or_else(busy)?;
        Ok(RequestPlace {
            reply: ReplyPlace::new(reply),
            _open: self.place(&self.requests).await?,
        })
    }

    /// Reserves a place for a body that is about to be read.
    ///
    /// # Errors
    /// 503 if the maximum number of bodies from its address is arriving.
    pub fn body(&self, address: ClientAddress) -> Result<Share<ClientAddress>, HttpError> {
        self.bodies.take(address, 1).ok_or_else(busy)
    }

    /// Reserves a place for the lookup of a key not known to be valid.
    ///
    /// # Errors
    /// 503 if none becomes free in time, or too many lookups from its address are waiting.
    pub async fn key_lookup(&self, address: ClientAddress) -> Result<KeyLookup<'_>, HttpError> {
        let waiting = self.waiting_lookups.take(address, 1).ok_or_else(busy)?;
        let place = timeout(KEY_LOOKUP_TIMEOUT, self.lookups.acquire()).await;
        Ok(KeyLookup {
            _waiting: waiting,
            _place: place.map_err(|_| busy())?.map_err(|_| busy())?,
        })
    }

    /// Reserves a place for a WebSocket while it is open.
    ///
    /// # Errors
    /// See [`SocketPlaces::open`].
    pub fn socket(&self, address: ClientAddress) -> Result<SocketPlace, HttpError> {
        self.sockets.open(address)
    }

    /// Executes an operation within its places and time limit.
    ///
    /// # Errors
    /// [`HttpError`] if it finds no places, times out, or panics.
    pub async fn execute<T>(
        &self,
        request_id: &RequestId,
        claim: Claim<ClientAddress>,
        operation: impl Future<Output = T>,
    ) -> Result<T, HttpError> {
        let _place = self.operations.take(claim).await?;
        let caught = AssertUnwindSafe(operation).catch_unwind();
        match timeout(self.limits.operation_timeout, caught).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(_panic)) => {
                tracing::error!(%request_id, "an operation panicked; the panic itself is on standard error");
                Err(HttpError::internal())
            }
            Err(_) => Err(HttpError::timeout()),
        }
    }

    /// Returns a place at once, or after waiting in the queue.
    async fn place<'a>(&self, places: &'a Semaphore) -> Result<SemaphorePermit<'a>, HttpError> {
        if let Ok(place) = places.try_acquire() {
            return Ok(place);
        }
        let _turn = self.queue.try_acquire().map_err(|_| busy())?;
        let waited = timeout(self.limits.queue_timeout, places.acquire()).await;
        waited.map_err(|_| busy())?.map_err(|_| busy())
    }
}

fn busy() -> HttpError {
    HttpError::try_again(Message::TooMuchUnderWay)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ADDRESS: ClientAddress = ClientAddress::V4([192, 0, 2, 7]);
    const OTHER: ClientAddress = ClientAddress::V4([192, 0, 2, 8]);

    fn admission(limits: RequestLimits) -> Admission {
        Admission::new(limits)
    }

    #[tokio::test]
    async fn requests_wait_for_a_place_up_to_the_timeout() {
        let admission = admission(RequestLimits {
            open_requests: 1,
            queued_requests: 1,
            queue_timeout: Duration::from_millis(50),
            ..RequestLimits::default()
        });
        let first = admission.request(ADDRESS).await.expect("a place");
        assert!(
            admission.request(ADDRESS).await.is_err(),
            "the first one does not end in time"
        );
        let (second, third, ()) = tokio::join!(admission.request(ADDRESS), admission.request(ADDRESS), async {
            tokio::task::yield_now().await;
            drop(first);
        });
        assert!(second.is_ok(), "its turn came");
        assert!(third.is_err(), "one may wait, not two");
    }

    #[tokio::test]
    async fn unsent_replies_count_for_their_address() {
        let admission = admission(RequestLimits {
            untaken_bytes_per_address: 100_000,
            untaken_bytes: 200_000,
            ..RequestLimits::default()
        });
        let place = admission.request(ADDRESS).await.expect("a place");
        let reply = place.reply(Response::new("x".repeat(90_000).into()));
        assert!(admission.request(ADDRESS).await.is_err(), "too much is not taken");
        assert!(admission.request(OTHER).await.is_ok(), "another address");
        drop(reply);
        assert!(admission.request(ADDRESS).await.is_ok());
    }

    #[tokio::test]
    async fn slow_lookups_of_one_address_leave_room_for_others() {
        let admission = admission(RequestLimits::default());
        let held: Vec<_> = futures_util::future::join_all((0..2).map(|_| admission.key_lookup(ADDRESS))).await;
        assert!(held.iter().all(Result::is_ok));
        let mut waiting = Vec::new();
        for _ in KEY_LOOKUPS..KEY_LOOKUPS_PER_ADDRESS {
            let mut lookup = Box::pin(admission.key_lookup(ADDRESS));
            assert!(futures_util::poll!(lookup.as_mut()).is_pending());
            waiting.push(lookup);
        }
        assert!(admission.key_lookup(ADDRESS).await.is_err(), "too many of one address");
        let mut other = Box::pin(admission.key_lookup(OTHER));
        assert!(futures_util::poll!(other.as_mut()).is_pending(), "it may wait");
        drop((held, waiting));
        assert!(other.await.is_ok());
    }
}
