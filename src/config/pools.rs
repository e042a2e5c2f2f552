//! Sizes of the connection pools.

use clap::Args;

use super::Problems;

/// Maximum numbers of database connections.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Database connections")]
pub struct PoolArgs {
    /// Maximum number of database connections of the API (8 are enough for two cores)
    #[arg(long, env = "NEWBEE_API_CONNECTIONS", value_name = "NUMBER", default_value = "8")]
    pub api_connections: String,
    /// Maximum number of database connections of the admin API
    #[arg(long, env = "NEWBEE_ADMIN_CONNECTIONS", value_name = "NUMBER", default_value = "6")]
    pub admin_connections: String,
    /// Maximum number of database connections of the jobs
    #[arg(long, env = "NEWBEE_JOBS_CONNECTIONS", value_name = "NUMBER", default_value = "6")]
    pub jobs_connections: String,
    /// Maximum number of database connections of the heartbeats of runs and processes
    #[arg(
        long,
        env = "NEWBEE_HEARTBEAT_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "2"
    )]
    pub heartbeat_connections: String,
    /// Maximum number of database connections of live updates, in addition to the one that listens
    #[arg(long, env = "NEWBEE_LIVE_CONNECTIONS", value_name = "NUMBER", default_value = "3")]
    pub live_connections: String,
    /// Maximum number of database connections of customers' reads to each host of NEWBEE_READ_DATABASE_URL; operators'
    /// reads have --admin-connections there too
    #[arg(long, env = "NEWBEE_REPLICA_CONNECTIONS", value_name = "NUMBER", default_value = "8")]
    pub replica_connections: String,
}

/// Parsed [`PoolArgs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolSizes {
    pub api: u32,
    pub admin: u32,
    pub jobs: u32,
    pub heartbeat: u32,
    pub live: u32,
    /// Connections of customers' reads to each replica.
    pub replica: u32,
}

impl PoolSizes {
    /// Returns the default sizes with `api` connections of the API.
    pub const fn standard(api: u32) -> Self {
        Self {
            api,
            admin: 6,
            jobs: 6,
            heartbeat: 2,
            live: 3,
            replica: 8,
        }
    }

    /// Returns the maximum number of connections of a process to the primary, with the one that listens for changes.
    pub fn sum(self) -> u32 {
        self.api + self.admin + self.jobs + self.heartbeat + self.live + 1
    }

    /// Returns the maximum number of connections of a process to each replica, with the one that observes it.
    pub fn per_replica(self) -> u32 {
        self.replica + self.admin + 1
    }
}

impl PoolArgs {
    /// Parses the sizes.
    pub fn read(&self, problems: &mut Problems) -> Option<PoolSizes> {
        let mut parse = |pool: &str, text: &str, min: u32| {
            let setting = format!("NEWBEE_{}_CONNECTIONS (or --{pool}-connections)", pool.to_uppercase());
            problems.parse_number(&setting, text, min..=200)
        };
        let api = parse("api", &self.api_connections, 1);
        let admin = parse("admin", &self.admin_connections, 1);
        // A run may hold one connection while it needs another.
        let jobs = parse("jobs", &self.jobs_connections, 2);
        let heartbeat = parse("heartbeat", &self.heartbeat_connections, 1);
        let live = parse("live", &self.live_connections, 2);
        let replica = parse("replica", &self.replica_connections, 1);
        Some(PoolSizes {
            api: api?,
            admin: admin?,
            jobs: jobs?,
            heartbeat: heartbeat?,
            live: live?,
            replica: replica?,
        })
    }
}

#[cfg(test)]
mod tests {
    use clap::{Args, Command, FromArgMatches};

    use super::*;

    #[test]
    fn sizes_that_are_not_set_are_the_standard_ones() {
        // Values of the environment would count as set.
        let command = PoolArgs::augment_args(Command::new("test")).mut_args(|argument| argument.env(None));
        let args = PoolArgs::from_arg_matches(&command.get_matches_from(["test"])).expect("the defaults");
        let mut problems = Problems::default();
        assert_eq!(args.read(&mut problems), Some(PoolSizes::standard(8)));
    }
}
