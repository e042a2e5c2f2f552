//! Connections to a private cluster, and its databases.

use sqlx::{
    AssertSqlSafe, Connection, PgConnection,
    postgres::{PgConnectOptions, PgSslMode},
};

use super::PrivatePostgres;

const USER: &str = "postgres";
/// Only part of the name of the socket file: the server does not listen on the network.
const PORT: u16 = 5432;

impl PrivatePostgres {
    /// Returns options for a connection to `database`, independent of PGHOST, PGPORT, PGPASSWORD, PGSSLMODE and
    /// ~/.pgpass.
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

    /// Returns a DATABASE_URL for `database` that sqlx, psql and other clients of libpq accept.
    pub fn url(&self, database: &str) -> String {
        let sockets = percent_encoded(&self.folder.sockets.to_string_lossy());
        format!(
            "postgres://{USER}@localhost:{PORT}/{}?sslmode=disable&host={sockets}",
            percent_encoded(database)
        )
    }

    /// Creates the database `name` unless it exists, and returns true if it was created. Concurrent calls both
    /// succeed.
    ///
    /// # Errors
    /// Returns an error if the server cannot be reached or refuses to create the database.
    pub async fn create_database_if_missing(&self, name: &str) -> Result<bool, sqlx::Error> {
        let mut connection = PgConnection::connect_with(&self.connect_options("postgres")).await?;
        let exists = sqlx::query!("SELECT FROM pg_database WHERE datname = $1", name);
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

/// Returns true for 42P04 (duplicate_database) and 23505 (unique_violation), its equivalent for concurrent calls.
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
