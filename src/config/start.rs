//! Settings of the start of a process: how long it waits for the database, and whether it migrates it.

use std::time::Duration;

use clap::Args;

use super::Problems;

/// Wait for the database.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Start")]
pub struct DatabaseWaitArgs {
    /// Maximum time to wait for a database that does not accept connections yet; 0s fails at once
    #[arg(long, env = "NEWBEE_DATABASE_WAIT", value_name = "DURATION", default_value = "30s")]
    pub database_wait: String,
}

/// Migration at the start of a server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Start")]
pub struct MigrateAtStartArgs {
    /// Migrate the database before serving, as newbee migrate does: on or off; --migrate alone means on
    #[arg(
        long,
        env = "NEWBEE_MIGRATE",
        value_name = "on|off",
        default_value = "off",
        default_missing_value = "on",
        num_args = 0..=1
    )]
    pub migrate: String,
}

impl DatabaseWaitArgs {
    /// Parses the setting.
    pub fn read(&self, problems: &mut Problems) -> Option<Duration> {
        let setting = "NEWBEE_DATABASE_WAIT (or --database-wait)";
        let expected = "a duration from 0s to 1h, such as 30s";
        let wait = Duration::from(problems.parse::<humantime::Duration>(setting, &self.database_wait, expected)?);
        if wait > Duration::from_secs(3_600) {
            problems.add(format!("{setting}: expected {expected}, got {:?}", self.database_wait));
            return None;
        }
        Some(wait)
    }
}

impl MigrateAtStartArgs {
    /// Parses the setting.
    pub fn read(&self, problems: &mut Problems) -> Option<bool> {
        problems.parse_switch("NEWBEE_MIGRATE (or --migrate)", &self.migrate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_and_switches_are_parsed() {
        let mut problems = Problems::default();
        let mut wait = |text: &str| {
            let args = DatabaseWaitArgs {
                database_wait: text.into(),
            };
            args.read(&mut problems)
        };
        assert_eq!(wait("0s"), Some(Duration::ZERO));
        assert_eq!(wait("1m"), Some(Duration::from_secs(60)));
        assert_eq!(wait("2h"), None);
        assert_eq!(wait("soon"), None);
        let migrate = MigrateAtStartArgs {
            migrate: "perhaps".into(),
        };
        assert_eq!(migrate.read(&mut problems), None);
        let said = problems.into_result().unwrap_err().to_string();
        for part in ["\"2h\"", "\"soon\"", "NEWBEE_DATABASE_WAIT (or", "NEWBEE_MIGRATE (or"] {
            assert!(said.contains(part), "{part} is missing in: {said}");
        }
    }
}
