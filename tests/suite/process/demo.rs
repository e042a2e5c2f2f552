//! `newbee demo`: it begins with nothing, keeps its data, leaves nothing behind, and says when its database died.

use newbee::demo::DEMO_API_KEY;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use sqlx::Connection;
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, newbee};
use crate::support::wait_until;

fn demo(folder: &TempDir) -> Command {
    let mut command = newbee();
    command.args(["demo", "--data-dir"]).arg(folder.path().join("postgres"));
    command
}

/// A folder that the server's own user can reach.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

/// The postmaster of a demo; `None` when there is none.
fn postmaster(folder: &TempDir) -> Option<Pid> {
    let file = std::fs::read_to_string(folder.path().join("postgres/data/postmaster.pid")).ok()?;
    Pid::from_raw(file.lines().next()?.parse().ok()?)
}

/// A number out of the demo's database, at the address that it prints.
async fn count(welcome: &str, sql: &'static str) -> i64 {
    let url = welcome
        .split("DATABASE_URL='")
        .nth(1)
        .and_then(|rest| rest.split('\'').next())
        .expect("the address");
    let mut connection = sqlx::PgConnection::connect(url).await.expect("the demo's database");
    sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .expect("a number")
}

const VIOLATIONS: &str = "select count(*) from invariant_violations";

/// Days that were closed and settled when a service that ran all the time would have done it.
const DAYS_LIVED: &str = "select count(*) from business_days d
    where closed_at = ((day + 1) + time '00:05') at time zone 'Asia/Shanghai'
      and exists (select 1 from ledger_entries where posted_at = (day + time '23:59') at time zone 'Asia/Shanghai')";

const MISSED: &str = "select count(*) from job_runs where state not in ('SUCCEEDED', 'QUEUED', 'RUNNING')";

#[tokio::test]
async fn a_second_start_finds_the_data_of_the_first_and_a_killed_one_blocks_nothing() {
    let folder = folder();
    let first = Program::start(demo(&folder)).await;
    let welcome = first.output();
    for user in newbee::demo::DEMO_USERS {
        let line = welcome
            .lines()
            .find(|line| line.contains(user.session_key))
            .expect("a line for each user");
        assert!(line.contains(user.shows));
        let (status, reply) = first.ask(Some(user.session_key), "{ me { name } }").await;
        match user.key_is_expired {
            true => assert_eq!(status, 401),
            false => assert_eq!(reply["data"]["me"]["name"], user.name),
        }
    }
    let (_, children) = first
        .ask(
            Some("demo-session-inviter"),
            "{ me { children(first: 1) { totalCount } } }",
        )
        .await;
    assert_eq!(children["data"]["me"]["children"]["totalCount"], 200);
    let (_, reservation) = first
        .ask(
            Some("demo-session-inviter"),
            "{ reservation(key: \"libra\") { count state mine { reservedAt } } }",
        )
        .await;
    let reservation = &reservation["data"]["reservation"];
    assert_eq!(
        (&reservation["count"], &reservation["state"]),
        (&121.into(), &"OPEN".into())
    );
    assert!(reservation["mine"]["reservedAt"].is_string());
    let signed_in = "mutation { signInToday { award { id } userErrors { code } } }";
    let (_, award) = first.ask(Some("demo-session-regular"), signed_in).await;
    assert_eq!(
        count(&welcome, VIOLATIONS).await,
        0,
        "the books of the month that was made"
    );
    let days = count(&welcome, DAYS_LIVED).await;
    assert!(days >= 29, "{days} days were closed and settled in their turn");
    assert_eq!(
        count(&welcome, MISSED).await,
        0,
        "no run of that month failed or was skipped"
    );
    let postgres = postmaster(&folder).expect("the private Postgres runs");
    first.terminate().await;
    assert!(
        rustix::process::test_kill_process(postgres).is_err(),
        "Postgres was left running"
    );

    let second = Program::start(demo(&folder)).await;
    assert!(second.output().contains("with the data of an earlier start"));
    let (_, again) = second.ask(Some("demo-session-regular"), signed_in).await;
    assert_eq!(
        again["data"]["signInToday"]["award"],
        award["data"]["signInToday"]["award"]
    );
    assert_eq!(
        again["data"]["signInToday"]["userErrors"][0]["code"],
        "ALREADY_SIGNED_IN"
    );
    second.kill().await;

    let third = Program::start(demo(&folder)).await;
    third.terminate().await;
}

/// Status and reply of the admin API.
async fn ask_admin(program: &Program, key: &str, query: &str) -> (u16, Value) {
    let request = http_client()
        .post(format!("http://{}/admin/graphql", program.address))
        .bearer_auth(key)
        .json(&json!({ "query": query }));
    let reply = request.send().await.expect("newbee answers");
    (reply.status().as_u16(), reply.json().await.expect("with JSON"))
}

