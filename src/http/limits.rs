//! What one request and one connection may take. The defaults are for production; tests shorten the times.

use std::time::Duration;

/// Limits of one request.
#[derive(Clone, Copy, Debug)]
pub struct RequestLimits {
    /// Largest body, in bytes; beyond it 413.
    pub body_bytes: usize,
    /// Most values in the JSON of a request, in variables above all; beyond it 400.
    pub json_values: usize,
    /// How long a client may take to send its body; beyond it 408.
    pub body_read_timeout: Duration,
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
    /// Of what stays open for live updates.
    pub live: LiveLimits,
}

impl Default for RequestLimits {
    fn default() -> Self {
        Self {
            body_bytes: 128 * 1024,
            json_values: 2_000,
            body_read_timeout: Duration::from_secs(10),
            operation_timeout: Duration::from_secs(10),
            open_requests: 4_096,
            concurrent_operations: 256,
            waiting_operations: 1_024,
            longest_wait: Duration::from_secs(2),
            live: LiveLimits::default(),
        }
    }
}

impl RequestLimits {
    /// For the admin API: few requests, and large ones. A bulk of 10,000 users is under 2 MiB.
    pub fn of_admin() -> Self {
        Self {
            body_bytes: 4 * 1024 * 1024,
            json_values: 200_000,
            body_read_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(60),
            open_requests: 32,
            concurrent_operations: 16,
            waiting_operations: 256,
            longest_wait: Duration::from_secs(10),
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
    /// How long a client may take for its first message over a socket.
    pub init_timeout: Duration,
    /// How long a message may wait for a client to read; beyond it the socket is cut.
    pub send_timeout: Duration,
    /// Operations at once over one socket.
    pub operations_per_socket: usize,
    /// Sockets at once, whoever opened them: other requests find connections all the same.
    pub sockets: usize,
}

impl Default for LiveLimits {
    fn default() -> Self {
        Self {
            keep_alive: Duration::from_secs(15),
            check_key_every: Duration::from_secs(30),
            init_timeout: Duration::from_secs(3),
            send_timeout: Duration::from_secs(10),
            operations_per_socket: 20,
            sockets: 3_000,
        }
    }
}

/// Limits of the listening socket and its connections.
#[derive(Clone, Copy, Debug)]
pub struct ServeLimits {
    /// How long a client may take to send the head of a request, counted from the connection or from the last reply.
    pub header_read_timeout: Duration,
    /// How long an HTTP/2 connection may stay open without a request (HTTP/1 keeps to `header_read_timeout`).
    pub idle_timeout: Duration,
    /// How long open requests may go on once the shutdown has begun.
    pub drain_limit: Duration,
    /// Connections open at once; further ones wait in the backlog of the operating system.
    pub connections: usize,
    /// Requests at once on one HTTP/2 connection.
    pub streams_per_connection: u32,
}

impl Default for ServeLimits {
    fn default() -> Self {
        Self {
            header_read_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(60),
            drain_limit: Duration::from_secs(10),
            connections: 4_096,
            streams_per_connection: 100,
        }
    }
}
