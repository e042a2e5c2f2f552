//! Load by wrk.

use std::process::Command;

use serde::Deserialize;

use super::server::Server;
use super::target;
use super::work::{Kind, Work};

/// Report of wrk; times in milliseconds.
#[derive(Deserialize)]
pub struct Load {
    pub requests: f64,
    pub seconds: f64,
    pub p50: f64,
    pub p99: f64,
    bytes: f64,
    failed: u64,
    wrong: u64,
    example: String,
}

/// Load to put on a server.
#[derive(Clone, Copy)]
pub struct Request {
    pub work: Work,
    pub users: u32,
    pub seconds: u32,
    /// Read each reply. Otherwise, only the status is checked.
    pub checked: bool,
    /// Number of users that do not sign in, because they have.
    pub skip: u32,
    /// Pause of a connection before each request.
    pub pause_milliseconds: u32,
}

impl Request {
    pub fn new(work: Work, users: u32, seconds: u32) -> Self {
        Self {
            work,
            users,
            seconds,
            checked: true,
            skip: 0,
            pause_milliseconds: 0,
        }
    }
}

/// Puts load on a server.
///
/// # Panics
/// If a reply is wrong.
pub fn run(server: &Server, request: Request) -> Load {
    let Request { work, seconds, .. } = request;
    let output = Command::new("wrk")
        .args(["-t1", "--timeout", "10s", "-s"])
        .arg(target::sources().join("load.lua"))
        .args([format!("-c{}", work.connections), format!("-d{seconds}s")])
        .arg(server.url())
        .env("OPERATION", work.operation(server.api))
        .env("EXPECTED", work.expected(server.api))
        .env("USERS", work.users(request.users).to_string())
        .env("ORDER", if work.kind == Kind::SignIn { "once" } else { "random" })
        .env("CHECKED", if request.checked { "1" } else { "0" })
        .env("SKIP", request.skip.to_string())
        .env("PAUSE", request.pause_milliseconds.to_string())
        .output()
        .expect("wrk is installed: apt-get install -y wrk");
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with('{'));
    let load = line.and_then(|line| serde_json::from_str::<Load>(line).ok());
    let load = load.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    assert!(
        load.failed == 0 && load.wrong == 0 && load.requests > 0.0,
        "{}, {}: of {} replies {} failed and {} were wrong, such as {}",
        server.name,
        work.name(),
        load.requests,
        load.failed,
        load.wrong,
        load.example
    );
    load
}

impl Load {
    pub fn bytes_per_reply(&self) -> f64 {
        self.bytes / self.requests
    }
}