/// The environment that the ops page receives.
async fn page_settings(program: &Program) -> Value {
    let url = format!("http://{}/ops/settings.json", program.address);
    let reply = http_client().get(url).send().await.expect("newbee answers");
    assert_eq!(reply.status(), 200);
    reply.json().await.expect("with JSON")
}

#[tokio::test]
async fn the_public_api_key_is_one_in_the_demo_alone() {
    let database = TestDatabase::create().await;
    let mut command = newbee();
    command.arg("demo").envs(database.environment());
    let demo = Program::start(command).await;
    assert!(demo.output().lines().any(|line| line.trim().starts_with(DEMO_API_KEY)));
    let (_, viewer) = ask_admin(&demo, DEMO_API_KEY, "{ viewer { name scopes } }").await;
    assert_eq!(
        viewer["data"]["viewer"],
        json!({ "name": "demo", "scopes": ["HOST", "OPS_WRITE", "ACT"] })
    );
    assert_eq!(
        page_settings(&demo).await,
        json!({ "demoApiKey": DEMO_API_KEY, "playground": true })
    );
    demo.terminate().await;

    let served = Program::serve(&database, &["--scheduler", "off"]).await;
    let (status, refused) = ask_admin(&served, DEMO_API_KEY, "{ viewer { name } }").await;
    assert_eq!(status, 401, "{refused}");
    assert_eq!(
        page_settings(&served).await,
        json!({ "demoApiKey": null, "playground": false })
    );
    served.terminate().await;
}

#[tokio::test]
async fn when_its_postgres_dies_the_demo_says_so_and_ends() {
    let folder = folder();
    let mut program = Program::start(demo(&folder)).await;
    kill_process(postmaster(&folder).expect("the private Postgres runs"), Signal::KILL).unwrap();
    let status = program.ended().await;
    assert_eq!(status.code(), Some(1));
    assert!(
        program.log().contains("The private Postgres exited unexpectedly"),
        "{}",
        program.log()
    );
    // And it can be started again.
    wait_until("the dead server's processes are gone", async || {
        Program::start(demo(&folder)).await.terminate().await.contains("newbee")
    })
    .await;
}

#[tokio::test]
async fn a_database_with_users_of_somebody_else_is_refused() {
    let database = TestDatabase::create().await;
    let run = async |arguments: &[&str]| {
        newbee()
            .args(arguments)
            .envs(database.environment())
            .output()
            .await
            .unwrap()
    };
    assert!(run(&["user", "add", "17"]).await.status.success());
    let refused = run(&["demo", "--listen", "127.0.0.1:0"]).await;
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("users that the demo did not create"));
}

#[tokio::test]
async fn other_machines_are_let_in_only_on_request() {
    let database = TestDatabase::create().await;
    for listen in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
        let refused = newbee()
            .args(["demo", "--listen", listen])
            .envs(database.environment())
            .output()
            .await
            .unwrap();
        assert_eq!(refused.status.code(), Some(2), "{listen}");
        let said = String::from_utf8_lossy(&refused.stderr);
        assert!(said.contains("--open-to-network") && said.contains("public"), "{said}");
    }
}

/// The status of a request that came under this host.
async fn status_for(program: &Program, path: &str, host: &str) -> u16 {
    let request = http_client()
        .get(format!("http://{}{path}", program.address))
        .header("host", host);
    request.send().await.expect("newbee answers").status().as_u16()
}

#[tokio::test]
async fn a_page_that_points_its_own_name_at_the_demo_is_refused() {
    let database = TestDatabase::create().await;
    let mut command = newbee();
    command.arg("demo").envs(database.environment());
    let demo = Program::start(command).await;
    let port = demo.address.rsplit(':').next().unwrap().to_owned();
    for path in [
        "/",
        "/graphql?query=%7B__typename%7D",
        "/ops/",
        "/graphiql/settings.json",
        "/customer/subscribe_counts",
        "/readyz",
    ] {
        for host in [format!("evil.example:{port}"), "192.168.1.5".to_owned()] {
            assert_eq!(status_for(&demo, path, &host).await, 421, "{path} for {host}");
        }
        for host in [
            format!("localhost:{port}"),
            format!("[::1]:{port}"),
            format!("127.0.0.1:{port}"),
        ] {
            assert!(status_for(&demo, path, &host).await < 400, "{path} for {host}");
        }
    }
    demo.terminate().await;

    let mut open = newbee();
    open.args(["demo", "--open-to-network"]).envs(database.environment());
    let open = Program::start(open).await;
    assert_eq!(status_for(&open, "/readyz", "newbee.example").await, 200);
    open.terminate().await;

    let served = Program::serve(&database, &["--scheduler", "off"]).await;
    assert_eq!(
        status_for(&served, "/readyz", "newbee.example").await,
        200,
        "a proxy passes its public name on"
    );
    served.terminate().await;
}
