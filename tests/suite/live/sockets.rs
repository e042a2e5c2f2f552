//! What bounds sockets, whoever opens them. What their protocol asks for is tried by real clients.

use newbee::config::DoorSettings;
use newbee::http::LiveLimits;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::LiveServer;
use crate::support::app::{NOON, TestApp};
use crate::support::database::TestDatabase;

/// Shakes hands; the stream, and the status of the reply.
async fn shake_hands(server: &LiveServer) -> (TcpStream, u16) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let handshake = "GET /graphql HTTP/1.1\r\nhost: newbee\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let status = String::from_utf8(head).unwrap()[9..12].parse().unwrap();
    (stream, status)
}

/// Sends a text of less than 126 bytes, masked by zeros.
async fn send(stream: &mut TcpStream, text: &str) {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    stream.write_all(&frame).await.unwrap();
}

/// The opcode and the payload of the next frame, which is a short one.
async fn receive(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let opcode = stream.read_u8().await.unwrap() & 0x0f;
    let mut payload = vec![0; stream.read_u8().await.unwrap().into()];
    stream.read_exact(&mut payload).await.unwrap();
    (opcode, payload)
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_beyond_the_bound_are_turned_away_until_one_is_closed() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let limits = LiveLimits {
        sockets: 1,
        ..LiveLimits::default()
    };
    let server = LiveServer::start(&app, limits).await;
    let (first, status) = shake_hands(&server).await;
    assert_eq!(status, 101);
    assert_eq!(shake_hands(&server).await.1, 503);
    drop(first);
    crate::support::wait_until("the place is free again", async || shake_hands(&server).await.1 == 101).await;
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_counts_as_a_request_of_its_address() {
    let database = TestDatabase::create().await;
    let app = TestApp::start(&database, "Asia/Shanghai", NOON).await;
    let doors = DoorSettings {
        address_rate: Some("3/1day".parse().unwrap()),
        ..DoorSettings::default()
    };
    let server = LiveServer::with_doors(&app, LiveLimits::default(), &doors).await;
    let (mut stream, status) = shake_hands(&server).await;
    assert_eq!(status, 101);
    send(&mut stream, r#"{"type":"connection_init"}"#).await;
    assert_eq!(receive(&mut stream).await.1, br#"{"type":"connection_ack"}"#);
    send(&mut stream, r#"{"type":"ping"}"#).await;
    assert_eq!(receive(&mut stream).await.1, br#"{"type":"pong"}"#);
    send(&mut stream, r#"{"type":"ping"}"#).await;
    let (opcode, payload) = receive(&mut stream).await;
    assert_eq!((opcode, &payload[..2]), (8, &1013_u16.to_be_bytes()[..]));
    server.stop().await;
    app.stop().await;
}
