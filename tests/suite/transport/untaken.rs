//! Replies that their client does not read: they are abandoned, and count for their address until then.

use std::time::Duration;

use newbee::http::{RequestLimits, ServeLimits};

use crate::support::wait_until;
use crate::transport::h2::{CANCEL, Event, H2};
use crate::transport::support::{Server, raw, read_to_end};

const BIG: &str = "/graphql?query=%7Bbig%7D";

fn large_replies() -> RequestLimits {
    RequestLimits {
        reply_bytes: 16 * 1024 * 1024,
        ..RequestLimits::default()
    }
}

fn impatient() -> ServeLimits {
    ServeLimits {
        reply_stall_timeout: Duration::from_millis(300),
        stalled_streams_per_connection: 100,
        ..ServeLimits::default()
    }
}

/// Returns the ids of the streams that the server resets, after `count` of them.
async fn resets(client: &mut H2, count: usize) -> Vec<u32> {
    let mut reset = Vec::new();
    while reset.len() < count {
        match client.event().await.expect("the connection stays") {
            Event::Reset { stream, code } => {
                assert_eq!(code, CANCEL);
                reset.push(stream);
            }
            Event::Head { .. } => {}
            event @ Event::Data { .. } => panic!("the window has no room for {event:?}"),
        }
    }
    reset.sort_unstable();
    reset
}

#[tokio::test]
async fn streams_without_a_window_are_reset_and_the_connection_goes_on() {
    let server = Server::with_limits(large_replies(), impatient()).await;
    let mut client = H2::connect(server.address, 0).await;
    for (stream, path) in [
        (1, "/healthz"),
        (3, "/graphql?query=%7Bhello%7D"),
        (5, BIG),
        (7, "/nowhere"),
    ] {
        client.get(stream, path).await;
    }
    assert_eq!(resets(&mut client, 4).await, [1, 3, 5, 7]);
    client.set_window(65_535).await;
    client.get(9, "/healthz").await;
    let mut is_answered = false;
    while !is_answered {
        let event = client.event().await.expect("the connection stays");
        is_answered = matches!(
            event,
            Event::Data {
                stream: 9,
                is_last: true,
                ..
            }
        );
    }
}

#[tokio::test]
async fn a_window_that_opens_by_single_bytes_does_not_keep_a_reply() {
    let server = Server::with_limits(large_replies(), impatient()).await;
    let mut client = H2::connect(server.address, 1).await;
    client.get(1, BIG).await;
    client.get(3, "/graphql?query=%7Bhello%7D").await;
    // Both move all the time, and never by much.
    let mut reset = Vec::new();
    while !reset.contains(&1) {
        match client.event().await.expect("the connection stays") {
            Event::Reset { stream, .. } => reset.push(stream),
            Event::Data { stream, .. } => {
                tokio::time::sleep(Duration::from_millis(5)).await;
                client.widen(stream, 1).await;
            }
            Event::Head { .. } => {}
        }
    }
}

#[tokio::test]
async fn a_connection_of_which_several_streams_stall_is_closed() {
    let limits = ServeLimits {
        stalled_streams_per_connection: 3,
        ..impatient()
    };
    let server = Server::with_limits(large_replies(), limits).await;
    let mut client = H2::connect(server.address, 0).await;
    for stream in [1, 3, 5, 7, 9, 11] {
        client.get(stream, BIG).await;
    }
    while client.event().await.is_some() {}
    assert_eq!(server.ask("{ hello }").await.status, 200);
}

#[tokio::test]
async fn a_client_that_reads_gets_the_whole_of_a_large_reply_over_http2() {
    let server = Server::with_limits(large_replies(), ServeLimits::default()).await;
    let mut client = H2::connect(server.address, 20_000).await;
    client.get(1, BIG).await;
    let mut taken = 0;
    loop {
        match client.event().await.expect("the connection stays") {
            Event::Data { bytes, is_last, .. } => {
                taken += bytes;
                if is_last {
                    break;
                }
                let bytes = bytes as u32;
                if bytes > 0 {
                    client.widen(1, bytes).await;
                    client.widen(0, bytes).await;
                }
            }
            Event::Head { .. } => {}
            event @ Event::Reset { .. } => panic!("{event:?}"),
        }
    }
    assert!(taken > 4 * 1024 * 1024, "{taken} bytes");
}

#[tokio::test]
async fn a_reply_that_is_not_read_over_http1_ends_its_connection() {
    let limits = RequestLimits {
        reply_bytes: 64 * 1024 * 1024,
        ..RequestLimits::default()
    };
    let server = Server::with_limits(limits, impatient()).await;
    let many: String = (0..6).map(|number| format!("a{number}:big%20")).collect();
    let request = format!("GET /graphql?query=%7B{many}%7D HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    let untaken = raw(&server, request.as_bytes()).await;
    // Long enough for the connection to be given up: what is read afterwards is what the socket held by then.
    tokio::time::sleep(Duration::from_secs(5)).await;
    let reply = read_to_end(untaken).await;
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply:.100}");
    assert!(reply.len() < 24 * 1024 * 1024, "{} bytes", reply.len());
}

#[tokio::test]
async fn replies_that_are_not_taken_count_for_their_address() {
    let limits = RequestLimits {
        untaken_bytes_per_address: 8 * 1024 * 1024,
        ..large_replies()
    };
    let server = Server::with_limits(limits, ServeLimits::default()).await;
    let mut attacker = H2::connect(server.address, 0).await;
    for stream in [1, 3] {
        attacker.get(stream, BIG).await;
        while attacker.event().await != Some(Event::Head { stream }) {}
    }
    server.ask("{ hello }").await.assert_error(503, "SERVICE_UNAVAILABLE");
    drop(attacker);
    wait_until("the places are free again", async || {
        server.ask("{ hello }").await.status == 200
    })
    .await;
}

#[tokio::test]
async fn a_reply_has_a_largest_size() {
    let server = Server::start().await;
    let reply = server.ask("{ big }").await;
    assert_eq!((reply.status, reply.code()), (200, "REPLY_TOO_LARGE"), "{}", reply.json);
    assert!(reply.json["data"].is_null());
    let message = reply.json["errors"][0]["message"].to_string();
    assert!(
        message.contains("1048576 bytes") && message.contains("Request fewer"),
        "{message}"
    );
}
