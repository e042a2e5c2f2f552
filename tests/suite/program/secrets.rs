//! No key is ever in a log: not of a good caller, nor of one who sends it wrongly.

use std::process::Output;

use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee, serve};

async fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    newbee()
        .args(arguments)
        .args(["--log", "trace"])
        .env("DATABASE_URL", &database.url)
        .output()
        .await
        .expect("newbee runs")
}

#[tokio::test]
async fn no_key_that_was_issued_is_in_any_log() {
    let database = TestDatabase::create().await;
    let mut logs = String::new();
    let mut keys = Vec::new();
    for user in ["17", "18"] {
        let added = run(&database, &["user", "add", user]).await;
        let issued = run(&database, &["session", "issue", user]).await;
        assert!(issued.status.success());
        keys.push(String::from_utf8(issued.stdout).unwrap().trim().to_owned());
        for output in [added.stderr, issued.stderr] {
            logs.push_str(&String::from_utf8_lossy(&output));
        }
    }
    let program = Program::start_logging(serve(&database, &["--scheduler", "off"]), "trace").await;
    let queries = [
        "{ me { id } }",
        "mutation { signInToday { award { id } } }",
        "{ nonsense }",
        "{",
        &format!("{{ node(id: \"{}\") {{ id }} }}", keys[1]),
    ];
    for query in queries {
        let (status, _) = program.ask(Some(&keys[0]), query).await;
        assert!(status < 500);
    }
    let client = reqwest::Client::new();
    for header in [
        keys[1].clone(),
        format!("Basic {}", keys[1]),
        format!("Bearer {} {}", keys[0], keys[1]),
    ] {
        let reply = client
            .post(program.url())
            .header("authorization", header)
            .body("{}")
            .send()
            .await
            .unwrap();
        assert!(reply.status().is_client_error());
    }
    let get = client
        .get(program.url())
        .query(&[("query", "{ me { id } }")])
        .bearer_auth(&keys[0])
        .send()
        .await
        .unwrap();
    assert!(get.status().is_success());
    let customer = |method: &str| client.post(format!("http://{}/customer/{method}", program.address));
    for request in [
        customer("get_invitation").form(&[("session_key", &keys[0])]),
        customer("set_invitation").json(&json!({ "session_key": keys[1] })),
        customer(&keys[1]),
    ] {
        assert!(request.send().await.unwrap().status().is_success());
    }
    logs.push_str(&program.terminate().await);
    assert!(logs.contains("operation"), "the requests were logged");
    for key in &keys {
        assert_eq!(key.len(), 43);
        assert!(!logs.contains(key.as_str()), "a key is in the log");
    }
}
