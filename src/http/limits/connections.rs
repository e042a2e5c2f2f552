//! Limits of the listener as published by `GET /`.

use serde::Serialize;

use super::ServeLimits;

/// Maximum size of a request head, in bytes: a query of 16 KiB fits into a URL even where each byte is written as `%xx`.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Bounds of the listener and its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionLimits {
    /// Connections open at once.
    pub connections: usize,
    /// Connections open at once from one address.
    pub connections_per_address: usize,
    /// Requests open at once over all connections of one address.
    pub requests_per_address: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// Bytes of the head of a request.
    pub head_bytes: usize,
    /// Seconds that a head may take to arrive.
    pub head_seconds: u64,
    /// Seconds that a connection is kept without a request.
    pub keep_alive_seconds: u64,
    /// Seconds that a client may leave a piece of a reply untaken.
    pub reply_stall_seconds: u64,
    /// Bytes a second at which a whole reply is taken, at least.
    pub reply_bytes_per_second: u64,
}

impl ConnectionLimits {
    pub fn new(limits: &ServeLimits) -> Self {
        Self {
            connections: limits.connections,
            connections_per_address: limits.connections_per_address,
            requests_per_address: limits.requests_per_address,
            streams_per_connection: limits.streams_per_connection,
            head_bytes: MAX_HEAD_BYTES,
            head_seconds: limits.header_read_timeout.as_secs(),
            keep_alive_seconds: limits.keep_alive.as_secs(),
            reply_stall_seconds: limits.reply_stall_timeout.as_secs(),
            reply_bytes_per_second: limits.reply_bytes_per_second,
        }
    }
}
