//! Attacks on connections, places and memory of the real program, at a small size. Each holds what it can while others are
//! served; afterwards memory and places are as they were before.

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::database::TestDatabase;
use crate::support::program::{Program, run};
use crate::support::{http_client, wait_until, within};
use crate::transport::h2::H2;

const MIB: u64 = 1024 * 1024;

async fn admin_status(program: &Program, key: &str) -> u16 {
    let request = http_client()
        .post(format!("http://{}/admin/graphql", program.address))
        .bearer_auth(key)
        .json(&json!({ "query": "{ viewer { name } }" }));
    request.send().await.expect("an answer").status().as_u16()
}

async fn silent(program: &Program, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(&program.address).await.expect("a connection");
    stream.write_all(head.as_bytes()).await.expect("a beginning");
    stream
}

/// Protocol and status at the start of a reply.
async fn status_line(stream: &mut TcpStream) -> [u8; 12] {
    let mut status = [0; 12];
    let read = within("a reply begins", stream.read_exact(&mut status)).await;
    read.expect("a reply");
    status
}

#[tokio::test(flavor = "multi_thread")]
async fn forty_admin_requests_at_once_wait_their_turn() {
    let database = TestDatabase::create().await;
    let (_, key, _) = run(&database, &["key", "create", "ops", "--scope", "ops-read"]).await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let asked = (0..120).map(|_| admin_status(&program, key.trim()));
    let statuses: Vec<u16> = futures_util::stream::StreamExt::collect(
        futures_util::stream::StreamExt::buffer_unordered(futures_util::stream::iter(asked), 40),
    )
    .await;
    assert_eq!(statuses, [200; 120]);
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_bodies_with_invented_keys_do_not_lock_the_admin_api() {
    let database = TestDatabase::create().await;
    let (_, key, _) = run(&database, &["key", "create", "ops", "--scope", "ops-read"]).await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let mut slow = Vec::new();
    for number in 0..40 {
        let head = format!(
            "POST /admin/graphql HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x{number}\r\n\
             content-type: application/json\r\ncontent-length: 4000000\r\n\r\n{{"
        );
        slow.push(silent(&program, &head).await);
    }
    for _ in 0..5 {
        assert_eq!(admin_status(&program, key.trim()).await, 200);
    }
    for mut stream in slow {
        assert_eq!(&status_line(&mut stream).await, b"HTTP/1.1 401");
    }
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_that_are_never_taken_are_given_up_and_their_memory_comes_back() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let clock = "/graphql?query=%7Bclock%7BbusinessDay%7D%7D";
    let warm_up = async || {
        for _ in 0..50 {
            assert_eq!(program.ask(None, "{ clock { businessDay } }").await.0, 200);
        }
    };
    warm_up().await;
    let before = program.resident_bytes();
    let mut attackers = Vec::new();
    let address = program.address.parse().expect("an address");
    for _ in 0..5 {
        let mut client = H2::connect(address, 0).await;
        for number in 0..60 {
            let path = if number % 2 == 0 { clock } else { "/healthz" };
            client.get(2 * number + 1, path).await;
        }
        attackers.push(client);
    }
    // Each connection of which several streams were reset is closed.
    futures_util::future::join_all(attackers.iter_mut().map(H2::until_closed)).await;
    warm_up().await;
    let mut after = 0;
    wait_until("the memory is as before", async || {
        after = program.resident_bytes();
        after < before + 16 * MIB
    })
    .await;
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_of_one_address_leave_room_for_probes_and_for_others() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--scheduler", "off", "--address-connections", "20"]).await;
    let get = async |path: &str| -> u16 {
        let client = reqwest::Client::builder()
            .pool_max_idle_per_host(0)
            .build()
            .expect("a client");
        let reply = client.get(format!("http://{}{path}", program.address)).send().await;
        reply.map_or(0, |reply| reply.status().as_u16())
    };
    let root: Value = http_client()
        .get(format!("http://{}/", program.address))
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(root["limits"]["connections"]["connectionsPerAddress"], 20);
    let mut held = Vec::new();
    for _ in 0..300 {
        held.push(silent(&program, "GET / HTTP/1.1\r\nhost: x\r\nx-slow: ").await);
    }
    for _ in 0..10 {
        assert_eq!(get("/healthz").await, 200);
    }
    assert_ne!(get("/").await, 200, "the address has its connections");
    let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
    socket
        .bind("127.0.0.2:0".parse().expect("an address"))
        .expect("another address");
    let mut other = socket
        .connect(program.address.parse().expect("an address"))
        .await
        .expect("a connection");
    other
        .write_all(b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .await
        .expect("a request");
    let mut reply = String::new();
    other.read_to_string(&mut reply).await.expect("a reply");
    assert!(reply.starts_with("HTTP/1.1 200 "), "{reply}");
    drop(held);
    wait_until("the places are free again", async || get("/").await == 200).await;
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sockets_without_a_key_are_few_for_one_address_and_cost_little() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let before = program.resident_bytes();
    let handshake = "GET /graphql HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
        sec-websocket-protocol: graphql-transport-ws\r\n\r\n";
    // connection_init, masked by zeros.
    let mut init = vec![0x81, 0x80 | 26, 0, 0, 0, 0];
    init.extend(br#"{"type":"connection_init"}"#);
    let (mut sockets, mut refused) = (Vec::new(), 0);
    for _ in 0..80 {
        let mut stream = silent(&program, handshake).await;
        let status = status_line(&mut stream).await;
        if &status == b"HTTP/1.1 101" {
            stream.write_all(&init).await.expect("a message");
            sockets.push(stream);
        } else {
            assert_eq!(&status, b"HTTP/1.1 429");
            refused += 1;
        }
    }
    assert_eq!((sockets.len(), refused), (50, 30));
    let grown = program.resident_bytes().saturating_sub(before);
    assert!(grown < 50 * 64 * 1024 + 4 * MIB, "{} KiB for 50 sockets", grown / 1024);
    drop(sockets);
    wait_until("the places are free again", async || {
        let mut stream = silent(&program, handshake).await;
        &status_line(&mut stream).await == b"HTTP/1.1 101"
    })
    .await;
    program.terminate().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn refused_requests_do_not_fill_the_log() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--scheduler", "off", "--address-rate", "20/1day"]).await;
    let began = std::time::Instant::now();
    for _ in 0..300 {
        program.ask(None, "{ clock { businessDay } }").await;
    }
    let seconds = began.elapsed().as_secs() + 2;
    let log = program.terminate().await;
    let lines = log.lines().filter(|line| line.contains("\"status\":429")).count() as u64;
    assert!((1..=seconds).contains(&lines), "{lines} lines in {seconds} s");
}
