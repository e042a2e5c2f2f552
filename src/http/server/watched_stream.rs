//! A TCP stream that records when bytes arrive, and whether outgoing bytes are blocked by a slow reader. Hyper exposes
//! neither; without them, a connection that is still sending, or whose next head has begun, would appear idle.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::activity::Activity;

/// The TCP stream.
pub struct WatchedStream {
    stream: TcpStream,
    blocked: Arc<AtomicBool>,
    activity: Activity,
}

/// View of the send state from outside the connection.
pub struct Sending(Arc<AtomicBool>);

impl Sending {
    /// Returns true if the last write found no space in the socket buffer.
    pub fn is_blocked(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl WatchedStream {
    pub fn new(stream: TcpStream, activity: Activity) -> (Self, Sending) {
        let blocked = Arc::new(AtomicBool::new(false));
        (
            Self {
                stream,
                blocked: Arc::clone(&blocked),
                activity,
            },
            Sending(blocked),
        )
    }

    fn note<T>(&self, written: Poll<T>) -> Poll<T> {
        self.blocked.store(written.is_pending(), Ordering::Relaxed);
        written
    }
}

impl AsyncRead for WatchedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let filled = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > filled {
            self.activity.bytes_came();
        }
        read
    }
}

impl AsyncWrite for WatchedStream {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.note(written)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.note(written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
