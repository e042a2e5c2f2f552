use std::sync::Mutex;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::*;

#[test]
fn only_https_urls_without_credentials_are_taken() {
    for url in [
        "https://host.example",
        "https://host.example:8443/hooks?a=b",
        "https://[2606:4700::1111]/",
    ] {
        assert!(Target::parse(url, false).is_ok(), "{url}");
    }
    for url in [
        "http://host.example/",
        "ftp://host.example/",
        "host.example/hooks",
        "/hooks",
        "",
        "https://",
        "https://a@b/",
        "https://a:b@c/",
        "https://host.example/#part",
        "https://host.example:99999/",
        "https://host.example:0/",
        "https://ho st/",
    ] {
        assert_eq!(
            Target::parse(url, false).unwrap_err(),
            EndpointRejection::UrlInvalid,
            "{url}"
        );
    }
    assert!(Target::parse("http://127.0.0.1:9/", true).is_ok());
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_written() {
    for url in [
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https://[::ffff:10.0.0.1]/",
        "https://169.254.169.254/latest/meta-data",
        "https://10.1.2.3:8080/",
    ] {
        let target = Target::parse(url, false).unwrap();
        assert!(
            matches!(target.addresses().await, Err(SendError::PrivateAddress)),
            "{url}"
        );
        let sent = target.post(&[], String::new()).await;
        assert!(matches!(sent, Err(SendError::PrivateAddress)), "{url}");
    }
    let allowed = Target::parse("http://127.0.0.1:9/", true).unwrap();
    assert_eq!(allowed.addresses().await.unwrap().len(), 1);
}

/// Takes one connection, replies with these bytes to the first that come, and returns what the client sent and how it
/// ended the connection.
async fn server(reply: Vec<u8>) -> (u16, JoinHandle<std::io::Result<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (mut client, _) = listener.accept().await?;
        let mut came = vec![0; 4096];
        let length = client.read(&mut came).await?;
        client.write_all(&reply).await?;
        client.read_to_end(&mut Vec::new()).await?;
        Ok(String::from_utf8_lossy(&came[..length]).to_lowercase())
    });
    (port, served)
}

fn reply(body: usize) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {body}\r\n\r\n");
    [head.into_bytes(), vec![b'x'; body]].concat()
}

#[tokio::test]
async fn a_reply_is_taken_to_its_end() {
    let (port, served) = server(reply(MAX_REPLY_BYTES)).await;
    let target = Target::parse(&format!("http://127.0.0.1:{port}/hooks?a=b"), true).unwrap();
    let status = target.post(&[("webhook-id", "1".to_owned())], "{}".to_owned()).await;
    assert_eq!(status.unwrap(), 200);
    let came = served.await.unwrap().expect("the connection is not reset");
    assert!(came.starts_with("post /hooks?a=b http/1.1\r\n"), "{came}");
    for header in [
        "connection: close\r\n",
        "webhook-id: 1\r\n",
        "content-type: application/json\r\n",
    ] {
        assert!(came.contains(header), "{header}: {came}");
    }
}

#[tokio::test]
async fn a_reply_without_an_end_counts_by_its_status() {
    // Longer than what is taken, longer than what comes, and broken.
    for reply in [
        reply(100 * MAX_REPLY_BYTES),
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx".to_vec(),
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nnonsense".to_vec(),
    ] {
        let (port, _served) = server(reply).await;
        let target = Target::parse(&format!("http://127.0.0.1:{port}/"), true).unwrap();
        assert_eq!(target.post(&[], String::new()).await.unwrap(), 200);
    }
    let (port, _served) = server(b"220 mail.example ESMTP\r\n".to_vec()).await;
    let target = Target::parse(&format!("http://127.0.0.1:{port}/"), true).unwrap();
    let failed = target.post(&[], String::new()).await;
    assert!(matches!(failed, Err(SendError::NoReply(_))), "{failed:?}");
}

/// A server of TLS with a certificate for `localhost`, and an authority that nobody else trusts.
async fn tls_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let certificate = CertificateDer::from_slice(include_bytes!("certificates/localhost.der"));
    let key = PrivateKeyDer::try_from(&include_bytes!("certificates/localhost.key.der")[..]).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.into_owned()], key.clone_key())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("localhost:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Arc::<Mutex<Vec<String>>>::default();
    let kept = Arc::clone(&received);
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let Ok(mut client) = acceptor.accept(client).await else {
                continue;
            };
            let mut came = vec![0; 4096];
            let length = client.read(&mut came).await.unwrap_or(0);
            kept.lock()
                .unwrap()
                .push(String::from_utf8_lossy(&came[..length]).into_owned());
            let _ = client.write_all(&reply(2)).await;
        }
    });
    (port, received)
}

#[tokio::test]
async fn a_request_is_sent_only_to_the_owner_of_a_trusted_certificate() {
    let (port, received) = tls_server().await;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_slice(include_bytes!("certificates/authority.der")))
        .unwrap();
    let trusting_it = trusting(roots);
    let post = async |host: &str, tls: &TlsConnector| {
        let target = Target::parse(&format!("https://{host}:{port}/hooks"), true).unwrap();
        target.post_over(tls, &[], "{\"a\":1}".to_owned()).await
    };
    let unknown = post("localhost", &TLS).await;
    assert!(
        matches!(unknown, Err(SendError::NoTls(_))),
        "its authority is unknown: {unknown:?}"
    );
    let other = post("127.0.0.1", &trusting_it).await;
    assert!(
        matches!(other, Err(SendError::NoTls(_))),
        "the certificate is for another name: {other:?}"
    );
    assert_eq!(received.lock().unwrap().len(), 0, "nothing was sent");
    assert_eq!(post("localhost", &trusting_it).await.unwrap(), 200);
    let received = received.lock().unwrap();
    assert!(
        received[0].starts_with("POST /hooks HTTP/1.1\r\n") && received[0].contains(&format!("host: localhost:{port}")),
        "{received:?}"
    );
}
