//! WebSockets, into which connections are upgraded.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tokio_util::task::task_tracker::TaskTrackerToken;

/// The WebSocket of a connection, if any. Stored in the extensions of each upgrade request.
#[derive(Clone, Default)]
pub struct Sockets {
    tracker: TaskTracker,
    cut: CancellationToken,
}

/// Guard that counts a WebSocket as open.
pub struct HeldSocket {
    _token: TaskTrackerToken,
    cut: CancellationToken,
}

impl Sockets {
    /// Counts the connection as open; call it before the handshake is answered.
    pub fn hold(&self) -> HeldSocket {
        HeldSocket {
            _token: self.tracker.token(),
            cut: self.cut.clone(),
        }
    }

    /// Waits until no WebSocket is held. If the wait is cancelled, the WebSockets are closed.
    pub async fn ended(self) {
        let _cut = self.cut.clone().drop_guard();
        self.tracker.close();
        self.tracker.wait().await;
    }
}

impl HeldSocket {
    /// Serves the WebSocket until it ends or is closed.
    pub async fn unless_cut(self, served: impl Future<Output = ()>) {
        self.cut.run_until_cancelled(served).await;
    }
}
