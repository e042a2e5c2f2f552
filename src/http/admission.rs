//! How much work is taken on at once. Beyond it requests are turned away, not queued: whoever would wait behind that many
//! is better served by another replica.

use tokio::sync::{Semaphore, SemaphorePermit};

use super::limits::RequestLimits;
use super::refusal::Refusal;

/// The places for requests and for operations. Two kinds, so that clients who send their bodies slowly cannot take the
/// places of operations, and all bodies together stay bounded.
pub(super) struct Admission {
    limits: RequestLimits,
    requests: Semaphore,
    operations: Semaphore,
}

impl Admission {
    pub(super) fn new(limits: RequestLimits) -> Self {
        Self {
            limits,
            requests: Semaphore::new(limits.open_requests),
            operations: Semaphore::new(limits.concurrent_operations),
        }
    }

    pub(super) fn limits(&self) -> &RequestLimits {
        &self.limits
    }

    /// A place for a request, from its head to its reply.
    pub(super) fn request(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        place(&self.requests)
    }

    /// A place for an operation that is about to be executed.
    pub(super) fn operation(&self) -> Result<SemaphorePermit<'_>, Refusal> {
        place(&self.operations)
    }
}

fn place(places: &Semaphore) -> Result<SemaphorePermit<'_>, Refusal> {
    places
        .try_acquire()
        .map_err(|_| Refusal::try_again("Too much is under way here. Try again in a second."))
}
