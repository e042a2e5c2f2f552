//! Limits of the listener as published by `GET /`.

use serde::Serialize;

use super::ServeLimits;

/// Maximum size of a request head, in bytes. A query of 16 KiB fits into a URL even if every byte is escaped as `%xx`.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Limits of the listener and its connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionLimits {
    /// Open connections.
    pub connections: usize,
    /// Open connections from one address.
    pub connections_per_address: usize,
    /// Open requests over all connections of one address.
    pub requests_per_address: usize,
    /// Concurrent requests on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// Size of a request head, in bytes.
    pub head_bytes: usize,
    /// Time for a head to arrive, in seconds.
    pub head_seconds: u64,
    /// Time that a connection without a request is kept, in seconds.
    pub keep_alive_seconds: u64,
    /// Time for the client to receive a piece of a reply, in seconds.
    pub reply_stall_seconds: u64,
    /// Minimum rate at which the client receives a reply, in bytes per second.
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
