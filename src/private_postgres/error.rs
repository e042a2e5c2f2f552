//! Errors of starting and running a private Postgres. Each message includes a remedy.

use std::{
    fmt, io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use super::log::LogFile;

/// Error of starting a private Postgres.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("Postgres {oldest} or newer was not found on this machine, and {fallback}.\nInstall it with `{command}`, or set PG_BIN_DIR to its folder, or set DATABASE_URL.", oldest = super::binaries::OLDEST_MAJOR, command = install_command())]
    NoBinaries { fallback: String },
    #[error("PG_BIN_DIR is {}, but {problem}. Correct it or unset it.", folder.display())]
    BadBinDir { folder: PathBuf, problem: String },
    #[error("{} was created by Postgres {data_major}, but this machine has {offered}. Install Postgres {data_major}, or move the folder away to start with an empty database.", data.display())]
    WrongMajor {
        data: PathBuf,
        data_major: u32,
        offered: String,
    },
    #[error(
        "Postgres refuses to run as root, and this machine has neither a user `postgres` nor a user `nobody`. Start the program as an ordinary user."
    )]
    NoAccount,
    #[error("{} belongs to user {owner}, but this program runs as user {us} (it may have been started with sudo before). Run `sudo chown -R {us} {}`, or start it as that user.", path.display(), path.display())]
    NotOurs { path: PathBuf, owner: u32, us: u32 },
    #[error("{} belongs to root, but Postgres refuses to run as root. Change its owner, for example with `chown -R postgres {}`.", data.display(), data.display())]
    OwnedByRoot { data: PathBuf },
    #[error("{} is in use by another running instance (process {process}). Stop that instance first, or use a DATABASE_URL or another folder.", folder.display())]
    InUse { folder: PathBuf, process: String },
    #[error("a Postgres server that was not started by this program (process {process}) is running on {}. Stop it with `pg_ctl stop -D {}`.", data.display(), data.display())]
    ForeignServer { data: PathBuf, process: i32 },
    #[error("an abandoned Postgres server on {} does not stop (processes {processes}). End these processes and try again.", data.display())]
    LeftBehind { data: PathBuf, processes: String },
    #[error("initdb could not create {}:\n{output}", data.display())]
    Initdb { data: PathBuf, output: String },
    #[error("Postgres exited during startup. {0}")]
    Ended(DeathReport),
    #[error("Postgres was not ready after {seconds} s. It may still be recovering: check {} and try again.", log.display())]
    TooSlow { seconds: u64, log: PathBuf },
    #[error("could not {doing}: {source}")]
    Io { doing: String, source: io::Error },
}

/// Adds the operation and the path, which an [`io::Error`] lacks.
pub(super) fn failed<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> StartError + 'a {
    move |source| StartError::Io {
        doing: format!("{doing} {}", path.display()),
        source,
    }
}

/// Returns the command that installs Postgres on this platform.
fn install_command() -> &'static str {
    let has = |program: &str| Path::new("/usr/bin").join(program).exists();
    match () {
        () if cfg!(target_os = "macos") => "brew install postgresql@17",
        () if has("apt-get") => "apt-get install -y postgresql",
        () if has("dnf") => "dnf install postgresql-server",
        () => "apt-get install -y postgresql` or `dnf install postgresql-server",
    }
}

/// Report of an unexpected end of the server, with its last log lines.
#[derive(Debug, Clone)]
pub struct DeathReport {
    /// Exit status of the server, or the signal that ended it.
    pub status: ExitStatus,
    /// Path of the complete log.
    pub log: PathBuf,
    /// Last lines of the log, at most twenty, oldest first.
    pub last_lines: Vec<String>,
}

impl DeathReport {
    pub(super) fn new(status: ExitStatus, log: &LogFile) -> Self {
        Self {
            status,
            log: log.path.clone(),
            last_lines: log.last_lines(20),
        }
    }
}

impl fmt::Display for DeathReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The keeper shell reports a signal as 128 + its number.
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) if code > 128 => write!(f, "It was terminated by signal {}", code - 128)?,
            (Some(code), _) => write!(f, "Its exit status was {code}")?,
            (None, signal) => write!(
                f,
                "Its keeper process was terminated by signal {}",
                signal.unwrap_or_default()
            )?,
        }
        write!(f, "; see its log {}", self.log.display())?;
        if self.last_lines.is_empty() {
            return f.write_str(".");
        }
        write!(f, ", which ends with:\n{}", self.last_lines.join("\n"))
    }
}

impl std::error::Error for DeathReport {}
