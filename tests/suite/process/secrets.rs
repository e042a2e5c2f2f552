//! No key is in a log, whether it was sent correctly or not.

use std::process::Output;

use serde_json::json;

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, newbee, serve};

async fn run(database: &TestDatabase, arguments: &[&str]) -> Output {
    newbee()
        .args(arguments)
        .args(["--log", "trace"])
        .envs(database.environment())
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
    let made = run(&database, &["key", "create", "chat", "--scope", "host"]).await;
    let api_key = String::from_utf8(made.stdout).unwrap().trim().to_owned();
    logs.push_str(&String::from_utf8_lossy(&made.stderr));
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
    let client = http_client();
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
    // The admin API hands keys out, and takes them as arguments.
    let hosts_own = format!("{}-of-the-host-for-17", "k".repeat(23));
    let admin = async |key: &str, query: String| {
        let request = client
            .post(format!("http://{}/admin/graphql", program.address))
            .bearer_auth(key)
            .json(&json!({ "query": query }));
        request.send().await.unwrap().text().await.unwrap()
    };
    let issued = admin(&api_key, "mutation { issueSession(userId: 17) { key } }".into()).await;
    let issued = issued
        .split('"')
        .find(|part| part.len() == 43)
        .expect("a key")
        .to_owned();
    for query in [
        format!("mutation {{ registerSession(userId: 17, key: \"{hosts_own}\") {{ repeated }} }}"),
        format!("mutation {{ registerSession(userId: 18, key: \"{hosts_own}\") {{ nonsense }} }}"),
        format!("mutation {{ revokeSession(key: \"{issued}\") {{ ended }} }}"),
    ] {
        admin(&api_key, query).await;
    }
    admin(&issued, "{ viewer { name } }".into()).await;
    keys.push(issued);
    logs.push_str(&program.terminate().await);
    assert!(logs.contains("operation"), "the requests were logged");
    for key in &keys {
        assert_eq!(key.len(), 43);
        assert!(!logs.contains(key.as_str()), "a key is in the log");
    }
    for key in [&api_key, &hosts_own] {
        assert!(!logs.contains(key.as_str()), "a key is in the log");
    }
    // Nor in any table: what is kept of a key is its hash.
    let dump: Vec<String> = sqlx::query_scalar(
        "select to_jsonb(s)::text from sessions s union all select to_jsonb(k)::text from api_keys k
         union all select to_jsonb(l)::text from audit_log l",
    )
    .fetch_all(&database.pool())
    .await
    .unwrap();
    assert!(dump.len() > 8);
    for key in keys.iter().chain([&api_key, &hosts_own]) {
        assert!(
            !dump.iter().any(|row| row.contains(key.as_str())),
            "a key is in the database"
        );
    }
}
