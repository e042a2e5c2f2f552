//! Limits of web sockets. `clients` tests their protocol with real clients.

use newbee::config::AccessSettings;
use newbee::http::{LiveLimits, RequestLimits, ServeLimits};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::serve;
use crate::support::app::{Server, TestApp};
use crate::support::within;

/// Shakes hands; the stream, and the status of the reply.
async fn shake_hands(server: &Server) -> (TcpStream, u16) {
    shake_hands_with(server, "").await
}

/// The same with more lines in the head.
async fn shake_hands_with(server: &Server, lines: &str) -> (TcpStream, u16) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let handshake = format!(
        "GET /graphql HTTP/1.1\r\nhost: newbee.example\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
         sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         sec-websocket-protocol: graphql-transport-ws\r\n{lines}\r\n"
    );
    stream.write_all(handshake.as_bytes()).await.unwrap();
    let mut head = Vec::new();
    let answered = async {
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
    };
    within("the handshake is answered", answered).await;
    let status = String::from_utf8(head).unwrap()[9..12].parse().unwrap();
    (stream, status)
}

/// Sends a text of less than 126 bytes, masked by zeros.
async fn send(stream: &mut TcpStream, text: &str) {
    let mut frame = vec![0x81, 0x80 | u8::try_from(text.len()).unwrap(), 0, 0, 0, 0];
    frame.extend(text.as_bytes());
    stream.write_all(&frame).await.unwrap();
}

/// Sends a text of less than 65,536 bytes.
async fn send_long(stream: &mut TcpStream, text: &str) {
    let mut frame = vec![0x81, 0x80 | 126];
    frame.extend(u16::try_from(text.len()).unwrap().to_be_bytes());
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    stream.write_all(&frame).await.unwrap();
}

/// The opcode and the payload of the next frame, which is a short one.
async fn receive(stream: &mut TcpStream) -> (u8, Vec<u8>) {
    let frame = async {
        let opcode = stream.read_u8().await.unwrap() & 0x0f;
        let mut payload = vec![0; stream.read_u8().await.unwrap().into()];
        stream.read_exact(&mut payload).await.unwrap();
        (opcode, payload)
    };
    within("a frame arrives", frame).await
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_beyond_the_bound_are_turned_away_until_one_is_closed() {
    let app = TestApp::start().await;
    let limits = LiveLimits {
        sockets: 1,
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
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
    let app = TestApp::start().await;
    let access = AccessSettings {
        address_rate: Some("3/1day".parse().unwrap()),
        ..AccessSettings::default()
    };
    let server = Server::start(&app.app, RequestLimits::default(), &access, ServeLimits::default()).await;
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

/// The code of the next frame, which must close the socket.
async fn close_code(stream: &mut TcpStream) -> u16 {
    let (opcode, payload) = receive(stream).await;
    assert_eq!(opcode, 8, "{payload:?}");
    u16::from_be_bytes([payload[0], payload[1]])
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_few_sockets_without_a_key_and_sessions_find_places() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        visitor_sockets_per_address: 2,
        sockets_per_key: 3,
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let init = format!(
        r#"{{"type":"connection_init","payload":{{"Authorization":"Bearer {}"}}}}"#,
        user.key
    );
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let (mut stream, status) = shake_hands(&server).await;
        assert_eq!(status, 101, "a socket with a key does not count for its address");
        send_long(&mut stream, &init).await;
        assert_eq!(receive(&mut stream).await.1, br#"{"type":"connection_ack"}"#);
        sessions.push(stream);
    }
    let (mut fourth, _) = shake_hands(&server).await;
    send_long(&mut fourth, &init).await;
    assert_eq!(close_code(&mut fourth).await, 1013, "a key has few sockets, too");
    drop(fourth);

    let mut visitors = Vec::new();
    crate::support::wait_until("two visitors are in", async || {
        let (stream, status) = shake_hands(&server).await;
        if status == 101 {
            visitors.push(stream);
        }
        visitors.len() == 2
    })
    .await;
    assert_eq!(shake_hands(&server).await.1, 429);
    drop(visitors);
    crate::support::wait_until("a place is free again", async || shake_hands(&server).await.1 == 101).await;
    drop(sessions);
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_visitor_without_an_operation_is_closed_and_a_session_stays() {
    let app = TestApp::start().await;
    let user = app.add_user(1).await;
    let limits = LiveLimits {
        visitor_idle_timeout: std::time::Duration::from_millis(300),
        ..LiveLimits::default()
    };
    let server = serve(&app, limits).await;
    let (mut session, _) = shake_hands(&server).await;
    let init = format!(
        r#"{{"type":"connection_init","payload":{{"Authorization":"Bearer {}"}}}}"#,
        user.key
    );
    send_long(&mut session, &init).await;
    assert_eq!(receive(&mut session).await.1, br#"{"type":"connection_ack"}"#);
    let (mut visitor, _) = shake_hands(&server).await;
    send(&mut visitor, r#"{"type":"connection_init"}"#).await;
    assert_eq!(receive(&mut visitor).await.1, br#"{"type":"connection_ack"}"#);
    assert_eq!(close_code(&mut visitor).await, 4410);
    send(&mut session, r#"{"type":"ping"}"#).await;
    assert_eq!(receive(&mut session).await.1, br#"{"type":"pong"}"#);
    server.stop().await;
    app.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_other_origins_may_not_connect() {
    let app = TestApp::start().await;
    let server = serve(&app, LiveLimits::default()).await;
    for (origin, expected) in [
        ("https://evil.example", 403),
        ("null", 403),
        ("http://newbee.example:8080", 403),
        ("https://newbee.example", 101),
        ("http://newbee.example", 101),
    ] {
        let (_stream, status) = shake_hands_with(&server, &format!("origin: {origin}\r\n")).await;
        assert_eq!(status, expected, "{origin}");
    }
    server.stop().await;
    app.stop().await;
}
