//! Bad input on the command line, in the configuration and in requests: a clear answer each, and nothing lost.

use std::process::Output;

use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, newbee};

async fn serve(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String) {
    let output: Output = newbee()
        .arg("serve")
        .args(arguments)
        .envs(variables.iter().copied())
        .output()
        .await
        .expect("newbee runs");
    (
        output.status.code(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
    )
}

#[tokio::test]
async fn every_problem_of_a_configuration_is_said_at_once_before_anything_starts() {
    let manifests = tempfile::tempdir().unwrap();
    let broken = "name = 'settle_awards'\nschedule = 'every now and then'\nbatch_sice = 5\n";
    std::fs::write(manifests.path().join("settle_awards.toml"), broken).unwrap();
    let variables = [
        ("NEWBEE_JOBS_DIR", manifests.path().to_str().unwrap()),
        ("NEWBEE_TIME_ZONE", "Asia/Shangri-La"),
        ("NEWBEE_LISTN", "127.0.0.1:0"),
        ("DATABASE_URL", "mysql://root:hunter2@localhost/x"),
        (
            "NEWBEE_DIRECT_DATABASE_URL",
            "postgres://root:hunter2@h1,h2/x?target_session_attrs=any",
        ),
        ("NEWBEE_JOBS_CONNECTIONS", "1"),
        ("NEWBEE_LIVE_CONNECTIONS", "many"),
    ];
    let (code, said) = serve(&["--listen", "80"], &variables).await;
    assert_eq!(code, Some(2), "{said}");
    for part in [
        "NEWBEE_LISTEN",
        "Asia/Shangri-La",
        "NEWBEE_LISTN",
        " DATABASE_URL",
        "NEWBEE_DIRECT_DATABASE_URL: target_session_attrs=any",
        "NEWBEE_JOBS_CONNECTIONS (or --jobs-connections): expected a number from 2 to 200, got \"1\"",
        "NEWBEE_LIVE_CONNECTIONS",
    ] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
    assert!(!said.contains("hunter2"));

    let variables = [variables[0], ("DATABASE_URL", "postgres://localhost/x")];
    let (code, said) = serve(&[], &variables).await;
    assert_eq!(code, Some(2), "{said}");
    for part in ["settle_awards.toml", "schedule", "batch_sice", "close_day.toml"] {
        assert!(said.contains(part), "{part} is missing in: {said}");
    }
}

#[tokio::test]
async fn an_unreachable_database_and_a_port_in_use_are_named() {
    let unreachable = [
        ("DATABASE_URL", "postgres://newbee:hunter2@127.0.0.1:1/nowhere"),
        ("NEWBEE_DATABASE_WAIT", "0s"),
    ];
    let (code, said) = serve(&["--listen", "127.0.0.1:0"], &unreachable).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains("Cannot use the database nowhere at 127.0.0.1:1.") && !said.contains("hunter2"),
        "{said}"
    );

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (code, said) = serve(&["--listen", &address], &unreachable).await;
    assert_eq!(code, Some(1));
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");

    let several = "postgres://newbee:hunter2@127.0.0.1:1,127.0.0.1:2/nowhere?target_session_attrs=read-write";
    let arguments = ["--listen", "127.0.0.1:0", "--database-wait", "0s"];
    let (code, said) = serve(&arguments, &[("DATABASE_URL", several)]).await;
    assert_eq!(code, Some(1));
    for part in [
        "Cannot use the database nowhere at 127.0.0.1:1, 127.0.0.1:2.",
        "no host accepts writes (127.0.0.1:1: ",
    ] {
        assert!(said.contains(part) && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn a_database_without_the_schema_is_refused_with_the_command_that_makes_it() {
    let database = TestDatabase::create().await;
    sqlx::query("delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)")
        .execute(&database.pool())
        .await
        .unwrap();
    let (code, said) = serve(&["--listen", "127.0.0.1:0"], &[("DATABASE_URL", &database.url)]).await;
    assert_eq!(code, Some(1));
    assert!(said.contains("newbee migrate"), "{said}");
}

#[tokio::test]
async fn a_database_of_an_unreleased_version_is_refused_by_serve_and_migrate() {
    let database = TestDatabase::create().await;
    sqlx::query("update _sqlx_migrations set checksum = sha384('') where version = 1")
        .execute(&database.pool())
        .await
        .unwrap();
    let environment: Vec<_> = database.environment().collect();
    let (code, said) = serve(&["--listen", "127.0.0.1:0"], &environment).await;
    assert_eq!(code, Some(1));
    assert!(
        said.contains("unreleased version of newbee") && said.contains("empty database"),
        "{said}"
    );
    let migrated = newbee()
        .arg("migrate")
        .envs(database.environment())
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&migrated.stderr);
    assert_eq!(migrated.status.code(), Some(1), "{said}");
    assert!(said.contains("unreleased version of newbee"), "{said}");
}

async fn add_user(database: &TestDatabase, id: &str, code: &str) -> String {
    let run = async |arguments: &[&str]| {
        newbee()
            .args(arguments)
            .envs(database.environment())
            .output()
            .await
            .unwrap()
    };
    assert!(run(&["user", "add", id, "--code", code]).await.status.success());
    String::from_utf8(run(&["session", "issue", id]).await.stdout)
        .unwrap()
        .trim()
        .to_owned()
}

#[tokio::test]
async fn wrong_codes_and_keys_and_bodies_have_a_clear_answer_each() {
    let database = TestDatabase::create().await;
    let (parent, child) = (
        add_user(&database, "1", "PARENT").await,
        add_user(&database, "2", "CH1LD").await,
    );
    let program = Program::serve(&database, &["--scheduler", "off"]).await;
    let bind = async |key: &str, code: &str| {
        let query = format!(
            "mutation {{ setInvitation(parentCode: {}) {{ userErrors {{ code legacyStatus }} }} }}",
            json!(code)
        );
        let (status, mut reply) = program.ask(Some(key), &query).await;
        assert_eq!(status, 200);
        reply["data"]["setInvitation"]["userErrors"].take()
    };
    let refused = |code: &str, number: i32| json!([{ "code": code, "legacyStatus": number }]);
    for unknown in ["NOBODY", "", "   ", &"X".repeat(10_000)] {
        assert_eq!(bind(&child, unknown).await, refused("INVITATION_CODE_UNKNOWN", 102));
    }
    assert_eq!(bind(&child, "ch1ld").await, refused("INVITATION_CODE_OWN", 110));
    assert_eq!(bind(&child, " parent ").await, json!([]));
    assert_eq!(bind(&child, "PARENT").await, json!([]), "the same parent again");
    assert_eq!(
        bind(&parent, "CHILD").await,
        refused("INVITATION_CODE_DESCENDANT", 111),
        "L reads as 1"
    );
    let other = add_user(&database, "3", "OTHER").await;
    assert_eq!(bind(&child, "OTHER").await, refused("INVITATION_ALREADY_SET", 103));

    // Keys: unknown, public, revoked, too long.
    let (status, revoked) = program.ask(Some(&other), "{ me { id } }").await;
    assert_eq!((status, revoked["data"]["me"]["id"].as_str()), (200, Some("user_3")));
    let ended = newbee()
        .args(["session", "revoke", "--user", "3"])
        .envs(database.environment())
        .output()
        .await
        .unwrap();
    assert!(ended.status.success());
    for key in ["nobodys-key", "demo-session-regular", other.as_str(), &"k".repeat(56)] {
        let (status, reply) = program.ask(Some(key), "{ me { id } }").await;
        assert_eq!(
            (status, reply["errors"][0]["extensions"]["code"].as_str()),
            (401, Some("UNAUTHENTICATED")),
            "{reply}"
        );
    }
    let (_, nobody) = program.ask(None, "mutation { signInToday { award { id } } }").await;
    assert_eq!(nobody["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

    // Bodies.
    for (query, part) in [
        ("{ me { nmae } }", "nmae"),
        ("{ node { id } }", "id"),
        ("{ node(id: 1.5) { id } }", "id"),
    ] {
        let (_, reply) = program.ask(Some(&parent), query).await;
        assert!(
            reply["data"].is_null() && reply["errors"][0]["message"].to_string().contains(part),
            "{reply}"
        );
    }
    let client = http_client();
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"query\": 5}",
        "{\"qeury\": \"{ me { id } }\"}",
    ] {
        let reply = client
            .post(program.url())
            .header("content-type", "application/json")
            .body(body)
            .send()
            .await
            .unwrap();
        assert_eq!(reply.status(), 400, "{body}");
        let reply: Value = reply.json().await.expect("JSON, also about what is not JSON");
        assert!(reply["errors"][0]["message"].is_string(), "{reply}");
    }
    program.terminate().await;
}
