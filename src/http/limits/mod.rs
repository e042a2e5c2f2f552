//! What one request and one connection may take. The defaults are for production; tests shorten the times.

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

/// Limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Largest body, in bytes; beyond it 413.
    pub body_bytes: usize,
    /// Most values in the JSON of a request, in variables above all; beyond it 400.
    pub json_values: usize,
    /// How long a body may take to arrive before its pace counts.
    pub body_grace: Duration,
    /// Bytes a second at which a body arrives, at least, once `body_grace` is over; slower ones get 408.
    pub body_bytes_per_second: u64,
    /// Bodies from one address that may arrive at once; beyond it 503.
    pub bodies_per_address: usize,
    /// How long an operation may take from the last byte of its body on; beyond it 504 and code TIMEOUT.
    pub operation_timeout: Duration,
    /// API requests open at once, those whose body is still coming included; beyond it 503. Times `body_bytes`, this
    /// bounds the memory of all bodies together.
    pub open_requests: usize,
    /// Places of operations executed at once. An operation takes one for each 512 of its estimated cost, and a place stands
    /// for up to 0.5 MiB of memory. Visitors have half of the places, one address of visitors an eighth.
    pub concurrent_operations: usize,
    /// Operations that may wait for their turn; beyond it 503. Visitors have half of them, one address of visitors a quarter.
    pub waiting_operations: usize,
    /// How long an operation may wait for its turn; beyond it 503.
    pub longest_wait: Duration,
    /// Requests that may wait for one of the places of `open_requests`; further ones get 503. 0 where waiting helps nobody, since others could
    /// answer at once.
    pub queued_requests: usize,
    /// How long they may wait; beyond it 503.
    pub queue_timeout: Duration,
    /// Largest reply of GraphQL, in bytes; beyond it the code REPLY_TOO_LARGE.
    pub reply_bytes: usize,
    /// Bytes of replies to one address that its clients have not taken yet. When there are more, further requests from there
    /// get 503.
    pub untaken_bytes_per_address: usize,
    /// The same for all addresses together.
    pub untaken_bytes: usize,
    /// Of what stays open for live updates.
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
    /// For the admin API: few requests, and large ones. A bulk of 10,000 users is under 2 MiB.
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

/// Limits of streams of events and of WebSockets.
#[derive(Clone, Copy, Debug)]
pub struct LiveLimits {
    /// How often something is sent although there is nothing to say: a comment in a stream of events, a ping over a socket.
    /// A socket whose peer has said nothing since the ping before, not even a pong, is dead.
    pub keep_alive: Duration,
    /// How often the session key is looked up again: one that was revoked meanwhile ends what it began.
    pub check_key_every: Duration,
    /// How long a stream goes on while its key cannot be looked up.
    pub max_unchecked: Duration,
    /// How long a socket without a session key may stay open without an operation.
    pub visitor_idle_timeout: Duration,
    /// How long a client may take for its first message over a socket.
    pub init_timeout: Duration,
    /// How long a message may wait for a client to read; beyond it the socket is cut.
    pub send_timeout: Duration,
    /// Operations at once over one socket.
    pub operations_per_socket: usize,
    /// Sockets at once: fewer than connections, so that other requests find some. Half of them are for session keys.
    pub sockets: usize,
    /// Sockets at once from one address without a session key.
    pub visitor_sockets_per_address: usize,
    /// Sockets at once with one session key.
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

/// Limits of the listening socket and its connections.
#[derive(Clone, Debug)]
pub struct ServeLimits {
    /// How long a client may take to send the head of a request, counted from the connection or from the head's first byte.
    pub header_read_timeout: Duration,
    /// How long a connection may stay open without a request. Longer than proxies and balancers keep theirs, or they send a
    /// request over a connection that is just being closed.
    pub keep_alive: Duration,
    /// How long open requests may go on once the shutdown has begun.
    pub drain_limit: Duration,
    /// Connections open at once; beyond it only probes of health are answered.
    pub connections: usize,
    /// Connections open at once from one address, but for trusted proxies.
    pub connections_per_address: usize,
    /// Requests open at once over all connections of one address, but for trusted proxies.
    pub requests_per_address: usize,
    /// Connections beyond the bounds that wait for their request at once; the oldest gives way.
    pub overflow_connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams_per_connection: u32,
    /// How long a client may leave a piece of a reply untaken; beyond it the stream is reset.
    pub reply_stall_timeout: Duration,
    /// Bytes a second that a client takes a reply at, at least, once `reply_stall_timeout` is over.
    pub reply_bytes_per_second: u64,
    /// Streams reset for that reason after which their HTTP/2 connection is closed.
    pub stalled_streams_per_connection: u32,
    /// Proxies that have the connections of many clients.
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
