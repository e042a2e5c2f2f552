//! How to connect to a private cluster, and its databases.

use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::PrivatePostgres;

const USER: &str = "postgres";
/// Names the socket file only: nothing listens on the network.
const PORT: u16 = 5432;

impl PrivatePostgres {
    /// Options for a connection to `database`, whatever PGHOST, PGPORT, PGPASSWORD, PGSSLMODE or ~/.pgpass say.
    pub fn connect_options(&self, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .socket(&self.folder.sockets)
            .port(PORT)
            .username(USER)
            .password("")
            .database(database)
            .ssl_mode(PgSslMode::Disable)
            .application_name("newbee")
    }

    /// A DATABASE_URL for `database` that sqlx, psql and other clients of libpq understand.
    pub fn url(&self, database: &str) -> String {
        let sockets = percent_encoded(&self.folder.sockets.to_string_lossy());
        format!(
            "postgres://{USER}@localhost:{PORT}/{}?sslmode=disable&host={sockets}",
            percent_encoded(database)
        )
    }

    /// Creates the database `name` and says whether it was missing. Two callers at once are both content.
    pub async fn create_database_if_missing(&self, name: &str) -> Result<bool, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await?;
        let exists = sqlx::query("SELECT FROM pg_database WHERE datname = $1").bind(name);
        let created = match exists.fetch_optional(&mut connection).await? {
            Some(_) => false,
            None => {
                let create = format!(r#"CREATE DATABASE "{}""#, name.replace('"', "\"\""));
                match sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await {
                    Err(error) if came_second(&error) => false,
                    other => other.map(|_| true)?,
                }
            }
        };
        connection.close().await?;
        Ok(created)
    }
}

/// 42P04 is "duplicate database"; 23505 is the same found a moment later, by the unique index.
fn came_second(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| ["42P04", "23505"].contains(&&*code))
}

fn percent_encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
