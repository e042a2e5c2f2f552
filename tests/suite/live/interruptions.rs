//! The real program with somebody who follows: it is told to stop, and Postgres goes and comes back.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use newbee::clock::Clock;
use newbee::domain::audit::Author;
use newbee::domain::id::UserId;
use newbee::domain::user::UserReport;
use newbee::private_postgres::PrivatePostgres;
use newbee::service::register_user::register_user;
use newbee::service::sessions;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

use super::{Following, text};
use crate::private_postgres::open_folder;
use crate::support::database::TestDatabase;
use crate::support::program::{Program, newbee};
use crate::support::wait_until;

async fn make_user(pool: &PgPool) -> String {
    let author = Author::at_the_command_line(Clock::machine().now());
    let user = UserReport {
        user_id: UserId(1),
        ..UserReport::default()
    };
    register_user(pool, &user, &author).await.unwrap().unwrap();
    let issued = sessions::issue(pool, UserId(1), TimeDelta::days(1), None, &author).await;
    issued.unwrap().unwrap().key.reveal().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_told_to_stop_completes_what_it_streams() {
    let database = TestDatabase::create().await;
    let pool = database.pool();
    let key = make_user(&pool).await;
    let program = Program::serve(&database, &["--scheduler", "off", "--drain-timeout", "60s"]).await;
    let following = Following::begin(&program.url(), &key, None).await;
    let began = Instant::now();
    let (log, events) = tokio::join!(program.terminate(), following.rest());
    assert_eq!(events.len(), 1, "{events:?}");
    assert_eq!(events[0].0, "complete");
    assert!(
        began.elapsed() < Duration::from_secs(30),
        "it does not wait for the limit"
    );
    assert!(!log.contains("drain limit is over"), "{log}");
    pool.close().await;
}

fn stop_hard(folder: &Path) {
    let file = fs::read_to_string(folder.join("data/postmaster.pid")).expect("Postgres runs");
    let pid = file
        .lines()
        .next()
        .and_then(|pid| pid.parse().ok())
        .and_then(Pid::from_raw);
    kill_process(pid.expect("a process id"), Signal::QUIT).expect("Postgres runs");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postgres_that_goes_and_comes_back_is_not_noticed() {
    let home = open_folder();
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    postgres.create_database_if_missing("newbee").await.unwrap();
    let url = postgres.url("newbee");
    let migrated = newbee()
        .arg("migrate")
        .env("DATABASE_URL", &url)
        .output()
        .await
        .unwrap();
    assert!(
        migrated.status.success(),
        "{}",
        String::from_utf8_lossy(&migrated.stderr)
    );
    let pool = PgPoolOptions::new().connect_lazy_with(postgres.connect_options("newbee"));
    let key = make_user(&pool).await;
    let mut command = newbee();
    command.args(["serve", "--scheduler", "off"]).env("DATABASE_URL", &url);
    let program = Program::start_logging(command, "info").await;
    let mut following = Following::begin(&program.url(), &key, None).await;

    stop_hard(home.path());
    postgres.died().await;
    drop(postgres);
    let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
    let mut signed_in = serde_json::Value::Null;
    wait_until("the database serves again", async || {
        let (_, reply) = program
            .ask(Some(&key), "mutation { signInToday { award { id } } }")
            .await;
        signed_in = reply["data"]["signInToday"]["award"]["id"].clone();
        signed_in.is_string()
    })
    .await;
    assert_eq!(following.award().await["id"], signed_in);
    // And goes on.
    sqlx::query("update awards set updated_at = updated_at + interval '1 s', changed_in = default")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!(text(&following.award().await, "id"), signed_in.as_str().unwrap());
    drop(following);
    program.terminate().await;
    pool.close().await;
    postgres.stop().await.unwrap();
}
