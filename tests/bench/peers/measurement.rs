//! One measurement of one server.

use std::fmt;

use super::cpu::cpu_seconds;
use super::database::Database;
use super::load::{self, Request};
use super::server::Server;
use super::work::{Kind, Work};

/// Seconds of the load before a measurement, whose replies are all read.
const WARM_UP_SECONDS: u32 = 2;

/// Times in milliseconds, CPU time in microseconds per request, write-ahead log in bytes per request.
pub struct Measurement {
    pub target: &'static str,
    pub work: Work,
    pub round: usize,
    pub rate: f64,
    pub p50: f64,
    pub p99: f64,
    pub server_cpu: f64,
    pub postgres_cpu: f64,
    pub log_bytes: f64,
    /// Cores used by other programs than the server, Postgres and wrk.
    pub others: f64,
}

impl Measurement {
    pub fn cpu(&self) -> f64 {
        self.server_cpu + self.postgres_cpu
    }
}

pub async fn measure(
    server: &Server,
    work: Work,
    round: usize,
    users: u32,
    seconds: u32,
    database: &Database,
) -> Measurement {
    let signs_in = work.kind == Kind::SignIn;
    if signs_in {
        database.reset(&server.database, server.api).await;
    }
    let warm_up = load::run(server, Request::new(work, users, WARM_UP_SECONDS));
    if signs_in {
        database.reset(&server.database, server.api).await;
    }
    let counters = || Counters {
        server: cpu_seconds(server.process(), true),
        postgres: cpu_seconds(database.process, true),
        load: children_cpu_seconds(),
        machine: machine_cpu_seconds(),
    };
    let position = database.log_position().await;
    let before = counters();
    let request = Request {
        checked: signs_in,
        ..Request::new(work, users, seconds)
    };
    let measured = load::run(server, request);
    let after = counters();
    let log_bytes = database.log_position().await - position;
    let change = measured.bytes_per_reply() / warm_up.bytes_per_reply();
    assert!(
        (0.97..1.03).contains(&change),
        "{}: replies of another size",
        server.name
    );
    let (server_cpu, postgres_cpu) = (after.server - before.server, after.postgres - before.postgres);
    let others = after.machine - before.machine - server_cpu - postgres_cpu - (after.load - before.load);
    Measurement {
        target: server.name,
        work,
        round,
        rate: measured.requests / measured.seconds,
        p50: measured.p50,
        p99: measured.p99,
        server_cpu: server_cpu * 1e6 / measured.requests,
        postgres_cpu: postgres_cpu * 1e6 / measured.requests,
        log_bytes: log_bytes / measured.requests,
        others: others / f64::from(seconds),
    }
}

/// CPU seconds.
struct Counters {
    server: f64,
    postgres: f64,
    load: f64,
    machine: f64,
}

/// Returns the CPU seconds of ended children of this process, which are those of wrk while servers run.
fn children_cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let (_, after_name) = stat.rsplit_once(") ").expect("a name in parentheses");
    let fields: Vec<&str> = after_name.split(' ').collect();
    seconds_of([fields[13], fields[14]].into_iter())
}

/// Returns the CPU seconds of all processes since the start of the machine.
fn machine_cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/stat").expect("Linux");
    let mut fields = stat
        .lines()
        .next()
        .expect("a line of all cores")
        .split_whitespace()
        .skip(1);
    // user, nice and system; idle and iowait; irq and softirq
    let busy: Vec<&str> = fields.by_ref().take(3).collect();
    seconds_of(busy.into_iter().chain(fields.skip(2).take(2)))
}

fn seconds_of<'a>(ticks: impl Iterator<Item = &'a str>) -> f64 {
    let ticks: f64 = ticks.map(|ticks| ticks.parse::<f64>().expect("a number")).sum();
    ticks / rustix::param::clock_ticks_per_second() as f64
}

impl fmt::Display for Measurement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}, {} connections, {}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms, CPU {:.0} + {:.0} µs, log {:.0} bytes, others {:.2} cores",
            self.work.name(),
            self.work.connections,
            self.target,
            self.rate,
            self.p50,
            self.p99,
            self.server_cpu,
            self.postgres_cpu,
            self.log_bytes,
            self.others
        )
    }
}
