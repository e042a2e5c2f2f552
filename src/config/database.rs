//! Parses `DATABASE_URL`: the location of the database, and the protection of the connection to it.

use std::path::{Path, PathBuf};

use clap::Args;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::{GLOBAL_OPTIONS, Problems, hosts, secret};

/// Example URL for messages and help texts, with a verified connection.
pub const EXAMPLE: &str =
    "postgres://newbee@db.example:5432/newbee?sslmode=verify-full&sslrootcert=/etc/ssl/certs/db-ca.pem";

/// URL parameters that name a file, with their environment variables.
const FILES: [(&str, &str); 5] = [
    ("sslrootcert", "PGSSLROOTCERT"),
    ("ssl-root-cert", "PGSSLROOTCERT"),
    ("ssl-ca", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
];

/// Location of the database.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
pub struct DatabaseArgs {
    /// Postgres database, version 14 or newer: postgres://user:password@host:port/name. Of several hosts (host1:port,host2:port)
    /// the one that accepts writes is used and followed
    #[arg(
        long,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub database_url: Option<String>,
    /// File with the URL of the database, instead of --database-url
    #[arg(long, env = "DATABASE_URL_FILE", value_name = "FILE", global = true)]
    pub database_url_file: Option<PathBuf>,
    /// Address of Postgres itself if DATABASE_URL leads to a connection pooler: for LISTEN (live updates at once) and
    /// migrations
    #[arg(
        long,
        env = "NEWBEE_DIRECT_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub direct_database_url: Option<String>,
    /// File with the URL, instead of --direct-database-url
    #[arg(long, env = "NEWBEE_DIRECT_DATABASE_URL_FILE", value_name = "FILE", global = true)]
    pub direct_database_url_file: Option<PathBuf>,
    /// Standbys of the database that answer reads, as one URL with one or more hosts: postgres://user:password@host1:port,host2:port/name.
    /// Commits then wait until all synchronous standbys have applied them
    #[arg(
        long,
        env = "NEWBEE_READ_DATABASE_URL",
        value_name = "URL",
        hide_env_values = true,
        global = true
    )]
    pub read_database_url: Option<String>,
    /// File with the URL, instead of --read-database-url
    #[arg(long, env = "NEWBEE_READ_DATABASE_URL_FILE", value_name = "FILE", global = true)]
    pub read_database_url_file: Option<PathBuf>,
}

/// Parsed [`DatabaseArgs`].
#[derive(Clone, Debug)]
pub struct DatabaseSettings {
    /// At least one.
    pub hosts: Vec<PgConnectOptions>,
    /// The same database around a connection pooler; empty if there is none.
    pub direct: Vec<PgConnectOptions>,
    /// Standbys that answer reads.
    pub replicas: Vec<PgConnectOptions>,
}

impl From<PgConnectOptions> for DatabaseSettings {
    fn from(options: PgConnectOptions) -> Self {
        Self {
            hosts: vec![options],
            direct: Vec::new(),
            replicas: Vec::new(),
        }
    }
}

impl DatabaseSettings {
    /// Returns the hosts of connections with a session of their own.
    pub fn direct(&self) -> &[PgConnectOptions] {
        match self.direct.is_empty() {
            true => &self.hosts,
            false => &self.direct,
        }
    }
}

impl DatabaseArgs {
    /// Parses the database URL, which this command requires.
    pub fn read(&self, problems: &mut Problems) -> Option<DatabaseSettings> {
        let direct = parse_optional(
            "NEWBEE_DIRECT_DATABASE_URL",
            "--direct-database-url",
            self.direct_database_url.as_deref(),
            self.direct_database_url_file.as_deref(),
            problems,
        );
        let replicas = parse_optional(
            "NEWBEE_READ_DATABASE_URL",
            "--read-database-url",
            self.read_database_url.as_deref(),
            self.read_database_url_file.as_deref(),
            problems,
        );
        let secret = secret::read(
            "DATABASE_URL",
            "--database-url",
            self.database_url.as_deref(),
            self.database_url_file.as_deref(),
            problems,
        )?;
        let Some(url) = secret else {
            problems.add(format!(
                "DATABASE_URL (or --database-url) is missing: set it to a URL such as {EXAMPLE}, or DATABASE_URL_FILE to a file \
                 with such a URL. The demo prints its own URL at every start."
            ));
            return None;
        };
        let hosts = parse("DATABASE_URL", &url.text, problems)?;
        Some(DatabaseSettings {
            hosts,
            direct: direct?,
            replicas: replicas?,
        })
    }

    /// Returns true if a database is configured.
    pub fn is_given(&self) -> bool {
        self.database_url.is_some() || self.database_url_file.is_some()
    }
}

/// Parses a URL that may be missing.
fn parse_optional(
    setting: &str,
    flag: &str,
    url: Option<&str>,
    file: Option<&Path>,
    problems: &mut Problems,
) -> Option<Vec<PgConnectOptions>> {
    match secret::read(setting, flag, url, file, problems)? {
        None => Some(Vec::new()),
        Some(url) => parse(setting, &url.text, problems),
    }
}

