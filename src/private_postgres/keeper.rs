//! Shell processes that outlive newbee and clean up: one is the parent of the server, one removes a temporary folder.
//!
//! Each holds the read end of a pipe whose only write end belongs to newbee. When newbee ends for any reason, the
//! operating system closes the write end, and the shell cleans up. This needs no signal handler and no `Drop`
//! (statics are never dropped), and works on Linux and macOS; PR_SET_PDEATHSIG fires when the *thread* that spawned
//! the child ends.

use std::{
    io,
    path::Path,
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    thread,
};

use tokio::sync::watch;

use super::{
    account::{Account, clean_command},
    log::LogFile,
};

/// Arguments: the signal that stops the server, then the server's command. Exits with the server's status.
///
/// The signal is repeated because a starting server may miss the first one. The shell itself ignores termination
/// signals, because it must wait for the server to end.
const KEEP_SERVER: &str = r#"
trap '' HUP INT TERM
signal=$1; shift
exec 3<&0 </dev/null
"$@" 3<&- &
server=$!
{ read -r _ <&3; while kill -s "$signal" "$server"; do sleep 0.2; done; } >/dev/null 2>&1 &
watcher=$!
wait "$server"
status=$?
kill -s KILL "$watcher"
exit "$status"
"#;

/// Arguments: the folders. Retries for ten seconds, because a stopping server still writes there.
const REMOVE_FOLDERS: &str = r#"
trap '' HUP INT TERM
read -r _
tries=0
until rm -rf -- "$@" || [ "$tries" -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
"#;

/// Shutdown mode of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Orderly: sessions are terminated, and everything is written to disk.
    Fast,
    /// Immediate, for data that is no longer needed.
    Immediate,
}

/// Running server with its keeper shell. Dropping it stops the server without waiting.
#[derive(Debug)]
pub struct ServerKeeper {
    /// Write end of the pipe.
    lifeline: Option<ChildStdin>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl ServerKeeper {
    /// Starts `server` below a keeper shell, both as `account`; their output is written to `log`.
    ///
    /// # Errors
    /// Returns an error if the shell cannot be started.
    pub fn start(server: &Command, ending: Ending, account: &Account, log: &LogFile) -> io::Result<Self> {
        let signal = match ending {
            Ending::Fast => "INT",
            Ending::Immediate => "QUIT",
        };
        let mut shell = account.command("/bin/sh");
        shell.args(["-c", KEEP_SERVER, "newbee-postgres-keeper", signal]);
        shell.arg(server.get_program()).args(server.get_args());
        shell
            .stdin(Stdio::piped())
            .stdout(log.file.try_clone()?)
            .stderr(log.file.try_clone()?);
        let mut child = shell.spawn()?;
        let lifeline = child.stdin.take();
        let (sender, ended) = watch::channel(None);
        // A thread instead of a task: a cluster shared by tests outlives the runtime of the test that started it.
        thread::Builder::new().name("postgres-keeper".into()).spawn(move || {
            let status = child.wait().unwrap_or_default();
            sender.send_replace(Some(status));
        })?;
        Ok(Self { lifeline, ended })
    }

    /// Returns the exit status of the server if it has ended.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Waits until the server has ended.
    pub async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            // The thread always sends a status; without one, the state of the server is unknown.
            Err(_) => std::future::pending().await,
        }
    }

    /// Requests the server to stop.
    pub fn release(&mut self) {
        self.lifeline = None;
    }
}

/// Removes folders when this process has ended, or on request.
#[derive(Debug)]
pub struct FolderRemover(Child);

impl FolderRemover {
    /// Starts the shell that removes the folders.
    ///
    /// # Errors
    /// Returns an error if the shell cannot be started.
    pub fn watch(folders: &[&Path]) -> io::Result<Self> {
        let mut shell = clean_command("/bin/sh");
        shell
            .args(["-c", REMOVE_FOLDERS, "newbee-postgres-remover"])
            .args(folders);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().map(Self)
    }

    /// Removes the folders now and waits for completion.
    ///
    /// # Errors
    /// Returns an error if the folders cannot be removed.
    pub fn remove(mut self) -> io::Result<()> {
        drop(self.0.stdin.take());
        self.0.wait().map(drop)
    }
}
