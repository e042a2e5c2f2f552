//! Parses `DATABASE_URL`: the location of the database, and the protection of the connection to it.

use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use super::Problems;

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

/// Parses a URL, and verifies that its certificate files exist and its connection is protected. Problems never
/// contain the URL, which may include a password.
pub(super) fn parse(url: &str, problems: &mut Problems) -> Option<PgConnectOptions> {
    let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
    let options: Option<PgConnectOptions> = url.parse().ok().filter(|_| is_postgres && !holds_raw_password(url));
    let Some(options) = options else {
        problems.add(
            "DATABASE_URL: expected postgres://user:password@host:port/name. In the user name and password, write \
             @ as %40, : as %3A, / as %2F, ? as %3F, # as %23 and % as %25."
                .to_owned(),
        );
        return None;
    };
    let parameters: Vec<(String, String)> = url
        .split_once('?')
        .map(|(_, query)| form_urlencoded::parse(query.as_bytes()).into_owned().collect())
        .unwrap_or_default();
    let has_files = check_files(&parameters, problems);
    let is_protected = check_ssl_mode(&options, &parameters, problems);
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
fn check_files(parameters: &[(String, String)], problems: &mut Problems) -> bool {
    let mut all_there = true;
    for (name, variable) in FILES {
        let of_url = parameters.iter().find(|(given, _)| given == name);
        let (setting, path) = match of_url {
            Some((_, path)) => (format!("DATABASE_URL: {name}"), path.clone()),
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
fn check_ssl_mode(options: &PgConnectOptions, parameters: &[(String, String)], problems: &mut Problems) -> bool {
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
    problems.add(
        "DATABASE_URL: the database is on another machine, so its connection must be protected. Add \
         ?sslmode=verify-full&sslrootcert=/path/to/ca.pem, or ?sslmode=disable on a network that you trust. \
         (sslmode=require encrypts but verifies nothing; prefer and allow may send the password in clear.)"
            .to_owned(),
    );
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
        let parsed = parse(url, &mut problems);
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
