//! The real program as a process of its own.

use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use super::app::TEST_DRAW_KEY;
use super::database::TestDatabase;
use super::{http_client, post_graphql, wait_until, within};

/// Maximum time of a command on a busy machine.
const MAX_COMMAND_TIME: Duration = Duration::from_secs(5 * 60);

/// A running `newbee`, ended with the test whatever happens.
pub struct Program {
    child: Child,
    pub address: String,
    folder: TempDir,
    client: reqwest::Client,
}

/// `newbee` with an environment that says nothing of its own.
pub fn newbee() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_newbee"));
    for (name, _) in
        std::env::vars().filter(|(name, _)| name.starts_with("NEWBEE_") || name.starts_with("DATABASE_URL"))
    {
        command.env_remove(name);
    }
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs `newbee` on a test's database to its end: exit code, standard output, standard error.
pub async fn run(database: &TestDatabase, arguments: &[&str]) -> (Option<i32>, String, String) {
    let mut command = newbee();
    command
        .args(arguments)
        .envs(database.environment())
        .env("NEWBEE_DRAW_KEY", TEST_DRAW_KEY);
    let Ok(output) = tokio::time::timeout(MAX_COMMAND_TIME, command.output()).await else {
        panic!("waited in vain: newbee {} ends", arguments.join(" "))
    };
    let output = output.expect("newbee runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// `newbee serve` on a test's database.
pub fn serve(database: &TestDatabase, arguments: &[&str]) -> Command {
    let mut command = newbee();
    command.arg("serve").args(arguments).envs(database.environment());
    command.env("NEWBEE_DRAW_KEY", TEST_DRAW_KEY);
    command
}

impl Program {
    /// `newbee serve` on a free port, ready to be asked.
    pub async fn serve(database: &TestDatabase, arguments: &[&str]) -> Self {
        Self::start(serve(database, arguments)).await
    }

    /// Starts a command that serves, on a free port, and waits until it is ready.
    pub async fn start(command: Command) -> Self {
        Self::start_logging(command, "debug").await
    }

    /// [`Program::start`] with a log filter.
    pub async fn start_logging(mut command: Command, log: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = |name: &str| std::fs::File::create(folder.path().join(name)).expect("a log file");
        let child = command
            .args(["--listen", "127.0.0.1:0", "--log-format", "json"])
            .env("NEWBEE_LOG", log)
            .stdout(file("stdout"))
            .stderr(file("stderr"))
            .spawn()
            .expect("newbee starts");
        let mut program = Self {
            child,
            address: String::new(),
            folder,
            client: http_client(),
        };
        wait_until("newbee says where it listens", async || {
            assert!(
                program.child.try_wait().expect("a child").is_none(),
                "newbee ended: {}",
                program.log()
            );
            match program
                .log()
                .split("\"address\":\"")
                .nth(1)
                .and_then(|rest| rest.split('"').next())
            {
                Some(address) => {
                    program.address = address.to_owned();
                    true
                }
                None => false,
            }
        })
        .await;
        wait_until("newbee is ready", async || {
            let ready = program
                .client
                .get(format!("http://{}/readyz", program.address))
                .send()
                .await;
            ready.is_ok_and(|reply| reply.status().is_success())
        })
        .await;
        program
    }

    pub fn pid(&self) -> Pid {
        let pid = self.child.id().expect("newbee runs");
        Pid::from_raw(pid as i32).expect("a process id")
    }

    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("newbee runs");
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> ExitStatus {
        within("the program ends", self.child.wait()).await.expect("a child")
    }

    /// kill -9.
    pub async fn kill(mut self) {
        self.signal(Signal::KILL);
        self.ended().await;
    }

    /// SIGTERM, and an orderly end.
    pub async fn terminate(mut self) -> String {
        self.signal(Signal::TERM);
        let status = self.ended().await;
        assert!(status.success(), "{status}: {}", self.log());
        self.log()
    }

    /// Whatever it logged so far.
    pub fn log(&self) -> String {
        self.read("stderr")
    }

    pub fn output(&self) -> String {
        self.read("stdout")
    }

    fn read(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        String::from_utf8_lossy(&std::fs::read(path).expect("a log file")).into_owned()
    }

    pub fn url(&self) -> String {
        format!("http://{}/graphql", self.address)
    }

    /// Status and reply of a GraphQL request.
    pub async fn ask(&self, key: Option<&str>, query: &str) -> (u16, Value) {
        post_graphql(&self.client, &self.url(), key, query, json!({})).await
    }

    /// Bytes of memory that the process has at the moment.
    pub fn resident_bytes(&self) -> u64 {
        let path = format!("/proc/{}/statm", self.pid().as_raw_nonzero());
        let pages = std::fs::read_to_string(path).expect("newbee runs");
        let resident: u64 = pages.split(' ').nth(1).expect("a count").parse().expect("a number");
        resident * rustix::param::page_size() as u64
    }

    /// Seconds of CPU that the process has used.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid().as_raw_nonzero())).expect("newbee runs");
        let fields: Vec<&str> = stat
            .rsplit(')')
            .next()
            .expect("the fields after the name")
            .split_whitespace()
            .collect();
        let ticks = |field: usize| fields[field].parse::<f64>().expect("a count of ticks");
        (ticks(11) + ticks(12)) / rustix::param::clock_ticks_per_second() as f64
    }
}
