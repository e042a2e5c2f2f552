//! The business time zone is stored at the first start: other processes and commands take it or are refused.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, newbee, run, serve};
use crate::support::wait_until;

async fn stored(database: &TestDatabase) -> Value {
    let (code, said, error) = run(database, &["zone", "show", "--json"]).await;
    assert_eq!(code, Some(0), "{error}");
    serde_json::from_str::<Value>(&said).unwrap()["timeZone"].take()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_zone_is_refused_and_commands_take_the_stored_one() {
    let database = TestDatabase::create().await;
    assert_eq!(stored(&database).await, json!(null));
    let first = Program::serve(&database, &["--time-zone", "America/New_York"]).await;
    assert_eq!(stored(&database).await, "America/New_York");

    // A replica with another zone does not start.
    let other = serve(&database, &["--listen", "127.0.0.1:0", "--time-zone", "Asia/Shanghai"])
        .output()
        .await
        .unwrap();
    let said = String::from_utf8_lossy(&other.stderr).into_owned();
    assert_eq!(other.status.code(), Some(1), "{said}");
    assert!(
        said.contains("America/New_York") && said.contains("Asia/Shanghai"),
        "{said}"
    );
    // One without a zone takes the stored one.
    let second = Program::serve(&database, &[]).await;
    let query = json!({ "query": "{ clock { timeZone } }" });
    let reply = http_client().post(second.url()).json(&query).send().await.unwrap();
    let reply: Value = reply.json().await.unwrap();
    assert_eq!(reply["data"]["clock"]["timeZone"], "America/New_York");

    // So do commands, from a shell that has no zone; one that has another is refused.
    let (code, said, error) = run(&database, &["jobs", "next", "close_day", "--count", "1", "--json"]).await;
    assert_eq!(code, Some(0), "{error}");
    assert!(said.contains("-05:00") || said.contains("-04:00"), "{said}");
    for arguments in [
        &["jobs", "run", "close_day", "--time-zone", "Asia/Shanghai"][..],
        &[
            "task",
            "record",
            "17",
            "join_group",
            "--target",
            "1",
            "--key",
            "k",
            "--time-zone",
            "Asia/Shanghai",
        ],
    ] {
        let (code, _, error) = run(&database, arguments).await;
        assert_eq!(code, Some(1), "{arguments:?}: {error}");
        assert!(
            error.contains("America/New_York") && error.contains("Asia/Shanghai"),
            "{error}"
        );
    }

    // The zone is not changed under processes that run.
    let change = ["zone", "change", "America/Toronto", "--reason", "we moved"];
    let (code, _, error) = run(&database, &change).await;
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("Stop every newbee process"), "{error}");
    // Should it be changed all the same, they end.
    sqlx::query("update installation set time_zone = 'America/Toronto'")
        .execute(&database.pool())
        .await
        .unwrap();
    for mut program in [first, second] {
        let status = program.ended().await;
        assert_eq!(status.code(), Some(1));
        let log = program.log();
        assert!(
            log.contains("America/New_York") && log.contains("America/Toronto"),
            "{log}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_zone_is_changed_by_a_command_that_is_audited() {
    let database = TestDatabase::create().await;
    let program = Program::serve(&database, &["--time-zone", "America/New_York"]).await;
    program.terminate().await;
    // The same offsets all year, so the same date at every moment.
    let dry_run = ["zone", "change", "America/Toronto", "--reason", "we moved", "--dry-run"];
    let mut said = String::new();
    wait_until("its sessions are gone", async || {
        let (code, output, error) = run(&database, &dry_run).await;
        said = output;
        assert!(
            code == Some(0) || error.contains("Stop every newbee process"),
            "{error}"
        );
        code == Some(0)
    })
    .await;
    assert!(
        said.contains("can be changed from America/New_York to America/Toronto"),
        "{said}"
    );
    assert_eq!(stored(&database).await, "America/New_York");
    let (code, _, error) = run(
        &database,
        &["zone", "change", "America/Toronto", "--reason", "we moved"],
    )
    .await;
    assert_eq!(code, Some(0), "{error}");
    assert_eq!(stored(&database).await, "America/Toronto");
    let audited: String = sqlx::query_scalar("select reason from audit_log where action = 'change_zone'")
        .fetch_one(&database.pool())
        .await
        .unwrap();
    assert_eq!(audited, "we moved");
    let (code, _, error) = run(&database, &["zone", "change", "Mars/Olympus", "--reason", "we moved"]).await;
    assert_eq!(code, Some(2), "{error}");
    let (code, _, error) = run(&database, &["zone", "change", "Asia/Tokyo", "--reason", " "]).await;
    assert_eq!(code, Some(1), "{error}");
}

#[tokio::test]
async fn a_day_job_in_another_zone_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir("jobs").unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let mut text = std::fs::read_to_string(&path).unwrap();
            if path.ends_with(Path::new("close_day.toml")) {
                text = text.replace("time_zone   = \"business\"", "time_zone   = \"Europe/London\"");
                assert!(text.contains("Europe/London"));
            }
            std::fs::write(folder.path().join(path.file_name().unwrap()), text).unwrap();
        }
    }
    let database = TestDatabase::create().await;
    let mut command = newbee();
    command
        .args(["jobs", "list", "--jobs-dir", folder.path().to_str().unwrap()])
        .envs(database.environment());
    for zone in [None, Some("Asia/Shanghai")] {
        zone.map(|zone| command.env("NEWBEE_TIME_ZONE", zone));
        let output = command.output().await.unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{said}");
        assert!(
            said.contains("close_day.toml: time_zone") && said.contains("Europe/London"),
            "{said}"
        );
    }
    // The same zone by its name is the business zone.
    command.env("NEWBEE_TIME_ZONE", "Europe/London");
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
