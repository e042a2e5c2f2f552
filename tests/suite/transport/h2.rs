//! A client of HTTP/2 that is in command of its windows, frame by frame.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::transport::support::PATIENCE;

const DATA: u8 = 0;

const HEADERS: u8 = 1;

const RST_STREAM: u8 = 3;

const SETTINGS: u8 = 4;

const PING: u8 = 6;

const WINDOW_UPDATE: u8 = 8;

/// RST_STREAM's code for a stream that is no longer needed.
pub const CANCEL: u32 = 8;

/// A connection.
pub struct H2 {
    stream: TcpStream,
}

/// Frame of the server that concerns a reply.
#[derive(Debug, PartialEq, Eq)]
pub enum Event {
    Head { stream: u32 },
    Data { stream: u32, bytes: usize, is_last: bool },
    Reset { stream: u32, code: u32 },
}

impl H2 {
    /// Connects, and lets each stream send as much as `window` says.
    pub async fn connect(address: SocketAddr, window: u32) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut connection = Self { stream };
        connection.set_window(window).await;
        connection
    }

    /// Changes the window of all streams.
    pub async fn set_window(&mut self, window: u32) {
        let mut settings = vec![0, 4];
        settings.extend(window.to_be_bytes());
        self.send(SETTINGS, 0, 0, &settings).await;
    }

    /// Widens the window of a stream, or of the connection by the number 0.
    pub async fn widen(&mut self, stream: u32, bytes: u32) {
        self.send(WINDOW_UPDATE, 0, stream, &bytes.to_be_bytes()).await;
    }

    /// Asks for a path.
    pub async fn get(&mut self, stream: u32, path: &str) {
        self.get_with(stream, path, &[]).await;
    }

    /// Asks for a path with headers of the static table, by their numbers in it.
    pub async fn get_with(&mut self, stream: u32, path: &str, headers: &[(u8, &str)]) {
        // :method GET, :scheme http, :path and :authority.
        let mut block = vec![0x82, 0x86, 0x04];
        push_text(&mut block, path);
        block.push(0x01);
        push_text(&mut block, "newbee.example");
        for (name, value) in headers {
            block.extend([0x0f, name - 15]);
            push_text(&mut block, value);
        }
        let (end_stream, end_headers) = (0x1, 0x4);
        self.send(HEADERS, end_stream | end_headers, stream, &block).await;
    }

    /// The next event; `None` when the server closes the connection.
    pub async fn event(&mut self) -> Option<Event> {
        tokio::time::timeout(PATIENCE, self.next())
            .await
            .expect("the server does something")
    }

    /// Answers what has to be answered until the server closes the connection, within the deadline of production and more.
    pub async fn until_closed(&mut self) {
        let closed = async { while self.next().await.is_some() {} };
        let patience = std::time::Duration::from_secs(120);
        tokio::time::timeout(patience, closed).await.expect("the server closes");
    }

    async fn next(&mut self) -> Option<Event> {
        loop {
            let mut head = [0; 9];
            self.stream.read_exact(&mut head).await.ok()?;
            let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
            let mut payload = vec![0; length];
            self.stream.read_exact(&mut payload).await.ok()?;
            let is_acknowledgement = head[4] & 1 == 1;
            match head[3] {
                DATA => {
                    return Some(Event::Data {
                        stream,
                        bytes: length,
                        is_last: is_acknowledgement,
                    });
                }
                HEADERS => return Some(Event::Head { stream }),
                RST_STREAM => {
                    let code = u32::from_be_bytes(payload[..4].try_into().unwrap());
                    return Some(Event::Reset { stream, code });
                }
                SETTINGS if !is_acknowledgement => self.send(SETTINGS, 1, 0, &[]).await,
                PING if !is_acknowledgement => self.send(PING, 1, 0, &payload).await,
                _ => {}
            }
        }
    }

    async fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut frame = vec![length[1], length[2], length[3], kind, flags];
        frame.extend(stream.to_be_bytes());
        frame.extend(payload);
        // A connection that the server has closed is seen by reading.
        let _ = self.stream.write_all(&frame).await;
    }
}

/// A text as HPACK has it, without Huffman's code.
fn push_text(block: &mut Vec<u8>, text: &str) {
    let mut length = text.len();
    if length < 127 {
        block.push(length as u8);
    } else {
        block.push(127);
        length -= 127;
        while length >= 128 {
            block.push((length % 128 + 128) as u8);
            length /= 128;
        }
        block.push(length as u8);
    }
    block.extend(text.as_bytes());
}
