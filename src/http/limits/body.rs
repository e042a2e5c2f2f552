//! Reads request bodies, bounded in size and time.

use std::time::Duration;

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;
use tokio::time::{Instant, timeout_at};

use super::RequestLimits;
use crate::http::error::HttpError;

/// Reads a body to its end.
///
/// # Errors
/// [`HttpError`] if it ends early, is too large, or arrives too slowly.
pub async fn read(body: Body, limits: &RequestLimits) -> Result<Vec<u8>, HttpError> {
    let pace = limits.body_bytes_per_second.max(1);
    let late_after = Instant::now() + limits.body_grace;
    let mut collected = Vec::new();
    let mut chunks = body.into_data_stream();
    loop {
        let milliseconds = (collected.len() as u64).saturating_mul(1_000) / pace;
        let deadline = late_after + Duration::from_millis(milliseconds);
        let Ok(chunk) = timeout_at(deadline, chunks.next()).await else {
            return Err(HttpError::new(
                StatusCode::REQUEST_TIMEOUT,
                "REQUEST_TIMEOUT",
                "The body took too long to arrive. Send it again, faster.",
            ));
        };
        let Some(chunk) = chunk else { return Ok(collected) };
        let chunk = chunk.map_err(|_| HttpError::bad_request("The body ended early. Send it again."))?;
        if collected.len() + chunk.len() > limits.body_bytes {
            let most = limits.body_bytes;
            return Err(HttpError::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                format!("The body is larger than {most} bytes. Send less at once."),
            ));
        }
        collected.extend_from_slice(&chunk);
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Bytes;
    use futures_util::stream;

    use super::*;

    #[tokio::test]
    async fn slow_bodies_are_rejected_and_steady_ones_are_not() {
        let limits = RequestLimits {
            body_grace: Duration::from_millis(100),
            body_bytes_per_second: 1_000,
            ..RequestLimits::default()
        };
        // One piece every 10 ms: 100 bytes per second are too slow, 10,000 are not.
        let body = |piece: &'static [u8]| {
            let pieces = stream::iter(0..40).then(move |_| async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                Ok::<_, std::convert::Infallible>(Bytes::from_static(piece))
            });
            Body::from_stream(pieces)
        };
        assert_eq!(read(body(b"x"), &limits).await.unwrap_err().code(), "REQUEST_TIMEOUT");
        assert_eq!(read(body(&[b'x'; 100]), &limits).await.unwrap().len(), 4_000);
    }
}
