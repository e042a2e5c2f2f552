//! Reply bodies, sent in small pieces.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};

use super::activity::OpenRequest;
use super::progress::Progress;
use crate::http::limits::shares::Share;
use crate::http::middleware::rate_limit::ClientAddress;

/// Maximum size of a piece, in bytes. It is small because data handed over to hyper is not subject to our deadlines.
const PIECE_BYTES: usize = 16 * 1024;

/// A reply body that keeps its request open until it is handed over completely, and records the progress of the client.
pub struct ReplyBody {
    body: Body,
    has_ended: bool,
    rest: Bytes,
    /// Number of bytes at the end of `rest` that are handed over separately: one byte over HTTP/2. Hyper sends it only
    /// when the client's window has room, so the stream does not end before all earlier bytes may be sent.
    kept_back: usize,
    progress: Arc<Progress>,
    _request: Counted,
}

/// A request, counted for its connection and its peer.
type Counted = (OpenRequest, Option<Share<ClientAddress>>);

impl ReplyBody {
    pub fn new(body: Body, is_http2: bool, is_endless: bool, progress: Arc<Progress>, request: Counted) -> Self {
        progress.begin(is_endless);
        Self {
            body,
            has_ended: false,
            rest: Bytes::new(),
            kept_back: usize::from(is_http2 && !is_endless),
            progress,
            _request: request,
        }
    }

    fn next_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        loop {
            if self.rest.len() > self.kept_back {
                let most = self.rest.len() - self.kept_back;
                return Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(most.min(PIECE_BYTES))))));
            }
            if self.has_ended {
                let last = std::mem::take(&mut self.rest);
                return Poll::Ready((!last.is_empty()).then(|| Ok(Frame::data(last))));
            }
            match ready!(hyper::body::Body::poll_frame(Pin::new(&mut self.body), context)) {
                None => self.has_ended = true,
                Some(Err(error)) => return Poll::Ready(Some(Err(error))),
                Some(Ok(frame)) => {
                    let data = match frame.into_data() {
                        Ok(data) => data,
                        Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                    };
                    self.has_ended = hyper::body::Body::is_end_stream(&self.body);
                    let before = std::mem::replace(&mut self.rest, data);
                    if !before.is_empty() {
                        return Poll::Ready(Some(Ok(Frame::data(before))));
                    }
                }
            }
        }
    }
}

impl hyper::body::Body for ReplyBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        self.progress.taken();
        let piece = ready!(self.next_piece(context));
        if let Some(Ok(frame)) = &piece {
            self.progress.handed_over(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(piece)
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && (self.has_ended || hyper::body::Body::is_end_stream(&self.body))
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        let of_body = hyper::body::Body::size_hint(&self.body);
        let mut hint = SizeHint::new();
        hint.set_lower(of_body.lower() + rest);
        if let Some(upper) = of_body.upper() {
            hint.set_upper(upper + rest);
        }
        hint
    }
}

impl Drop for ReplyBody {
    fn drop(&mut self) {
        self.progress.taken();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::body::HttpBody;
    use futures_util::{StreamExt, stream};

    use super::*;
    use crate::http::server::activity::Activity;
    use crate::http::server::progress::ReplyDeadlines;

    fn reply(body: Body, is_http2: bool) -> ReplyBody {
        let progress = Progress::new(ReplyDeadlines {
            stall: Duration::from_secs(30),
            bytes_per_second: 1,
            stalled_streams: 1,
        });
        ReplyBody::new(
            body,
            is_http2,
            false,
            progress,
            (Activity::new().begin(!is_http2), None),
        )
    }

    async fn pieces(reply: ReplyBody) -> Vec<usize> {
        let stream = Body::new(reply).into_data_stream();
        stream.map(|piece| piece.expect("a piece").len()).collect().await
    }

    #[tokio::test]
    async fn replies_leave_in_small_pieces_and_over_http2_their_last_byte_alone() {
        let long = || Body::from("x".repeat(40_000));
        assert_eq!(reply(long(), false).size_hint().exact(), Some(40_000));
        assert_eq!(pieces(reply(long(), false)).await, [16_384, 16_384, 7_232]);
        assert_eq!(pieces(reply(long(), true)).await, [16_384, 16_384, 7_231, 1]);
        assert_eq!(pieces(reply(Body::from("x"), true)).await, [1]);
        assert!(reply(Body::empty(), true).is_end_stream());
        let parts = || Body::from_stream(stream::iter(["abc", "de"].map(Ok::<_, std::convert::Infallible>)));
        assert_eq!(pieces(reply(parts(), true)).await, [2, 1, 1, 1]);
        assert_eq!(pieces(reply(parts(), false)).await, [3, 2]);
    }
}
