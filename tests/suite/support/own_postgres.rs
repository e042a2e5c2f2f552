//! A Postgres of one test, which the test may stop or crash.

use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use newbee::clock::Clock;
use newbee::domain::audit::Author;
use newbee::domain::id::UserId;
use newbee::domain::user::UserReport;
use newbee::private_postgres::PrivatePostgres;
use newbee::service::register_user::register_user;
use newbee::service::sessions;
use newbee::store::bounded::PgPool;
use rustix::process::{Pid, Signal, kill_process};
use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use super::database::patient_pool;
use super::program::newbee;
use crate::database::private_postgres::open_folder;

/// It keeps its data from one start to the next, and has newbee's schema.
pub struct OwnPostgres {
    home: TempDir,
    postgres: PrivatePostgres,
    pub url: String,
}

impl OwnPostgres {
    pub async fn start() -> Self {
        let home = open_folder();
        let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
        postgres.create_database_if_missing("newbee").await.unwrap();
        let url = postgres.url("newbee");
        migrate(&url).await;
        Self { home, postgres, url }
    }

    /// Of the test's own, beside those of the program under test.
    pub fn pool(&self) -> PgPool {
        patient_pool(&self.postgres.connect_options("newbee"), 10)
    }

    /// Options of connections to it.
    pub fn options(&self) -> PgConnectOptions {
        self.postgres.connect_options("newbee")
    }

    /// The server and all its processes.
    pub fn processes(&self) -> Vec<Pid> {
        family(self.server())
    }

    fn server(&self) -> Pid {
        server_of(self.home.path())
    }

    /// SIGQUIT, as if the machine had lost its power, and a start.
    pub async fn crash_and_start(self) -> Self {
        let Self { home, postgres, url } = self;
        let file = fs::read_to_string(home.path().join("data/postmaster.pid")).expect("Postgres runs");
        let pid = file
            .lines()
            .next()
            .and_then(|pid| pid.parse().ok())
            .and_then(Pid::from_raw);
        kill_process(pid.expect("a process id"), Signal::QUIT).expect("Postgres runs");
        postgres.died().await;
        drop(postgres);
        let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
        Self { home, postgres, url }
    }

    pub async fn stop(self) {
        self.postgres.stop().await.unwrap();
    }
}

/// `newbee migrate`.
pub async fn migrate(url: &str) {
    let mut command = newbee();
    let migrated = command.arg("migrate").env("DATABASE_URL", url).output().await.unwrap();
    assert!(
        migrated.status.success(),
        "{}",
        String::from_utf8_lossy(&migrated.stderr)
    );
}

/// The server of a cluster's folder.
pub fn server_of(home: &Path) -> Pid {
    let file = fs::read_to_string(home.join("data/postmaster.pid")).expect("Postgres runs");
    let pid = file.lines().next().and_then(|pid| pid.parse().ok());
    pid.and_then(Pid::from_raw).expect("a process id")
}

/// A process and those that it started.
pub fn family(parent: Pid) -> Vec<Pid> {
    let is_child = |process: &Pid| {
        let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).unwrap_or_default();
        let fields = stat.rsplit(')').next().unwrap_or_default();
        fields.split_whitespace().nth(1) == Some(&parent.as_raw_nonzero().to_string())
    };
    let all = fs::read_dir("/proc").expect("Linux");
    let all = all.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let children = all.filter_map(Pid::from_raw).filter(is_child);
    std::iter::once(parent).chain(children).collect()
}

/// Registers the users from 1 on and returns a session key of each.
pub async fn make_users(pool: &PgPool, count: i64) -> Vec<String> {
    let author = Author::at_the_command_line(Clock::machine().now());
    let mut keys = Vec::new();
    for id in 1..=count {
        let user = UserReport {
            user_id: UserId(id),
            ..UserReport::default()
        };
        register_user(pool, &user, &author).await.unwrap();
        let issued = sessions::issue(pool, UserId(id), TimeDelta::days(1), None, &author)
            .await
            .unwrap();
        keys.push(issued.key.reveal().to_owned());
    }
    keys
}
