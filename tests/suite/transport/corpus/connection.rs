//! Sends a case over its own connection and reads all replies.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::case::{Case, End};

/// Maximum time of one case: shorter than the server's own time limits, which would hide that it hangs.
const PATIENCE: Duration = Duration::from_secs(8);

/// More than any reply may have, and enough to notice.
const MAX_BYTES: u64 = 8 * 1024 * 1024;

/// One reply.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Vec<u8>,
}

/// The replies that came before the server closed the connection.
///
/// # Errors
/// When it neither answers nor closes in time, or answers what is no HTTP.
pub async fn send(address: &str, case: &Case) -> Result<Vec<Reply>, String> {
    let connection = TcpStream::connect(address).await.map_err(|error| error.to_string())?;
    let (mut from, mut to) = connection.into_split();
    let sending = async {
        // A server that has heard enough may close while there is more to send.
        let _ = to.write_all(&case.bytes).await;
        if case.end == End::Anyhow {
            let _ = to.shutdown().await;
        }
    };
    let mut bytes = Vec::new();
    let reading = async {
        // So is a reset an end.
        let _ = (&mut from).take(MAX_BYTES).read_to_end(&mut bytes).await;
    };
    let both = async { tokio::join!(sending, reading) };
    tokio::time::timeout(PATIENCE, both)
        .await
        .map_err(|_| "neither an answer nor an end".to_owned())?;
    let replies = replies(&bytes)?;
    if case.end == End::Whole && replies.is_empty() {
        return Err("no answer".to_owned());
    }
    Ok(replies)
}

/// Takes the replies of one connection apart. Those of HTTP/2 are frames, whose contents are not looked at.
fn replies(mut bytes: &[u8]) -> Result<Vec<Reply>, String> {
    let mut replies = Vec::new();
    while !bytes.is_empty() {
        if !bytes.starts_with(b"HTTP/1.") {
            return match replies.is_empty() && bytes.get(3) == Some(&4) {
                true => Ok(replies),
                false => Err(format!("no HTTP: {:?}", &bytes[..bytes.len().min(100)])),
            };
        }
        let Some(head_end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            return Err("a head without an end".to_owned());
        };
        let head = String::from_utf8_lossy(&bytes[..head_end]).to_ascii_lowercase();
        let status = head
            .get(9..12)
            .and_then(|status| status.parse().ok())
            .ok_or("no status")?;
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().expect("a length"));
        let rest = &bytes[head_end + 4..];
        let is_chunked = head.contains("transfer-encoding: chunked");
        // What is chunked goes on to the end, as far as sizes matter here. A reply to HEAD has a length and no body.
        let body = if is_chunked { rest.len() } else { rest.len().min(length) };
        replies.push(Reply {
            status,
            body: rest[..body].to_vec(),
        });
        bytes = &rest[body..];
    }
    Ok(replies)
}

#[test]
fn replies_are_taken_apart() {
    let two = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 204 No Content\r\n\r\n";
    let found = replies(two).unwrap();
    assert_eq!(
        (found[0].status, found[0].body.as_slice(), found[1].status),
        (400, &b"ab"[..], 204)
    );
    assert!(replies(b"<html>").is_err() && replies(b"HTTP/1.1 200 OK\r\n").is_err());
    assert_eq!(replies(b"").unwrap().len(), 0);
}
