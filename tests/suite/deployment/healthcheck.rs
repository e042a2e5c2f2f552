//! `newbee healthcheck`: an exit code and a sentence for each state of the server.

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};
use crate::support::wait_until;

/// Exit code, standard output and standard error.
async fn healthcheck(arguments: &[&str], listen: &str) -> (Option<i32>, String, String) {
    let mut command = newbee();
    command
        .arg("healthcheck")
        .args(arguments)
        .env("NEWBEE_LISTEN", listen)
        // As on a machine where the settings of the server are in the environment.
        .env("DATABASE_URL", "postgres://newbee@127.0.0.1:1/nowhere");
    let output = command.output().await.expect("newbee runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_exit_code_follows_the_readiness_of_the_server() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--scheduler", "off", "--metrics-listen", "127.0.0.1:0"]).await;
    let log = program.log();
    let (_, rest) = log.split_once("\"metrics_address\":\"").expect("where metrics are");
    let metrics = format!("http://{}", rest.split('"').next().unwrap());
    let port = program.address.rsplit(':').next().unwrap().to_owned();
    let everywhere = format!("0.0.0.0:{port}");
    for arguments in [&[][..], &["--url", &metrics]] {
        assert_eq!(
            healthcheck(arguments, &everywhere).await,
            (Some(0), "ready\n".to_owned(), String::new())
        );
    }

    sqlx::query("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&database.pool())
        .await
        .unwrap();
    wait_until("the server is not ready", async || {
        healthcheck(&[], &everywhere).await.0 == Some(1)
    })
    .await;
    let (_, _, said) = healthcheck(&[], &everywhere).await;
    assert!(said.contains("/readyz answered 503: migrations: failed."), "{said}");
    wait_until("the metrics address gives the reason", async || {
        let (code, _, said) = healthcheck(&["--url", &metrics], &everywhere).await;
        code == Some(1) && said.contains("1 migrations are missing: run newbee migrate")
    })
    .await;
    let (code, alive, _) = healthcheck(&["--alive"], &everywhere).await;
    assert_eq!((code, alive.as_str()), (Some(0), "alive\n"));

    program.terminate().await;
    let (code, _, said) = healthcheck(&["--alive"], &everywhere).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains(&format!("http://127.0.0.1:{port}/healthz cannot be reached")),
        "{said}"
    );
}

#[tokio::test]
async fn a_silent_server_and_another_protocol_are_named() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = silent.local_addr().unwrap().to_string();
    let (code, _, said) = healthcheck(&["--timeout", "100ms"], &listen).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("did not answer within 100ms"), "{said}");

    let speaks = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let listen = speaks.local_addr().unwrap().to_string();
    let server = tokio::spawn(async move {
        let (mut stream, _) = speaks.accept().await.unwrap();
        // Read the request first: closing a connection with unread bytes would reset it.
        let mut request = [0; 1024];
        tokio::io::AsyncReadExt::read(&mut stream, &mut request).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-OpenSSH\r\n")
            .await
            .unwrap();
    });
    let (code, _, said) = healthcheck(&[], &listen).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("did not answer with HTTP"), "{said}");
    server.await.unwrap();

    let (code, _, said) = healthcheck(&["--timeout", "soon", "--url", "newbee"], "127.0.0.1:8080").await;
    assert_eq!(code, Some(2));
    assert!(said.contains("--timeout") && said.contains("--url"), "{said}");
}
