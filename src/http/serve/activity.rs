//! How many requests of one connection are open, from their head to the last byte of their reply.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::sync::watch;

/// Counts the open requests of one connection.
#[derive(Clone)]
pub(super) struct Activity(watch::Sender<Count>);

#[derive(Clone, Copy, Default)]
struct Count {
    open: usize,
    ever: u64,
}

impl Activity {
    pub(super) fn new() -> Self {
        Self(watch::Sender::new(Count::default()))
    }

    /// Counts a request until the guard is dropped.
    pub(super) fn begin(&self) -> OpenRequest {
        self.0.send_modify(|count| {
            count.open += 1;
            count.ever += 1;
        });
        OpenRequest(self.clone())
    }

    /// Whether no request is open, and none begins for this long. Answers at once when one does.
    pub(super) async fn stays_quiet_for(&self, moment: Duration) -> bool {
        let mut counts = self.0.subscribe();
        tokio::time::timeout(moment, counts.wait_for(|count| count.open > 0))
            .await
            .is_err()
    }

    /// Waits until there has been no open request for `first` from now on, or for `later` once there was one.
    pub(super) async fn quiet_for(&self, first: Duration, later: Duration) {
        let mut counts = self.0.subscribe();
        loop {
            let count = *counts.borrow_and_update();
            let patience = if count.ever == 0 { first } else { later };
            let changed = counts.changed();
            if count.open > 0 {
                // Never fails: `self` is a sender.
                let _ = changed.await;
            } else if tokio::time::timeout(patience, changed).await.is_err() {
                return;
            }
        }
    }
}

/// A request that is not answered yet.
pub(super) struct OpenRequest(Activity);

impl Drop for OpenRequest {
    fn drop(&mut self) {
        self.0.0.send_modify(|count| count.open -= 1);
    }
}

/// The body of a reply, which keeps its request open until it has been read to its end.
pub(super) struct TrackedBody {
    body: Body,
    request: Option<OpenRequest>,
}

impl TrackedBody {
    pub(super) fn new(body: Body, request: OpenRequest) -> Self {
        Self {
            body,
            request: Some(request),
        }
    }
}

impl hyper::body::Body for TrackedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        if frame.is_none() {
            self.request = None;
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
