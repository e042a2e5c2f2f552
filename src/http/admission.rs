//! How much work is taken on at once. Requests beyond it are turned away; operations wait a short time for their turn (see
//! [`operation_places`](super::operation_places)).

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};

use super::limits::RequestLimits;
use super::operation_places::{Claim, OperationPlaces};
use super::rates::ClientAddress;
use super::refusal::Refusal;
use super::request_id::RequestId;
use crate::messages::Message;

/// The places for requests and for operations. Two kinds, so that clients who send their bodies slowly cannot take the
/// places of operations, and all bodies together stay bounded.
pub(super) struct Admission {
    limits: RequestLimits,
    requests: Semaphore,
    operations: OperationPlaces<ClientAddress>,
    sockets: Arc<Semaphore>,
}

impl Admission {
    pub(super) fn new(limits: RequestLimits) -> Self {
        Self {
            limits,
            requests: Semaphore::new(limits.open_requests),
            operations: OperationPlaces::new(&limits),
            sockets: Arc::new(Semaphore::new(limits.live.sockets)),
        }
    }

    pub(super) fn limits(&self) -> &RequestLimits {
        &self.limits
    }

    /// A place for a request, from its head to its reply.
    pub(super) fn request(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        place(&self.requests)
    }

    /// A place for a WebSocket, for as long as it is open.
    pub(super) fn socket(&self) -> Result<OwnedSemaphorePermit, Refusal> {
        let place = Arc::clone(&self.sockets).try_acquire_owned();
        place.map_err(|_| Refusal::try_again(Message::TooMuchUnderWay))
    }

    /// Executes an operation in places of its own and within its time. A panic of it is a refusal too.
    pub(super) async fn execute<T>(
        &self,
        request_id: &RequestId,
        claim: Claim<ClientAddress>,
        operation: impl Future<Output = T>,
    ) -> Result<T, Refusal> {
        let _place = self.operations.take(claim).await?;
        let caught = AssertUnwindSafe(operation).catch_unwind();
        match tokio::time::timeout(self.limits.operation_timeout, caught).await {
            Ok(Ok(output)) => Ok(output),
            Ok(Err(_panic)) => {
                tracing::error!(%request_id, "an operation panicked; the panic itself is on standard error");
                Err(Refusal::internal())
            }
            Err(_) => Err(Refusal::timeout()),
        }
    }
}

fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Refusal> {
    places
        .try_acquire()
        .map_err(|_| Refusal::try_again(Message::TooMuchUnderWay))
}
