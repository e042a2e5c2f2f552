//! A private Postgres that syncs to disk, with data of any size in the tables of newbee and of the rivals.

use std::path::Path;
use std::time::Duration;

use newbee::domain::text::RULE_VERSION;
use newbee::private_postgres::PrivatePostgres;
use newbee::store::MIGRATOR;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

use super::cpu::postmaster;
use super::target::{self, Api, Target};

/// All data fit into memory, and no checkpoint or vacuum begins by itself: it would count for the server of that moment.
const SETTINGS: [&str; 5] = [
    "shared_buffers = '1GB'",
    "max_wal_size = '16GB'",
    "checkpoint_timeout = '1d'",
    "autovacuum = off",
    "max_connections = 100",
];

/// Number of samples without activity, and the time between two, after which a database counts as idle.
const IDLE_SAMPLES: u32 = 10;
const SAMPLE_EVERY: Duration = Duration::from_millis(50);

pub struct Database {
    postgres: PrivatePostgres,
    /// The postmaster's process id.
    pub process: u32,
}

/// Size of the data.
#[derive(Clone, Copy)]
pub struct Data {
    pub users: u32,
    /// Days before today with awards of every `history_every`-th user.
    pub history_days: u32,
    pub history_every: u32,
}

impl Data {
    /// Data with 15 awards per user on average.
    pub fn of(users: u32) -> Self {
        Self {
            users,
            history_days: 30,
            history_every: 10,
        }
    }
}

impl Database {
    pub async fn start(folder: &Path) -> Self {
        let start = || async {
            let started = PrivatePostgres::start_lasting(&folder.join("postgres")).await;
            started.expect("a private Postgres starts")
        };
        let postgres = start().await;
        let mut connection = connect(&postgres, "postgres").await;
        for setting in SETTINGS {
            run(&mut connection, format!("alter system set {setting}")).await;
        }
        connection.close().await.expect("the connection closes");
        postgres.stop().await.expect("Postgres stops");
        let postgres = start().await;
        let process = postmaster(postgres.folder());
        Self { postgres, process }
    }

    /// Makes the database of a server, with data.
    pub async fn fill(&self, target: &Target, data: Data) {
        let Data {
            users,
            history_days,
            history_every,
        } = data;
        let (name, api) = (target.database.as_str(), target.api);
        eprintln!("filling the database {name} for {users} users");
        let mut connection = self.connect("postgres").await;
        run(&mut connection, format!("drop database if exists {name} with (force)")).await;
        run(&mut connection, format!("create database {name}")).await;
        let mut connection = self.connect(name).await;
        if api == Api::Newbee {
            MIGRATOR.run(&mut connection).await.expect("the migrations apply");
            run(
                &mut connection,
                format!("update text_forms set rule_version = {RULE_VERSION}"),
            )
            .await;
        }
        let settings = format!(
            "set synchronous_commit = off; set peers.users = {users}; set peers.history_days = {history_days};
             set peers.history_every = {history_every};
             select set_config('peers.today', ((now() at time zone 'Asia/Shanghai')::date)::text, false)"
        );
        run(&mut connection, settings).await;
        run(&mut connection, statements_of("data.sql")).await;
        let tables = match api {
            Api::Newbee => "newbee.sql",
            Api::Rival => "rivals.sql",
        };
        run(&mut connection, statements_of(tables)).await;
        connection.close().await.expect("the connection closes");
        let mut connection = self.connect(name).await;
        // Rows whose commit is not on disk yet would not be marked as visible to all.
        run(&mut connection, "checkpoint".to_owned()).await;
        run(&mut connection, "vacuum (freeze, analyze)".to_owned()).await;
        run(&mut connection, "checkpoint".to_owned()).await;
    }

    /// Takes today's sign-ins back and writes all changes to the data files.
    pub async fn reset(&self, database: &str, api: Api) {
        let mut connection = self.connect(database).await;
        wait_until_idle(&mut connection).await;
        let file = match api {
            Api::Newbee => "newbee_reset.sql",
            Api::Rival => "rivals_reset.sql",
        };
        run(&mut connection, statements_of(file)).await;
        run(&mut connection, "vacuum".to_owned()).await;
        run(&mut connection, "checkpoint".to_owned()).await;
    }

    /// Returns the number of rows of a table.
    pub async fn count(&self, database: &str, table: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("select count(*) from {table}")))
            .fetch_one(&mut self.connect(database).await)
            .await
            .expect("the table can be read")
    }

    /// Returns the position in the write-ahead log, in bytes.
    pub async fn log_position(&self) -> f64 {
        sqlx::query_scalar("select (pg_current_wal_lsn() - '0/0')::float8")
            .fetch_one(&mut self.connect("postgres").await)
            .await
            .expect("a position")
    }

    async fn connect(&self, database: &str) -> PgConnection {
        connect(&self.postgres, database).await
    }

    /// Returns how a server connects: newbee by an address, the others by the variables of libpq.
    pub fn environment(&self, target: &Target) -> Vec<(&'static str, String)> {
        let options = self.postgres.connect_options(&target.database);
        let socket = options.get_socket().expect("a socket").display().to_string();
        match target.api {
            Api::Newbee => vec![("DATABASE_URL", self.postgres.url(&target.database))],
            Api::Rival => vec![
                ("PGHOST", socket),
                ("PGPORT", options.get_port().to_string()),
                ("PGUSER", options.get_username().to_owned()),
                ("PGDATABASE", target.database.clone()),
            ],
        }
    }

    pub async fn stop(self) {
        self.postgres.stop().await.expect("Postgres stops");
    }
}

/// Reads a file of this folder.
fn statements_of(file: &str) -> String {
    let path = target::sources().join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Waits until no server has worked in the database for a moment: it finishes requests of a load that has ended.
async fn wait_until_idle(connection: &mut PgConnection) {
    let mut idle = 0;
    while idle < IDLE_SAMPLES {
        tokio::time::sleep(SAMPLE_EVERY).await;
        let is_busy: bool = sqlx::query_scalar(
            "select exists (select 1 from pg_stat_activity
                            where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle')",
        )
        .fetch_one(&mut *connection)
        .await
        .expect("the activity can be read");
        idle = if is_busy { 0 } else { idle + 1 };
    }
}

async fn connect(postgres: &PrivatePostgres, database: &str) -> PgConnection {
    let options = postgres.connect_options(database);
    options.connect().await.expect("Postgres answers")
}

async fn run(connection: &mut PgConnection, sql: String) {
    let done = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    done.expect("the statement is sound");
}
