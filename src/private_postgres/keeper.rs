//! The small shells that outlive us and clean up: one is the parent of the server, one removes a temporary folder.
//!
//! Each holds the read end of a pipe whose only write end is ours. When this process is gone, by whatever cause, the
//! system closes that end, and the shell goes to work. This needs no signal handler and no `Drop` (statics are never
//! dropped), and works alike on Linux and macOS; PR_SET_PDEATHSIG fires when the *thread* that spawned ends.

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

/// Arguments: the signal that stops the server, then the server's command. Ends with the server's status.
///
/// The signal is repeated because a server that is only just starting does not hear the first one. The shell itself
/// ignores signals meant to end it: it has to see the server out.
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

/// Arguments: the folders. Tries for ten seconds, since a server that is stopping at that moment still writes there.
const REMOVE_FOLDERS: &str = r#"
trap '' HUP INT TERM
read -r _
tries=0
until rm -rf -- "$@" || [ "$tries" -ge 100 ]; do tries=$((tries + 1)); sleep 0.1; done
"#;

/// How a server is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Orderly: sessions are ended, everything is written.
    Fast,
    /// At once, for data that nobody needs any more.
    Immediate,
}

/// The running server and the shell above it. Dropping this stops the server without waiting for it.
#[derive(Debug)]
pub struct ServerKeeper {
    /// The write end of the pipe.
    lifeline: Option<ChildStdin>,
    ended: watch::Receiver<Option<ExitStatus>>,
}

impl ServerKeeper {
    /// Starts `server` below a keeper, both as `account`; what they say goes to `log`.
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
        // A thread and not a task: a cluster that tests share outlives the runtime of the test that started it.
        thread::Builder::new().name("postgres-keeper".into()).spawn(move || {
            let status = child.wait().unwrap_or_default();
            sender.send_replace(Some(status));
        })?;
        Ok(Self { lifeline, ended })
    }

    /// How the server ended, if it has.
    pub fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Resolves when the server has ended.
    pub async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            // The thread never ends without a word; if it did, the server's end is as unknown as its life.
            Err(_) => std::future::pending().await,
        }
    }

    /// Asks the server to end.
    pub fn release(&mut self) {
        self.lifeline = None;
    }
}

/// Removes folders when this process is gone, or when told to.
#[derive(Debug)]
pub struct FolderRemover(Child);

impl FolderRemover {
    pub fn watch(folders: &[&Path]) -> io::Result<Self> {
        let mut shell = clean_command("/bin/sh");
        shell
            .args(["-c", REMOVE_FOLDERS, "newbee-postgres-remover"])
            .args(folders);
        shell.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        shell.spawn().map(Self)
    }

    /// Removes the folders now and waits until that is done.
    pub fn remove(mut self) -> io::Result<()> {
        drop(self.0.stdin.take());
        self.0.wait().map(drop)
    }
}
