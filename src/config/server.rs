//! Settings of a serving process.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{AccessArgs, AccessSettings, JobsDirArgs, PoolArgs, PoolSizes, Problems};

/// Network and runtime options of the server.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// Address and port of the HTTP server
    #[arg(
        long,
        env = "NEWBEE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: String,
    /// Address and port for /metrics (Prometheus text) and the probes /healthz and /readyz; without it, they are not
    /// served (demo: 127.0.0.1:9464 if it is free)
    #[arg(long, env = "NEWBEE_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Address and port for the admin API, its playground and the ops page, which --listen then does not serve; without
    /// it, --listen serves them
    #[arg(long, env = "NEWBEE_ADMIN_LISTEN", value_name = "ADDRESS:PORT")]
    pub admin_listen: Option<String>,
    /// Run scheduled jobs in this process: on or off
    #[arg(long, env = "NEWBEE_SCHEDULER", value_name = "on|off", default_value = "on")]
    pub scheduler: String,
    /// GraphiQL at /graphiql/ and /admin/graphiql/: on or off [default: on in the demo, off in serve]
    #[arg(long, env = "NEWBEE_PLAYGROUND", value_name = "on|off")]
    pub playground: Option<String>,
    /// Maximum time that a shutdown waits for open requests and the current batch
    #[arg(long, env = "NEWBEE_DRAIN_TIMEOUT", value_name = "DURATION", default_value = "10s")]
    pub drain_timeout: String,
    /// Time that an idle connection is kept open; longer than the idle timeout of the proxy or load balancer in front
    #[arg(long, env = "NEWBEE_KEEP_ALIVE", value_name = "DURATION", default_value = "75s")]
    pub keep_alive: String,
    /// Maximum number of open connections per client address, except trusted proxies
    #[arg(
        long,
        env = "NEWBEE_ADDRESS_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "512"
    )]
    pub address_connections: String,
    #[command(flatten)]
    pub pools: PoolArgs,
    #[command(flatten)]
    pub access: AccessArgs,
    // Last, because its heading would also apply to the options after it.
    #[command(flatten)]
    pub manifests: JobsDirArgs,
}

/// Parsed [`ServerArgs`].
#[derive(Clone, Debug)]
pub struct ServerSettings {
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub admin_listen: Option<SocketAddr>,
    pub jobs_dir: Option<PathBuf>,
    pub scheduler: bool,
    /// `None` if not configured: the default depends on the role.
    pub playground: Option<bool>,
    pub pools: PoolSizes,
    pub drain_timeout: Duration,
    pub keep_alive: Duration,
    pub address_connections: usize,
    pub access: AccessSettings,
}

impl ServerArgs {
    /// Parses the settings; `access` contains the defaults of the role.
    pub fn read(&self, access: AccessSettings, problems: &mut Problems) -> Option<ServerSettings> {
        let listen = problems.parse(
            "NEWBEE_LISTEN (or --listen)",
            &self.listen,
            "an address and port such as 127.0.0.1:8080",
        );
        let mut read_optional = |setting: &str, text: &Option<String>, example: &str| match text {
            None => Some(None),
            Some(text) => problems
                .parse(setting, text, &format!("an address and port such as {example}"))
                .map(Some),
        };
        let metrics_listen = read_optional(
            "NEWBEE_METRICS_LISTEN (or --metrics-listen)",
            &self.metrics_listen,
            "127.0.0.1:9464",
        );
        let admin_listen = read_optional(
            "NEWBEE_ADMIN_LISTEN (or --admin-listen)",
            &self.admin_listen,
            "127.0.0.1:8081",
        );
        let scheduler = problems.parse_switch("NEWBEE_SCHEDULER (or --scheduler)", &self.scheduler);
        let playground = match &self.playground {
            None => Some(None),
            Some(text) => problems
                .parse_switch("NEWBEE_PLAYGROUND (or --playground)", text)
                .map(Some),
        };
        let pools = self.pools.read(problems);
        let drain_timeout = problems.parse::<humantime::Duration>(
            "NEWBEE_DRAIN_TIMEOUT (or --drain-timeout)",
            &self.drain_timeout,
            "a duration such as 10s or 1m",
        );
        let keep_alive = self.read_keep_alive(problems);
        let address_connections = problems.parse_number(
            "NEWBEE_ADDRESS_CONNECTIONS (or --address-connections)",
            &self.address_connections,
            1..=4_096,
        );
        // GraphiQL requires the schema.
        let has_playground = playground == Some(Some(true));
        let introspection = access.introspection || has_playground;
        let access = self.access.read(
            AccessSettings {
                introspection,
                ..access
            },
            problems,
        );
        if has_playground && access.as_ref().is_some_and(|access| !access.introspection) {
            problems.add(
                "NEWBEE_PLAYGROUND (or --playground) is on, which requires introspection: set NEWBEE_INTROSPECTION to on, or unset it"
                    .to_owned(),
            );
        }
        let jobs_dir = self.manifests.read(problems);
        Some(ServerSettings {
            listen: listen?,
            metrics_listen: metrics_listen?,
            admin_listen: admin_listen?,
            jobs_dir,
            scheduler: scheduler?,
            playground: playground?,
            pools: pools?,
            drain_timeout: drain_timeout?.into(),
            keep_alive: keep_alive?,
            address_connections: address_connections?,
            access: access?,
        })
    }

    fn read_keep_alive(&self, problems: &mut Problems) -> Option<Duration> {
        let setting = "NEWBEE_KEEP_ALIVE (or --keep-alive)";
        let expected = "a duration from 1s to 1h, such as 75s";
        let parsed = problems.parse::<humantime::Duration>(setting, &self.keep_alive, expected)?;
        let keep_alive = Duration::from(parsed);
        if !(Duration::from_secs(1)..=Duration::from_secs(3_600)).contains(&keep_alive) {
            problems.add(format!("{setting}: expected {expected}, got {parsed}"));
            return None;
        }
        Some(keep_alive)
    }
}
