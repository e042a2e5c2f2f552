//! Limits of requests and connections. The defaults are for production; tests shorten the times.

pub mod admission;
pub mod body;
pub mod client_address;
pub mod connections;
pub mod operation_places;
pub mod reply_place;
pub mod shares;
pub mod socket_places;

use std::time::Duration;

use ipnet::IpNet;
use serde::{Serialize, Serializer};

/// Limits of one request. `GET /` publishes those on the concurrent work of an API.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RequestLimits {
    /// Maximum size of a body, in bytes; above it 413.
    #[serde(skip)]
    pub body_bytes: usize,
    /// Maximum number of values in the JSON of a request, mainly in its variables; above it 400.
    #[serde(skip)]
    pub json_values: usize,
    /// Time for a body to arrive before its rate is checked.
    #[serde(rename = "bodySeconds", serialize_with = "seconds")]
    pub body_grace: Duration,
    /// Minimum rate of a body after `body_grace`, in bytes per second; below it 408.
    pub body_bytes_per_second: u64,
    /// Maximum number of bodies arriving from one address; above it 503.
    pub bodies_per_address: usize,
    /// Time limit of an operation, from the last byte of its body on; above it 504 with code TIMEOUT.
    #[serde(rename = "operationSeconds", serialize_with = "seconds")]
    pub operation_timeout: Duration,
    /// Maximum number of open API requests, including those whose body is still arriving; above it 503. Multiplied by
    /// `body_bytes`, it bounds the memory of all bodies.
    pub open_requests: usize,
    /// Places for concurrent operations. An operation takes one per 512 units of estimated cost, but at most three quarters
    /// of them, and a place stands for up to 0.5 MiB of memory. Anonymous clients share half of the places; one anonymous
    /// address has at most an eighth.
    pub concurrent_operations: usize,
    /// Maximum number of operations waiting for a place; above it 503. Anonymous clients share half of them; one
    /// anonymous address has at most a quarter.
    #[serde(skip)]
    pub waiting_operations: usize,
    /// Maximum time that an operation waits for its places; above it 503.
    #[serde(skip)]
    pub longest_wait: Duration,
    /// Maximum number of requests waiting for one of the `open_requests` places; further ones get 503. 0 where another
    /// replica could answer at once.
    pub queued_requests: usize,
    /// Maximum time that they wait; above it 503.
    #[serde(rename = "queueSeconds", serialize_with = "seconds")]
    pub queue_timeout: Duration,
    /// Maximum size of a GraphQL reply, in bytes; above it the code REPLY_TOO_LARGE.
    pub reply_bytes: usize,
    /// Maximum size of the unsent replies to one address, in bytes. Above it, further requests from that address get
    /// 503.
    pub untaken_bytes_per_address: usize,
    /// Maximum size of the unsent replies to all addresses, in bytes.
    pub untaken_bytes: usize,
    /// Limits of event streams and WebSockets.
    #[serde(skip)]
    pub live: LiveLimits,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            body_bytes: 128 * 1024,
            json_values: 2_000,
            body_grace: Duration::from_secs(5),
            body_bytes_per_second: 16 * 1024,
            bodies_per_address: 64,
            operation_timeout: Duration::from_secs(10),
            open_requests: 4_096,
            concurrent_operations: 256,
            waiting_operations: 1_024,
            longest_wait: Duration::from_secs(2),
            queued_requests: 0,
            queue_timeout: Duration::ZERO,
            reply_bytes: 1024 * 1024,
            untaken_bytes_per_address: 16 * 1024 * 1024,
            untaken_bytes: 128 * 1024 * 1024,
            live: LiveLimits::default(),
        }
    }
}

impl RequestLimits {
    /// Returns the limits of the admin API, which gets few but large requests. A bulk request of 10,000 users is below
    /// 2 MiB.
    pub fn admin() -> Self {
        Self {
            body_bytes: 4 * 1024 * 1024,
            json_values: 200_000,
            body_grace: Duration::from_secs(5),
            body_bytes_per_second: 16 * 1024,
            bodies_per_address: 16,
            operation_timeout: Duration::from_secs(60),
            open_requests: 32,
            concurrent_operations: 16,
            waiting_operations: 256,
            longest_wait: Duration::from_secs(10),
            queued_requests: 256,
            queue_timeout: Duration::from_secs(10),
            reply_bytes: 8 * 1024 * 1024,
            untaken_bytes_per_address: 32 * 1024 * 1024,
            untaken_bytes: 64 * 1024 * 1024,
            live: LiveLimits::default(),
        }
    }
}

