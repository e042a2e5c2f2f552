//! A server that pretends to be the database: without TLS it never gets the password where TLS is demanded.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::program::newbee;

/// Refuses TLS, asks for the password in clear, and keeps all it receives.
async fn pretender() -> (String, Arc<Mutex<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let received = Arc::<Mutex<Vec<u8>>>::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut buffer = [0; 1024];
                while let Ok(read @ 1..) = client.read(&mut buffer).await {
                    kept.lock().unwrap().extend(&buffer[..read]);
                    let is_ssl_request = read == 8 && buffer[4..8] == 80_877_103_u32.to_be_bytes();
                    let answer: &[u8] = if is_ssl_request { b"N" } else { b"R\0\0\0\x08\0\0\0\x03" };
                    let is_password = buffer[0] == b'p';
                    if is_password || client.write_all(answer).await.is_err() {
                        break;
                    }
                }
            });
        }
    });
    (address, received)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_password_is_sent_to_a_server_without_tls() {
    const PASSWORD: &str = "S3cretOfTheDatabase";
    for (mode, is_sent) in [
        ("require", false),
        ("verify-ca", false),
        ("verify-full", false),
        ("disable", true),
    ] {
        let (address, received) = pretender().await;
        let output = newbee()
            .args(["migrate", "--database-wait", "0s"])
            .env(
                "DATABASE_URL",
                format!("postgres://newbee:{PASSWORD}@{address}/newbee?sslmode={mode}"),
            )
            .output()
            .await
            .unwrap();
        assert!(!output.status.success(), "{mode}");
        let received = String::from_utf8_lossy(&received.lock().unwrap()).into_owned();
        assert!(!received.is_empty(), "{mode}: it was asked");
        assert_eq!(received.contains(PASSWORD), is_sent, "{mode}: {received:?}");
    }
}
