//! The bytes of a request's body, bounded.

use axum::body::Body;
use axum::http::StatusCode;
use futures_util::StreamExt;

use super::limits::RequestLimits;
use super::refusal::Refusal;

/// Reads it to its end, within the time and the size that a body may take.
pub(super) async fn read(body: Body, limits: &RequestLimits) -> Result<Vec<u8>, Refusal> {
    match tokio::time::timeout(limits.body_read_timeout, collect(body, limits.body_bytes)).await {
        Ok(collected) => collected,
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            "REQUEST_TIMEOUT",
            "The body took too long to arrive. Send it again, faster.",
        )),
    }
}

async fn collect(body: Body, most_bytes: usize) -> Result<Vec<u8>, Refusal> {
    let mut collected = Vec::new();
    let mut chunks = body.into_data_stream();
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|_| Refusal::bad_request("The body broke off before its end. Send it again."))?;
        if collected.len() + chunk.len() > most_bytes {
            return Err(Refusal::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                "PAYLOAD_TOO_LARGE",
                format!("The body is larger than {most_bytes} bytes. Send less at once."),
            ));
        }
        collected.extend_from_slice(&chunk);
    }
    Ok(collected)
}
