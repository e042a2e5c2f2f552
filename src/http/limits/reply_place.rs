//! Accounting of reply memory: counted for the client's address from the request until the last byte is sent or
//! dropped.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::body::{Frame, SizeHint};

use super::client_address::ClientAddress;
use super::shares::Share;

/// Bytes that a request counts as before its reply exists, and minimum for a reply: roughly the memory of an open
/// stream.
pub const MIN_REPLY_BYTES: usize = 16 * 1024;

/// Memory reserved for one reply.
pub struct ReplyPlace(Share<ClientAddress>);

impl ReplyPlace {
    /// Wraps a share of [`MIN_REPLY_BYTES`].
    pub fn new(share: Share<ClientAddress>) -> Self {
        Self(share)
    }

    /// Attaches the place to a reply until its bytes are dropped. Endless streams are bounded by other limits.
    pub fn hold(mut self, response: Response) -> Response {
        let Some(bytes) = response.body().size_hint().exact() else {
            return response;
        };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        self.0.resize(bytes.max(MIN_REPLY_BYTES));
        let place = Arc::new(self);
        response.map(|body| Body::new(HeldBody { body, place }))
    }
}

/// A body whose bytes hold a place.
struct HeldBody {
    body: Body,
    place: Arc<ReplyPlace>,
}

/// Bytes that hold a place as long as a slice of them exists.
struct HeldBytes {
    bytes: Bytes,
    _place: Arc<ReplyPlace>,
}

impl AsRef<[u8]> for HeldBytes {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl HttpBody for HeldBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        let held = |bytes| {
            let place = Arc::clone(&self.place);
            Bytes::from_owner(HeldBytes { bytes, _place: place })
        };
        Poll::Ready(frame.map(|frame| frame.map(|frame| frame.map_data(held))))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::response::IntoResponse;

    use super::*;
    use crate::http::limits::shares::Shares;

    #[tokio::test]
    async fn a_reply_counts_until_its_last_slice_is_dropped() {
        let address = ClientAddress::V4([192, 0, 2, 7]);
        let shares = Shares::new(1_000_000, 1_000_000);
        let place = || ReplyPlace::new(shares.take(address, MIN_REPLY_BYTES).expect("room"));
        let response = place().hold("x".repeat(50_000).into_response());
        assert_eq!(shares.total(), 50_000);
        let mut bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        let slice = bytes.split_to(1);
        drop(bytes);
        assert_eq!(shares.total(), 50_000, "a slice keeps the whole of it");
        drop(slice);
        assert_eq!(shares.total(), 0);
        drop(place().hold("short".into_response()));
        assert_eq!(shares.total(), 0);
    }
}