/// Limits of event streams and WebSockets. `GET /` publishes those that are not skipped.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LiveLimits {
    /// Interval of keep-alives: a comment in an event stream, a ping on a WebSocket. A WebSocket is considered dead if
    /// its peer has sent nothing since the previous ping, not even a pong.
    #[serde(rename = "keepAliveSeconds", serialize_with = "seconds")]
    pub keep_alive: Duration,
    /// Interval of the lookups of the session key; if it has been revoked, its streams and operations end.
    #[serde(skip)]
    pub check_key_every: Duration,
    /// Time for which a stream continues while its key cannot be looked up.
    #[serde(skip)]
    pub max_unchecked: Duration,
    /// Time for which a WebSocket without a session key may stay open without an operation.
    #[serde(rename = "visitorIdleSeconds", serialize_with = "seconds")]
    pub visitor_idle_timeout: Duration,
    /// Time for the client to send its first message on a WebSocket.
    #[serde(skip)]
    pub init_timeout: Duration,
    /// Time for the client to read a message; after it the WebSocket is cut.
    #[serde(skip)]
    pub send_timeout: Duration,
    /// Maximum number of concurrent operations on one WebSocket.
    pub operations_per_socket: usize,
    /// Maximum number of WebSockets. Lower than the number of connections, so that some are left for other requests.
    /// Half of the places are reserved for clients with session keys.
    pub sockets: usize,
    /// Maximum number of WebSockets from one address without a session key.
    pub visitor_sockets_per_address: usize,
    /// Maximum number of WebSockets with one session key.
    pub sockets_per_key: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(15),
            check_key_every: Duration::from_secs(10),
            max_unchecked: Duration::from_secs(120),
            visitor_idle_timeout: Duration::from_secs(60),
            init_timeout: Duration::from_secs(3),
            send_timeout: Duration::from_secs(10),
            operations_per_socket: 20,
            sockets: 3_000,
            visitor_sockets_per_address: 50,
            sockets_per_key: 50,
        }
    }
}

/// Serializes a duration as whole seconds.
fn seconds<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u64(duration.as_secs())
}

/// Limits of the listening socket and its connections.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// Time for the client to send the head of a request, counted from the connection or from the head's first byte.
    pub header_read_timeout: Duration,
    /// Time that a connection without a request is kept. It must exceed the keep-alive time of proxies and load
    /// balancers, or they send requests on connections that are being closed.
    pub keep_alive: Duration,
    /// Time for open requests to finish after the shutdown has begun.
    pub drain_limit: Duration,
    /// Maximum number of open connections; above it only health probes are answered.
    pub connections: usize,
    /// Maximum number of open connections from one address, except trusted proxies.
    pub connections_per_address: usize,
    /// Maximum number of open requests over all connections of one address, except trusted proxies.
    pub requests_per_address: usize,
    /// Maximum number of connections above the limits that wait for their request; a new one replaces the oldest.
    pub overflow_connections: usize,
    /// Maximum number of concurrent requests on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// Time for the client to receive a piece of a reply; after it the stream is reset.
    pub reply_stall_timeout: Duration,
    /// Minimum rate of a reply after `reply_stall_timeout`, in bytes per second.
    pub reply_bytes_per_second: u64,
    /// Number of such stream resets after which their HTTP/2 connection is closed.
    pub stalled_streams_per_connection: u32,
    /// Proxies whose connections carry requests of many clients.
    pub trusted_proxies: Vec<IpNet>,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            keep_alive: Duration::from_secs(75),
            drain_limit: Duration::from_secs(10),
            connections: 4_096,
            connections_per_address: 512,
            requests_per_address: 1_024,
            overflow_connections: 64,
            streams_per_connection: 100,
            reply_stall_timeout: Duration::from_secs(30),
            reply_bytes_per_second: 8 * 1024,
            stalled_streams_per_connection: 3,
            trusted_proxies: Vec::new(),
        }
    }
}
