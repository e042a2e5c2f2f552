//! Nodes of the Citus cluster that a test may crash, if `NEWBEE_TEST_CITUS_DATA` names their data folders, separated by
//! commas: the coordinator first. They run on this machine. Nothing else may use them meanwhile.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Connection};
use tokio::process::Command;

use super::own_postgres::family;
use super::wait_until;

/// A server and its data folder.
pub struct Node(PathBuf);

/// Returns the coordinator and the workers.
pub fn nodes() -> Option<Vec<Node>> {
    let folders = std::env::var("NEWBEE_TEST_CITUS_DATA").ok()?;
    Some(folders.split(',').map(|folder| Node(folder.into())).collect())
}

impl Node {
    /// kill -9 of all processes of the server, and a start with the same command.
    pub async fn crash_and_start(&self) {
        let file = fs::read_to_string(self.0.join("postmaster.pid")).expect("the node runs");
        let mut lines = file.lines();
        let server = lines
            .next()
            .and_then(|pid| pid.trim().parse().ok())
            .and_then(Pid::from_raw);
        let port: u16 = lines.nth(2).and_then(|port| port.trim().parse().ok()).expect("a port");
        let processes = family(server.expect("a process id"));
        for process in &processes {
            let _ = kill_process(*process, Signal::KILL);
        }
        wait_until("the node is dead", async || {
            processes.iter().all(|process| test_kill_process(*process).is_err())
        })
        .await;
        self.start(port).await;
    }

    async fn start(&self, port: u16) {
        let command = fs::read_to_string(self.0.join("postmaster.opts")).expect("its command line");
        let mut words = command.split_whitespace().map(|word| word.trim_matches('"'));
        let owner = fs::metadata(&self.0).expect("its data folder");
        Command::new(words.next().expect("a program"))
            .args(words)
            .uid(owner.uid())
            .gid(owner.gid())
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the node starts");
        let url = super::citus::url().expect("the coordinator's URL");
        let options: PgConnectOptions = url.parse().expect("a Postgres address");
        let options = options.port(port);
        wait_until("the node answers", async || match options.connect().await {
            Ok(connection) => connection.close().await.is_ok(),
            Err(_) => false,
        })
        .await;
    }
}
