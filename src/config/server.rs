//! How a process that serves listens and works.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::{AccessArgs, AccessSettings, JobsDirArgs, Problems};
use crate::domain::number::plain_number;

/// How the server listens and works.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Server")]
pub struct ServerArgs {
    /// The address to serve HTTP on
    #[arg(
        long,
        env = "NEWBEE_LISTEN",
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: String,
    /// An address for /metrics, as Prometheus text, and for the probes /healthz and /readyz; left out, there are none (the demo takes 127.0.0.1:9464 if it is free)
    #[arg(long, env = "NEWBEE_METRICS_LISTEN", value_name = "ADDRESS:PORT")]
    pub metrics_listen: Option<String>,
    /// Whether this process runs scheduled jobs: on or off
    #[arg(long, env = "NEWBEE_SCHEDULER", value_name = "on|off", default_value = "on")]
    pub scheduler: String,
    /// How many database connections the API may use (8 serve two cores as well as any number)
    #[arg(long, env = "NEWBEE_API_CONNECTIONS", value_name = "NUMBER", default_value = "8")]
    pub api_connections: String,
    /// GraphiQL at /graphiql/ and /admin/graphiql/: on or off [default: on in the demo, off in serve]
    #[arg(long, env = "NEWBEE_PLAYGROUND", value_name = "on|off")]
    pub playground: Option<String>,
    /// How long a shutdown waits for open requests and for the batch at work
    #[arg(long, env = "NEWBEE_DRAIN_TIMEOUT", value_name = "DURATION", default_value = "10s")]
    pub drain_timeout: String,
    /// How long a connection is kept without a request: longer than the proxy or balancer in front keeps it
    #[arg(long, env = "NEWBEE_KEEP_ALIVE", value_name = "DURATION", default_value = "75s")]
    pub keep_alive: String,
    /// How many connections one address may have open, but for the trusted proxies
    #[arg(
        long,
        env = "NEWBEE_ADDRESS_CONNECTIONS",
        value_name = "NUMBER",
        default_value = "512"
    )]
    pub address_connections: String,
    #[command(flatten)]
    pub access: AccessArgs,
    // Last, since its heading would also be that of the options after it.
    #[command(flatten)]
    pub manifests: JobsDirArgs,
}

/// [`ServerArgs`] as understood.
#[derive(Clone, Debug)]
pub struct ServerSettings {
    pub listen: SocketAddr,
    pub metrics_listen: Option<SocketAddr>,
    pub jobs_dir: Option<PathBuf>,
    pub scheduler: bool,
    /// `None` where nothing was said: each role has a default of its own.
    pub playground: Option<bool>,
    pub api_connections: u32,
    pub drain_timeout: Duration,
    pub keep_alive: Duration,
    pub address_connections: usize,
    pub access: AccessSettings,
}

impl ServerArgs {
    /// `endpoints` are what the role lets in unless something else is said.
    pub fn read(&self, access: AccessSettings, problems: &mut Problems) -> Option<ServerSettings> {
        let listen = problems.parse(
            "NEWBEE_LISTEN (or --listen)",
            &self.listen,
            "an address and port such as 127.0.0.1:8080",
        );
        let metrics_listen = match &self.metrics_listen {
            None => Some(None),
            Some(text) => problems
                .parse(
                    "NEWBEE_METRICS_LISTEN (or --metrics-listen)",
                    text,
                    "an address and port such as 127.0.0.1:9464",
                )
                .map(Some),
        };
        let scheduler = problems.parse_switch("NEWBEE_SCHEDULER (or --scheduler)", &self.scheduler);
        let playground = match &self.playground {
            None => Some(None),
            Some(text) => problems
                .parse_switch("NEWBEE_PLAYGROUND (or --playground)", text)
                .map(Some),
        };
        let api_connections = problems
            .parse(
                "NEWBEE_API_CONNECTIONS (or --api-connections)",
                &self.api_connections,
                "a number from 1 to 200",
            )
            .filter(|number| {
                let fits = (1..=200).contains(number);
                if !fits {
                    problems.add(format!(
                        "NEWBEE_API_CONNECTIONS: expected a number from 1 to 200, got {number}"
                    ));
                }
                fits
            });
        let drain_timeout = problems.parse::<humantime::Duration>(
            "NEWBEE_DRAIN_TIMEOUT (or --drain-timeout)",
            &self.drain_timeout,
            "a duration such as 10s or 1m",
        );
        let keep_alive = self.read_keep_alive(problems);
        let address_connections = self.read_address_connections(problems);
        // GraphiQL is of little use without the schema.
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
                "NEWBEE_PLAYGROUND (or --playground) is on, which shows the schema: leave NEWBEE_INTROSPECTION out, or set it on"
                    .to_owned(),
            );
        }
        let jobs_dir = self.manifests.read(problems);
        Some(ServerSettings {
            listen: listen?,
            metrics_listen: metrics_listen?,
            jobs_dir,
            scheduler: scheduler?,
            playground: playground?,
            api_connections: api_connections?,
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

    fn read_address_connections(&self, problems: &mut Problems) -> Option<usize> {
        let setting = "NEWBEE_ADDRESS_CONNECTIONS (or --address-connections)";
        let expected = "a number from 1 to 4096";
        let text = &self.address_connections;
        let number = plain_number(text.trim()).filter(|number| (1..=4_096).contains(number));
        if number.is_none() {
            problems.add(format!("{setting}: expected {expected}, got {text:?}"));
        }
        number
    }
}
