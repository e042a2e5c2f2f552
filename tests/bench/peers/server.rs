//! A running server.

use std::fs::File;
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::database::Database;
use super::target::{self, Api, Target};

const PATIENCE: Duration = Duration::from_secs(60);

pub struct Server {
    pub name: &'static str,
    pub api: Api,
    pub database: String,
    /// Host and port.
    pub address: String,
    process: Child,
}

impl Server {
    /// Starts it on a free port, with a log in the folder of builds, and waits until it answers.
    pub async fn start(target: &Target, database: &Database) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = port.expect("a free port").port();
        let log = target::folder().join(format!("{}.log", target.name.replace([',', ' '], "")));
        let mut command = Command::new(&target.program);
        command.args(&target.arguments);
        match target.api {
            Api::Newbee => command.args(["--listen", &format!("127.0.0.1:{port}")]),
            Api::Rival => command.env("PORT", port.to_string()),
        };
        let process = command
            .envs(target.environment.iter().copied())
            .envs(database.environment(target))
            .stdout(Stdio::null())
            .stderr(File::create(&log).expect("a log"))
            .spawn()
            .unwrap_or_else(|error| panic!("{}: {error}", target.program.display()));
        let server = Self {
            name: target.name,
            api: target.api,
            database: target.database.clone(),
            address: format!("127.0.0.1:{port}"),
            process,
        };
        let begun = Instant::now();
        while server.ask("{ me { invitation { code } } }", 1).await.is_none() {
            assert!(
                begun.elapsed() < PATIENCE,
                "{} does not answer: see {}",
                target.name,
                log.display()
            );
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        server
    }

    /// Returns its reply to a user, or `None` if there is none, or one without data.
    pub async fn ask(&self, operation: &str, user: u32) -> Option<Value> {
        let request = reqwest::Client::new()
            .post(self.url())
            .bearer_auth(format!("bench-session-{user:07}"))
            .json(&json!({ "query": operation }));
        let reply: Value = request.send().await.ok()?.json().await.ok()?;
        (reply.get("errors").is_none() && reply["data"].is_object()).then(|| reply["data"].clone())
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    pub fn process(&self) -> u32 {
        self.process.id()
    }
}

impl Drop for Server {
    /// Also when the benchmark panics.
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
