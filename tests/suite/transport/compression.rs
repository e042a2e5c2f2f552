//! Compressed replies. That they can be read again is for the clients' checks to say, which have the decoders.

use std::time::Duration;

use reqwest::RequestBuilder;
use reqwest::header::HeaderMap;
use serde_json::json;
use tokio::io::AsyncReadExt;

use crate::transport::support::{PATIENCE, Reply, Server, raw, read_to_end};

async fn of(request: RequestBuilder) -> (HeaderMap, usize) {
    let reply = request.timeout(PATIENCE).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    let headers = reply.headers().clone();
    (headers, reply.bytes().await.unwrap().len())
}

fn asking(server: &Server, query: &str, accept_encoding: &str) -> RequestBuilder {
    let request = server.post().header("accept-encoding", accept_encoding);
    request.json(&json!({ "query": query }))
}

fn encoding(headers: &HeaderMap) -> &str {
    headers
        .get("content-encoding")
        .map_or("", |value| value.to_str().unwrap())
}

#[tokio::test]
async fn large_replies_are_compressed_as_the_client_likes_best() {
    let server = Server::with_large_replies().await;
    for (accepted, chosen) in [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip", "gzip"),
        ("br;q=0.1, gzip;q=0.5", "gzip"),
        ("br;q=0, *", "gzip"),
        ("gzip, identity;q=0", "gzip"),
    ] {
        let (headers, length) = of(asking(&server, "{ big }", accepted)).await;
        assert_eq!(encoding(&headers), chosen, "{accepted}");
        assert_eq!(headers["vary"], "accept-encoding");
        assert!(length < 64 * 1024, "{length} bytes of 4 MiB");
    }
    for accepted in [
        "identity",
        "deflate",
        "gzip;q=0",
        "identity;q=1, gzip;q=0.5",
        "",
        "nonsense",
    ] {
        let (headers, length) = of(asking(&server, "{ big }", accepted)).await;
        assert_eq!(encoding(&headers), "", "{accepted}");
        assert_eq!(headers["vary"], "accept-encoding");
        assert!(length > 4 * 1024 * 1024);
    }
}

#[tokio::test]
async fn caches_learn_of_the_header_also_from_clients_that_send_none() {
    let server = Server::with_large_replies().await;
    let (headers, length) = of(server.post().json(&json!({ "query": "{ big }" }))).await;
    assert_eq!(
        (encoding(&headers), &headers["vary"]),
        ("", &"accept-encoding".parse().unwrap())
    );
    assert!(length > 4 * 1024 * 1024);
}

#[tokio::test]
async fn small_replies_stay_as_they_are() {
    let server = Server::start().await;
    let (headers, length) = of(asking(&server, "{ hello }", "br, gzip")).await;
    assert_eq!(encoding(&headers), "");
    assert_eq!(headers["content-length"], length.to_string().as_str());
}

/// A reply of 406 for the sake of the encoding would come after the mutation has been executed.
#[tokio::test]
async fn whoever_refuses_plain_replies_gets_them_all_the_same() {
    let server = Server::start().await;
    for (count, accepted) in [(1, "identity;q=0"), (2, "*;q=0"), (3, "zstd, *;q=0")] {
        let reply = Reply::of(asking(&server, "mutation { count }", accepted)).await;
        assert_eq!((reply.status, reply.json), (200, json!({ "data": { "count": count } })));
    }
}

#[tokio::test]
async fn head_tells_the_encoding_and_no_length_that_would_be_another() {
    let server = Server::with_large_replies().await;
    let request = server
        .client
        .head(server.url("/graphql"))
        .query(&[("query", "{ big }")]);
    let (headers, length) = of(request.header("accept-encoding", "gzip")).await;
    assert_eq!((encoding(&headers), length), ("gzip", 0));
    assert!(!headers.contains_key("content-length"), "{headers:?}");
}

#[tokio::test]
async fn a_compressed_reply_is_sent_to_its_end_while_the_server_stops() {
    let server = Server::with_large_replies().await;
    let body = r#"{"query":"{ waits big }"}"#;
    let request = format!(
        "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept-encoding: gzip\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = raw(&server, request.as_bytes()).await;
    tokio::time::timeout(PATIENCE, server.gate.entered.notified())
        .await
        .unwrap();
    server.shutdown.cancel();
    server.gate.open.notify_one();
    let mut head = [0; 15];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut head))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(&head, b"HTTP/1.1 200 OK");
    let rest = read_to_end(stream).await;
    assert!(
        rest.contains("content-encoding: gzip") && rest.ends_with("\r\n0\r\n\r\n"),
        "{}",
        rest.len()
    );
    assert!(server.ended().await < Duration::from_secs(3));
}
