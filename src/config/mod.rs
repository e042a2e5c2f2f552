//! Settings, from flags and `NEWBEE_…` variables. All problems are reported together.
//!
//! Flags are accepted as text and parsed here, because the flag parser would stop at the first invalid one.

pub mod access;
mod allowed_operations;
pub mod cors;
mod database;
mod draw_key;
mod grants;
mod healthcheck;
mod hosts;
mod log;
mod pools;
mod secret;
mod server;
mod start;

use std::fmt;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;

use chrono_tz::Tz;
use clap::Args;

pub use crate::config::access::{AccessArgs, AccessSettings, Rate};
pub use crate::config::cors::{CorsOriginsArgs, Origins};
use crate::domain::number::plain_number;
pub use allowed_operations::{AllowedOperationsArgs, ListedOperation};
pub use database::{DatabaseArgs, DatabaseSettings};
pub use draw_key::DrawKeyArgs;
pub use grants::GrantArgs;
pub use healthcheck::{HealthcheckArgs, Probe};
pub use log::{LogArgs, LogFormat};
pub use pools::{PoolArgs, PoolSizes};
pub use server::{ServerArgs, ServerSettings};
pub use start::{DatabaseWaitArgs, MigrateAtStartArgs};

/// All variables that newbee reads. Any other name that begins with `NEWBEE_` is reported as unknown.
const VARIABLES: &[&str] = &[
    "NEWBEE_LISTEN",
    "NEWBEE_METRICS_LISTEN",
    "NEWBEE_ADMIN_LISTEN",
    "NEWBEE_DATABASE_WAIT",
    "NEWBEE_MIGRATE",
    "NEWBEE_TIME_ZONE",
    "NEWBEE_JOBS_DIR",
    "NEWBEE_SCHEDULER",
    "NEWBEE_PLAYGROUND",
    "NEWBEE_DIRECT_DATABASE_URL",
    "NEWBEE_DIRECT_DATABASE_URL_FILE",
    "NEWBEE_READ_DATABASE_URL",
    "NEWBEE_READ_DATABASE_URL_FILE",
    "NEWBEE_API_CONNECTIONS",
    "NEWBEE_ADMIN_CONNECTIONS",
    "NEWBEE_JOBS_CONNECTIONS",
    "NEWBEE_HEARTBEAT_CONNECTIONS",
    "NEWBEE_LIVE_CONNECTIONS",
    "NEWBEE_REPLICA_CONNECTIONS",
    "NEWBEE_DRAIN_TIMEOUT",
    "NEWBEE_KEEP_ALIVE",
    "NEWBEE_ADDRESS_CONNECTIONS",
    "NEWBEE_INTROSPECTION",
    "NEWBEE_SESSION_RATE",
    "NEWBEE_ADDRESS_RATE",
    "NEWBEE_TRUSTED_PROXIES",
    "NEWBEE_CORS_ORIGINS",
    "NEWBEE_ALLOWED_OPERATIONS",
    "NEWBEE_DRAW_KEY",
    "NEWBEE_DRAW_KEY_FILE",
    "NEWBEE_GRANT_APPROVAL_ABOVE",
    "NEWBEE_LOG",
    "NEWBEE_LOG_FORMAT",
];

/// Heading of the options that most commands have.
pub const GLOBAL_OPTIONS: &str = "Global options";

/// Clients of the customer API, and the operations that they may execute.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Access")]
pub struct ClientArgs {
    #[command(flatten)]
    pub cors_origins: CorsOriginsArgs,
    #[command(flatten)]
    pub allowed_operations: AllowedOperationsArgs,
}

/// Definition of a business day.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
pub struct BusinessArgs {
    /// IANA time zone of the business days. The first start stores it in the database (default: Asia/Shanghai). Later
    /// starts may omit it, and reject a zone that differs from the stored one
    #[arg(long, env = "NEWBEE_TIME_ZONE", value_name = "ZONE", global = true)]
    pub time_zone: Option<String>,
}

/// Location of the job manifests.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = GLOBAL_OPTIONS)]
pub struct JobsDirArgs {
    /// Folder of job manifests [default: ./jobs if it exists, else the built-in ones]
    #[arg(long, env = "NEWBEE_JOBS_DIR", value_name = "FOLDER", global = true)]
    pub jobs_dir: Option<String>,
}

/// Problems of a configuration.
#[derive(Debug, Default)]
pub struct Problems(Vec<String>);

impl Problems {
    /// Adds a problem.
    pub fn add(&mut self, problem: String) {
        self.0.push(problem);
    }

    /// Returns all problems as an error, if there are any.
    ///
    /// # Errors
    /// Returns `self` if it contains a problem.
    pub fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    /// Reports each unknown `NEWBEE_…` variable of the environment, except those of tests.
    pub fn find_unknown_variables(&mut self, names: impl Iterator<Item = String>) {
        for name in names.filter(|name| name.starts_with("NEWBEE_") && !name.starts_with("NEWBEE_TEST_")) {
            if !VARIABLES.contains(&name.as_str()) {
                self.add(format!(
                    "{name}: unknown setting. Available settings: {}",
                    VARIABLES.join(", ")
                ));
            }
        }
    }

    fn parse<T: FromStr>(&mut self, setting: &str, text: &str, expected: &str) -> Option<T> {
        let parsed = text.trim().parse().ok();
        if parsed.is_none() {
            self.add(format!("{setting}: expected {expected}, got {text:?}"));
        }
        parsed
    }