/// Parses a URL into the options of each host, and verifies that its certificate files exist and its connections are
/// protected. Problems never contain the URL, which may include a password.
fn parse(setting: &str, url: &str, problems: &mut Problems) -> Option<Vec<PgConnectOptions>> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let urls = match hosts::split(url) {
        Ok(urls) => urls,
        Err(problem) => {
            problems.add(format!("{setting}: {problem}"));
            return None;
        }
    };
    let options = urls
        .iter()
        .map(|url| url.parse().ok())
        .collect::<Option<Vec<PgConnectOptions>>>();
    let Some(options) = options.filter(|_| is_postgres && !holds_raw_password(url)) else {
        problems.add(format!(
            "{setting}: expected postgres://user:password@host:port/name. In the user name and password, write \
             @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25."
        ));
        return None;
    };
    let parameters: Vec<(String, String)> = url
        .split_once('?')
        .map(|(_, query)| form_urlencoded::parse(query.as_bytes()).into_owned().collect())
        .unwrap_or_default();
    let has_files = check_files(setting, &parameters, problems);
    let mut hosts = options.iter();
    let is_protected = hosts.all(|host| check_ssl_mode(setting, host, &parameters, problems));
    (has_files && is_protected).then_some(options)
}

/// Returns true if part of an unencoded password was parsed as something else: there is an `@` after the authority,
/// or a fragment.
fn holds_raw_password(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path_and_query = rest.split_once('/').map_or("", |(_, rest)| rest);
    let path = path_and_query.split('?').next().unwrap_or_default();
    path.contains('@') || rest.contains('#')
}

/// Reports each file that cannot be read by its name, which the driver's error does not contain.
fn check_files(url_setting: &str, parameters: &[(String, String)], problems: &mut Problems) -> bool {
    let mut all_there = true;
    for (name, variable) in FILES {
        let of_url = parameters.iter().find(|(given, _)| given == name);
        let (setting, path) = match of_url {
            Some((_, path)) => (format!("{url_setting}: {name}"), path.clone()),
            // Reports each file once.
            None if name.starts_with("ssl-") || parameters.iter().any(|(given, _)| given.starts_with("ssl-")) => {
                continue;
            }
            None => match std::env::var(variable) {
                Ok(path) => (variable.to_owned(), path),
                Err(_) => continue,
            },
        };
        // sslcert and sslkey may also contain the PEM text itself.
        if path.contains("-----BEGIN") {
            continue;
        }
        if let Err(error) = std::fs::File::open(Path::new(&path)) {
            problems.add(format!("{setting} names {path}, which cannot be read: {error}"));
            all_there = false;
        }
    }
    all_there
}

/// Requires an explicit choice of protection for a connection over a network: by default the driver would send the
/// password unencrypted to any server that answers.
fn check_ssl_mode(
    setting: &str,
    options: &PgConnectOptions,
    parameters: &[(String, String)],
    problems: &mut Problems,
) -> bool {
    if options.get_socket().is_some() || is_loopback(options.get_host()) {
        return true;
    }
    let is_explicit = parameters
        .iter()
        .any(|(name, _)| name == "sslmode" || name == "ssl-mode")
        || std::env::var_os("PGSSLMODE").is_some();
    let falls_back = matches!(options.get_ssl_mode(), PgSslMode::Prefer | PgSslMode::Allow);
    if is_explicit && !falls_back {
        return true;
    }
    problems.add(format!(
        "{setting}: the database is on another machine, so its connection must be protected. Add \
         ?sslmode=verify-full&sslrootcert=/path/to/ca.pem, or ?sslmode=disable on a network that you trust. \
         (sslmode=require encrypts but verifies nothing; prefer and allow may send the password in clear.)"
    ));
    false
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems_of(url: &str) -> String {
        let mut problems = Problems::default();
        let parsed = parse("DATABASE_URL", url, &mut problems);
        let text = problems.into_result().err().map(|problems| problems.to_string());
        assert_eq!(parsed.is_none(), text.is_some(), "{url}");
        text.unwrap_or_default()
    }

    #[test]
    fn a_network_connection_requires_an_explicit_protection() {
        for local in [
            "postgres://me@localhost/x",
            "postgres://me@127.0.0.1:6000/x",
            "postgres://me@[::1]/x",
            "postgres://me@localhost/x?host=/run/postgresql",
            "postgresql://me@%2Frun%2Fpostgresql/x",
        ] {
            assert_eq!(problems_of(local), "");
        }
        for explicit in ["disable", "require", "verify-ca", "verify-full"] {
            assert_eq!(
                problems_of(&format!("postgres://me@db.example/x?sslmode={explicit}")),
                ""
            );
        }
        for vague in [
            "postgres://me@db.example/x",
            "postgres://me@10.0.0.1/x?application_name=sslmode",
            "postgres://me@db.example/x?sslmode=prefer",
            "postgres://me@db.example/x?sslmode=allow",
            "postgres://me@localhost/x?host=db.example",
            "postgres://me@localhost.example/x",
        ] {
            assert!(
                problems_of(vague).contains("sslmode=verify-full&sslrootcert="),
                "{vague}"
            );
        }
    }

    #[test]
    fn a_missing_certificate_is_named() {
        for name in ["sslrootcert", "sslcert", "sslkey"] {
            let text = problems_of(&format!(
                "postgres://me@db.example/x?sslmode=verify-full&{name}=/no/such.pem"
            ));
            assert!(text.contains(name) && text.contains("/no/such.pem"), "{text}");
        }
    }

    #[test]
    fn a_password_that_must_be_encoded_is_explained_and_not_repeated() {
        for url in [
            "postgres://me:se/cret@localhost/x",
            "postgres://me:12/secret@localhost/x",
            "postgres://me:se#cret@localhost/x",
            "postgres://me:se?cret@localhost/x",
        ] {
            let text = problems_of(url);
            assert!(text.contains("%40") && !text.contains("cret"), "{url}: {text}");
        }
        assert_eq!(problems_of("postgres://me:se%2Fcr%40et@localhost/x"), "");
    }
}
