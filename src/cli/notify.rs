//! Messages to the service manager, by the protocol of `sd_notify`: systemd passes a socket in `NOTIFY_SOCKET` to a unit of
//! `Type=notify`.

use std::ffi::OsStr;
use std::io;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

/// This process serves.
pub const READY: &str = "READY=1";
/// This process began to shut down.
pub const STOPPING: &str = "STOPPING=1";

/// Sends a state to the service manager, if there is one. A failure is logged.
pub fn notify(state: &'static str) {
    let Some(socket) = std::env::var_os("NOTIFY_SOCKET").filter(|socket| !socket.is_empty()) else {
        return;
    };
    if let Err(error) = send(&socket, state) {
        tracing::warn!(%error, state, "the service manager cannot be notified");
    }
}

fn send(socket: &OsStr, state: &str) -> io::Result<()> {
    let address = match socket.as_bytes().split_first() {
        #[cfg(target_os = "linux")]
        Some((b'@', name)) => SocketAddr::from_abstract_name(name)?,
        _ => SocketAddr::from_pathname(socket)?,
    };
    let datagram = UnixDatagram::unbound()?;
    datagram.set_write_timeout(Some(Duration::from_secs(1)))?;
    datagram.send_to_addr(state.as_bytes(), &address).map(|_| ())
}