    fn parse_number<T: FromStr + PartialOrd + fmt::Display>(
        &mut self,
        setting: &str,
        text: &str,
        range: RangeInclusive<T>,
    ) -> Option<T> {
        let number = plain_number(text.trim()).filter(|number| range.contains(number));
        if number.is_none() {
            let (min, max) = (range.start(), range.end());
            self.add(format!(
                "{setting}: expected a number from {min} to {max}, got {text:?}"
            ));
        }
        number
    }

    fn parse_switch(&mut self, setting: &str, text: &str) -> Option<bool> {
        match text.trim() {
            "on" => Some(true),
            "off" => Some(false),
            other => {
                self.add(format!("{setting}: expected on or off, got {other:?}"));
                None
            }
        }
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the configuration has {}:",
            if self.0.len() == 1 { "a problem" } else { "problems" }
        )?;
        self.0.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for Problems {}

impl BusinessArgs {
    /// Returns the configured zone; `None` if there is none, or if it is invalid, which is reported.
    pub fn read(&self, problems: &mut Problems) -> Option<Tz> {
        problems.parse(
            "NEWBEE_TIME_ZONE (or --time-zone)",
            self.time_zone.as_deref()?,
            "an IANA zone such as Asia/Shanghai or Europe/London",
        )
    }
}

impl JobsDirArgs {
    /// Returns the configured folder; `None` if there is none, or if it does not exist, which is reported.
    pub fn read(&self, problems: &mut Problems) -> Option<PathBuf> {
        let folder = self.jobs_dir.as_ref().map(PathBuf::from);
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
            problems.add(format!(
                "NEWBEE_JOBS_DIR (or --jobs-dir): folder {} does not exist",
                folder.display()
            ));
            return None;
        }
        folder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_are_reported_together_without_the_password() {
        let mut problems = Problems::default();
        let server = ServerArgs {
            listen: "8080".into(),
            metrics_listen: Some("9464".into()),
            admin_listen: Some("9000".into()),
            manifests: JobsDirArgs {
                jobs_dir: Some("no/such/folder".into()),
            },
            scheduler: "maybe".into(),
            playground: Some("perhaps".into()),
            pools: PoolArgs {
                api_connections: "0".into(),
                admin_connections: "many".into(),
                jobs_connections: "1".into(),
                heartbeat_connections: "+2".into(),
                live_connections: "201".into(),
                replica_connections: "none".into(),
            },
            drain_timeout: "soon".into(),
            keep_alive: "2h".into(),
            address_connections: "0".into(),
            access: AccessArgs {
                session_rate: Some("often".into()),
                ..AccessArgs::default()
            },
        };
        assert!(server.read(AccessSettings::for_serve(), &mut problems).is_none());
        let clients = ClientArgs {
            cors_origins: CorsOriginsArgs {
                cors_origins: Some("app.example".into()),
            },
            allowed_operations: AllowedOperationsArgs {
                allowed_operations: Some("no/such/file.json".into()),
            },
        };
        assert!(clients.cors_origins.read(&mut problems).is_none());
        assert!(clients.allowed_operations.read(&mut problems).is_none());
        assert!(
            DatabaseArgs {
                database_url: Some("mysql://me:secret@db/x".into()),
                direct_database_url: Some("me:secret@db/x".into()),
                read_database_url: Some("postgres://me:secret@db/x".into()),
                ..DatabaseArgs::default()
            }
            .read(&mut problems)
            .is_none()
        );
        assert!(
            BusinessArgs {
                time_zone: Some("Mars/Olympus".into())
            }
            .read(&mut problems)
            .is_none()
        );
        problems.find_unknown_variables(
            ["NEWBEE_LISTN", "NEWBEE_LISTEN", "NEWBEE_TEST_SCALE"]
                .map(String::from)
                .into_iter(),
        );
        let text = problems.into_result().unwrap_err().to_string();
        for part in [
            "_LISTEN ",
            "_METRICS_LISTEN",
            "_ADMIN_LISTEN",
            "_JOBS_DIR",
            "_SCHEDULER",
            "_PLAYGROUND",
            "_API_CONNECTIONS",
            "_ADMIN_CONNECTIONS",
            "_JOBS_CONNECTIONS",
            "_HEARTBEAT_CONNECTIONS",
            "_LIVE_CONNECTIONS",
            "_REPLICA_CONNECTIONS",
            "NEWBEE_DIRECT_DATABASE_URL",
            "NEWBEE_DIRECT_DATABASE_URL_FILE",
            "_DRAIN_TIMEOUT",
            "_KEEP_ALIVE",
            "_ADDRESS_CONNECTIONS",
            "_SESSION_RATE",
            "_CORS_ORIGINS",
            "_ALLOWED_OPERATIONS",
            " DATABASE_URL",
            "- NEWBEE_READ_DATABASE_URL: the database is on another machine",
            "Mars",
            "LISTN",
        ] {
            assert!(text.contains(part), "{part} is missing in: {text}");
        }
        assert!(!text.contains("secret"));
    }

    #[test]
    fn valid_settings_are_parsed() {
        let mut problems = Problems::default();
        assert!(
            DatabaseArgs {
                database_url: Some("postgres://me@localhost/x?host=/run/pg".into()),
                direct_database_url: Some("postgres://me@localhost:5432/x".into()),
                ..DatabaseArgs::default()
            }
            .read(&mut problems)
            .is_some()
        );
        assert!(
            BusinessArgs {
                time_zone: Some("Europe/London".into())
            }
            .read(&mut problems)
            .is_some()
        );
        assert!(
            LogArgs {
                log: Some("info,newbee=debug".into()),
                log_format: "json".into()
            }
            .read("off", &mut problems)
            .is_some()
        );
        assert!(problems.into_result().is_ok());
    }
}
