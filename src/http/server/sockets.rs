//! What a connection becomes when it is no longer HTTP.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The WebSocket of a connection, if it has one. In the extensions of each request that wants one.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    cut: CancellationToken,
}

/// Held as long as a socket is open.
pub struct HeldSocket {
    _token: TaskTrackerToken,
    cut: CancellationToken,
}

impl Sockets {
    /// Makes the connection count as open; to be taken before the handshake is answered.
    pub fn hold(&self) -> HeldSocket {
        HeldSocket {
            _token: self.tracker.token(),
            cut: self.cut.clone(),
        }
    }

    /// Waits until none is held any more. When the wait is given up, they are cut.
    pub async fn ended(self) {
        let _cut = self.cut.clone().drop_guard();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl HeldSocket {
    /// Serves the socket until it ends or is cut.
    pub async fn unless_cut(self, served: impl Future<Output = ()>) {
        self.cut.run_until_cancelled(served).await;
    }
}
