//! A private Postgres and databases in it that are made once and copied for each round.

use newbee::domain::text::RULE_VERSION;
use newbee::private_postgres::PrivatePostgres;
use newbee::store::MIGRATOR;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgConnection};

pub struct Scratch {
    postgres: PrivatePostgres,
}

impl Scratch {
    pub async fn start() -> Self {
        let postgres = PrivatePostgres::start_temporary()
            .await
            .expect("a private Postgres starts");
        Self { postgres }
    }

    pub async fn stop(self) {
        self.postgres.stop().await.expect("Postgres stops");
    }

    pub fn url(&self, database: &str) -> String {
        self.postgres.url(database)
    }

    pub async fn connect(&self, database: &str) -> PgConnection {
        let options = self.postgres.connect_options(database);
        options.connect().await.expect("Postgres answers")
    }

    /// Makes a migrated database filled by SQL, vacuumed as a database in use is.
    pub async fn fill(&self, database: &str, sql: String) {
        eprintln!("filling {database}");
        self.postgres
            .create_database_if_missing(database)
            .await
            .expect("a database");
        let mut connection = self.connect(database).await;
        MIGRATOR.run(&mut connection).await.expect("the migrations apply");
        sqlx::query("update text_forms set rule_version = $1")
            .bind(RULE_VERSION)
            .execute(&mut connection)
            .await
            .expect("the version of the text rule is stored");
        run(&mut connection, sql).await;
        run(&mut connection, "vacuum (freeze, analyze)".to_owned()).await;
        connection.close().await.expect("the connection closes");
    }

    /// A fresh copy, with nothing left for a checkpoint to write. Nobody may be connected to what is copied.
    pub async fn copy(&self, from: &str, to: &str) {
        let mut connection = self.connect("postgres").await;
        for statement in [
            format!("create database {to} template {from} strategy file_copy"),
            "checkpoint".to_owned(),
        ] {
            run(&mut connection, statement).await;
        }
    }

    pub async fn drop(&self, database: &str) {
        run(
            &mut self.connect("postgres").await,
            format!("drop database {database} with (force)"),
        )
        .await;
    }
}

async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .expect("the statement is sound");
}
