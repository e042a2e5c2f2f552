//! The metrics and traces of the real program, and the alerts that are made of them.

mod alerts;
mod collector;
mod first_times;
mod probes;
mod scrapes;

use crate::support::database::TestDatabase;
use crate::support::http_client;
use crate::support::program::{Program, serve};
use crate::support::wait_until;

/// A program that serves its metrics, and where.
pub struct Measured {
    pub program: Program,
    url: String,
}

impl Measured {
    pub async fn start(database: &TestDatabase, arguments: &[&str]) -> Self {
        let arguments = [arguments, &["--metrics-listen", "127.0.0.1:0"]].concat();
        let program = Program::start(serve(database, &arguments)).await;
        let mut url = String::new();
        wait_until("the metrics are served", async || {
            let log = program.log();
            let Some((_, rest)) = log.split_once("\"metrics_address\":\"") else {
                return false;
            };
            let address = rest.split('"').next().expect("the end of the address");
            url = format!("http://{address}/metrics");
            true
        })
        .await;
        Self { program, url }
    }

    pub async fn scrape(&self) -> String {
        let reply = http_client().get(&self.url).send().await.expect("a scrape");
        assert_eq!(reply.status(), 200);
        assert!(
            reply.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/plain")
        );
        reply.text().await.expect("text")
    }

    /// The value of one line: a name with its labels.
    pub async fn value(&self, line: &str) -> Option<f64> {
        value(&self.scrape().await, line)
    }
}

fn value(text: &str, line: &str) -> Option<f64> {
    let found = text
        .lines()
        .find_map(|found| found.strip_prefix(line)?.strip_prefix(' '))?;
    Some(found.parse().expect("a number"))
}
