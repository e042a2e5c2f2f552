//! A primary with a synchronous standby, each a Postgres of its own, which the test may stop, crash and promote.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::time::Duration;

use newbee::private_postgres::PrivatePostgres;
use newbee::store::bounded::PgPool;
use rustix::process::{Pid, Signal, geteuid, kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Executor};
use tempfile::TempDir;

use super::database::patient_pool;
use super::own_postgres::{family, migrate, server_of};
use super::wait_until;
use crate::database::private_postgres::open_folder;

/// Two servers with newbee's schema.
pub struct PrimaryAndStandby {
    primary: (TempDir, PrivatePostgres),
    standby: (TempDir, PrivatePostgres),
    /// DATABASE_URL that lists both.
    pub url: String,
}

impl PrimaryAndStandby {
    pub async fn start() -> Self {
        let home = open_folder();
        let primary = PrivatePostgres::start_lasting(home.path()).await.unwrap();
        primary.create_database_if_missing("newbee").await.unwrap();
        migrate(&primary.url("newbee")).await;
        let copy = copy_of(&primary, home.path().join("data")).await;
        let standby = PrivatePostgres::start_lasting(copy.path()).await.unwrap();
        let mut connection = primary.connect_options("postgres").connect().await.unwrap();
        let settings = "alter system set synchronous_standby_names = '*'";
        connection.execute(settings).await.unwrap();
        connection.execute("select pg_reload_conf()").await.unwrap();
        wait_until("the standby is synchronous", async || {
            let is_synchronous = "select exists (select 1 from pg_stat_replication where sync_state = 'sync')";
            sqlx::query_scalar(is_synchronous)
                .fetch_one(&mut connection)
                .await
                .unwrap()
        })
        .await;
        let url = url_of([&primary, &standby]) + "&target_session_attrs=read-write";
        Self {
            primary: (home, primary),
            standby: (copy, standby),
            url,
        }
    }

    /// Adds a server that follows the first one. Commits wait for both of its standbys, which the URL lists.
    pub async fn add_standby(&self) -> (TempDir, PrivatePostgres, String) {
        let copy = copy_of(&self.primary.1, self.primary.0.path().join("data")).await;
        let standby = PrivatePostgres::start_lasting(copy.path()).await.unwrap();
        let pool = self.primary_pool();
        for statement in [
            "alter system set synchronous_standby_names = 'FIRST 2 (*)'",
            "select pg_reload_conf()",
        ] {
            sqlx::raw_sql(statement).execute(&pool).await.unwrap();
        }
        pool.close().await;
        let url = url_of([&self.standby.1, &standby]);
        (copy, standby, url)
    }

    /// Hosts in the order of the URL.
    pub fn hosts(&self) -> Vec<PgConnectOptions> {
        vec![
            self.primary.1.connect_options("newbee"),
            self.standby.1.connect_options("newbee"),
        ]
    }

    /// A pool of the test's own on the first server.
    pub fn primary_pool(&self) -> PgPool {
        patient_pool(&self.primary.1.connect_options("newbee"), 4)
    }

    /// A pool of the test's own on the second server.
    pub fn standby_pool(&self) -> PgPool {
        patient_pool(&self.standby.1.connect_options("newbee"), 4)
    }

    /// URLs of the first and of the second server.
    pub fn urls(&self) -> [String; 2] {
        [self.primary.1.url("newbee"), self.standby.1.url("newbee")]
    }

    /// Sends a signal to the second server and all its processes.
    pub fn signal_standby(&self, signal: Signal) {
        for process in family(server_of(self.standby.0.path())) {
            // One of them may have ended.
            let _ = kill_process(process, signal);
        }
    }

    /// Starts the second server again after it has died.
    pub async fn restart_standby(self) -> Self {
        let Self { primary, standby, url } = self;
        let (home, postgres) = standby;
        postgres.died().await;
        drop(postgres);
        let postgres = PrivatePostgres::start_lasting(home.path()).await.unwrap();
        Self {
            primary,
            standby: (home, postgres),
            url,
        }
    }

    /// Sends a signal to the first server and all its processes.
    pub fn signal_primary(&self, signal: Signal) {
        for process in self.primary_processes() {
            // One of them may have ended.
            let _ = kill_process(process, signal);
        }
    }

    fn primary_processes(&self) -> Vec<Pid> {
        family(server_of(self.primary.0.path()))
    }

    /// Makes the second server the primary. It takes writes when this returns.
    pub async fn promote(&self) {
        let mut connection = self.standby.1.connect_options("postgres").connect().await.unwrap();
        connection.execute("select pg_promote(true, 30)").await.unwrap();
    }

    /// Shuts the first server down in order.
    pub async fn shut_primary_down(&self) {
        kill_process(server_of(self.primary.0.path()), Signal::INT).expect("it runs");
        self.primary.1.died().await;
    }

    pub async fn stop(self) {
        let gone = tokio::time::timeout(Duration::from_millis(50), self.primary.1.died()).await;
        if gone.is_err() {
            self.signal_primary(Signal::KILL);
            self.primary.1.died().await;
        }
        self.standby.1.stop().await.unwrap();
    }
}

/// A URL that lists servers.
fn url_of(servers: [&PrivatePostgres; 2]) -> String {
    let sockets = servers.map(|server| {
        let options = server.connect_options("newbee");
        options.get_socket().expect("a socket").display().to_string()
    });
    format!("postgres://postgres@/newbee?host={}&sslmode=disable", sockets.join(","))
}

/// A copy of a running server that follows it.
async fn copy_of(primary: &PrivatePostgres, data: PathBuf) -> TempDir {
    let home = open_folder();
    let owner = fs::metadata(data).unwrap();
    let socket = primary
        .connect_options("postgres")
        .get_socket()
        .expect("a socket")
        .clone();
    let mut command = std::process::Command::new(program("pg_basebackup"));
    command
        .arg("--host")
        .arg(socket)
        .args([
            "--username=postgres",
            "--write-recovery-conf",
            "--checkpoint=fast",
            "--no-sync",
            "--pgdata",
        ])
        .arg(home.path().join("data"))
        .current_dir("/");
    if geteuid().is_root() {
        chown(home.path(), Some(owner.uid()), Some(owner.gid())).unwrap();
        command.uid(owner.uid()).gid(owner.gid());
    }
    let copied = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap()
        .unwrap();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    home
}

/// A program of the newest installed Postgres.
fn program(name: &str) -> PathBuf {
    let named = std::env::var_os("PG_BIN_DIR").map(PathBuf::from);
    let installed = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut installed: Vec<_> = installed.map(|version| version.path().join("bin")).collect();
    installed.sort();
    let folders = named.into_iter().chain(installed.into_iter().rev());
    let found = folders.map(|folder| folder.join(name)).find(|program| program.exists());
    found.unwrap_or_else(|| name.into())
}
