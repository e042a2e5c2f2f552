//! One server under load, and what it and its Postgres use.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::cpu::cpu_seconds;
use super::database::Database;

pub struct Server {
    process: Child,
    pub address: String,
}

/// What a run measured. CPU in microseconds a request.
#[derive(Clone, Copy)]
pub struct Figures {
    pub requests_a_second: f64,
    server_cpu: f64,
    postgres_cpu: f64,
    p50_milliseconds: f64,
}

impl Server {
    pub async fn start(program: &Path, database: &Database) -> Self {
        let mut process = Command::new(program)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--scheduler",
                "off",
                "--session-rate",
                "off",
                "--address-rate",
                "off",
                "--log",
                "newbee::cli=info",
            ])
            .env("DATABASE_URL", &database.url)
            .stderr(Stdio::piped())
            .spawn()
            .expect("the server starts");
        let mut lines = BufReader::new(process.stderr.take().expect("its log")).lines();
        let address = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split("address=").nth(1)?.split(' ').next()?.to_owned()))
            .expect("the server says where it listens");
        // What else it logs is read, so that it never waits for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    pub fn stop(mut self) {
        self.process.kill().expect("the server runs");
        self.process.wait().expect("it is our child");
    }

    /// Puts load on it; what wrk printed.
    pub fn load(&self, connections: u32, seconds: u32) -> String {
        let output = Command::new("wrk")
            .args(["-t1", "--latency", "-s", "tests/bench/me.lua"])
            .args([
                format!("-c{connections}"),
                format!("-d{seconds}s"),
                format!("http://{}/graphql", self.address),
            ])
            .output()
            .expect("wrk is installed: apt-get install -y wrk");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// CPU time of the server and of Postgres.
    pub fn cpu_seconds(&self, database: &Database) -> (f64, f64) {
        (
            cpu_seconds(self.process.id(), false),
            cpu_seconds(database.process, true),
        )
    }

    pub fn measure(&self, connections: u32, seconds: u32, database: &Database) -> Figures {
        let before = self.cpu_seconds(database);
        let told = self.load(connections, seconds);
        let after = self.cpu_seconds(database);
        let word_after = |label: &str, place: usize| {
            let line = told
                .lines()
                .find(|line| line.trim_start().starts_with(label))
                .unwrap_or_else(|| panic!("{label} in {told}"));
            line.split_whitespace().nth(place).expect("a figure").to_owned()
        };
        let requests: f64 = told
            .lines()
            .find_map(|line| line.trim().split_once(" requests in")?.0.parse().ok())
            .expect("the number of requests");
        Figures {
            requests_a_second: word_after("Requests/sec:", 1).parse().expect("a rate"),
            server_cpu: (after.0 - before.0) * 1e6 / requests,
            postgres_cpu: (after.1 - before.1) * 1e6 / requests,
            p50_milliseconds: milliseconds(&word_after("50%", 1)),
        }
    }
}

/// wrk says 350.00us, 4.10ms or 1.02s.
fn milliseconds(text: &str) -> f64 {
    let number = |unit: &str| text.strip_suffix(unit).and_then(|number| number.parse::<f64>().ok());
    number("us")
        .map(|microseconds| microseconds / 1e3)
        .or_else(|| number("ms"))
        .or_else(|| number("s").map(|seconds| seconds * 1e3))
        .expect("a time")
}

impl Figures {
    pub fn cpu(&self) -> f64 {
        self.server_cpu + self.postgres_cpu
    }

    /// Of each figure the median.
    pub fn median(of: &[Self]) -> Self {
        let median = |figure: fn(&Self) -> f64| {
            let mut figures: Vec<f64> = of.iter().map(figure).collect();
            figures.sort_by(f64::total_cmp);
            figures[figures.len() / 2]
        };
        Self {
            requests_a_second: median(|figures| figures.requests_a_second),
            server_cpu: median(|figures| figures.server_cpu),
            postgres_cpu: median(|figures| figures.postgres_cpu),
            p50_milliseconds: median(|figures| figures.p50_milliseconds),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            requests_a_second,
            server_cpu,
            postgres_cpu,
            p50_milliseconds,
        } = self;
        write!(
            f,
            "{requests_a_second:.0} | {server_cpu:.0} + {postgres_cpu:.0} | {p50_milliseconds:.2}"
        )
    }
}
