//! Why a private Postgres did not start or did not stay: every text tells its reader what to do next.

use std::{
    fmt, io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::ExitStatus,
};

use super::log::LogFile;

/// A private Postgres could not be started.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("no Postgres {oldest} or newer on this machine, and {fallback}.\nInstall one with `{command}`, or name its folder in PG_BIN_DIR, or give a DATABASE_URL.", oldest = super::binaries::OLDEST_MAJOR, command = install_command())]
    NoBinaries { fallback: String },
    #[error("PG_BIN_DIR is {}, but {problem}. Correct it or unset it.", folder.display())]
    BadBinDir { folder: PathBuf, problem: String },
    #[error("{} was made by Postgres {data_major}, but this machine offers {offered}. Install Postgres {data_major}, or move the folder away to begin with an empty database.", data.display())]
    WrongMajor {
        data: PathBuf,
        data_major: u32,
        offered: String,
    },
    #[error(
        "Postgres refuses to run as root, and this machine has neither a user `postgres` nor a user `nobody` to run it as. Start the program as an ordinary user."
    )]
    NoAccount,
    #[error("{} belongs to user {owner}, but this program runs as user {us} (was it once started with sudo?). Run `sudo chown -R {us} {}`, or start it as that user.", path.display(), path.display())]
    NotOurs { path: PathBuf, owner: u32, us: u32 },
    #[error("{} belongs to root, as whom Postgres refuses to run. Give it to another user, such as with `chown -R postgres {}`.", data.display(), data.display())]
    OwnedByRoot { data: PathBuf },
    #[error("{} is in use by another running instance (process {process}). End that one first, or give this one a DATABASE_URL or another folder.", folder.display())]
    InUse { folder: PathBuf, process: String },
    #[error("a Postgres that this program did not start (process {process}) runs on {}. Stop it with `pg_ctl stop -D {}`.", data.display(), data.display())]
    ForeignServer { data: PathBuf, process: i32 },
    #[error("a Postgres left behind on {} does not stop (processes {processes}). End these processes and start again.", data.display())]
    LeftBehind { data: PathBuf, processes: String },
    #[error("initdb could not create {}:\n{output}", data.display())]
    Initdb { data: PathBuf, output: String },
    #[error("Postgres ended while it was starting. {0}")]
    Ended(DeathReport),
    #[error("Postgres was not ready after {seconds} s. It may still be recovering: see {}, then start again.", log.display())]
    TooSlow { seconds: u64, log: PathBuf },
    #[error("could not {doing}: {source}")]
    Io { doing: String, source: io::Error },
}

/// Names what was being done and where, which an [`io::Error`] alone does not.
pub(super) fn failed<'a>(doing: &'a str, path: &'a Path) -> impl FnOnce(io::Error) -> StartError + 'a {
    move |source| StartError::Io {
        doing: format!("{doing} {}", path.display()),
        source,
    }
}

/// The command that installs Postgres on this kind of machine.
fn install_command() -> &'static str {
    let has = |program: &str| Path::new("/usr/bin").join(program).exists();
    match () {
        () if cfg!(target_os = "macos") => "brew install postgresql@17",
        () if has("apt-get") => "apt-get install -y postgresql",
        () if has("dnf") => "dnf install postgresql-server",
        () => "apt-get install -y postgresql` or `dnf install postgresql-server",
    }
}

/// How a server ended although nobody asked it to, and what it wrote last.
#[derive(Debug, Clone)]
pub struct DeathReport {
    /// Its exit status, or the signal that ended it.
    pub status: ExitStatus,
    /// Its whole log.
    pub log: PathBuf,
    /// At most twenty lines of the log, oldest first.
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
        // The shell above the server reports a signal as 128 + its number.
        match (self.status.code(), self.status.signal()) {
            (Some(code), _) if code > 128 => write!(f, "It was ended by signal {}", code - 128)?,
            (Some(code), _) => write!(f, "Its exit status was {code}")?,
            (None, signal) => write!(f, "Its keeper was ended by signal {}", signal.unwrap_or_default())?,
        }
        write!(f, "; its log is {}", self.log.display())?;
        if self.last_lines.is_empty() {
            return f.write_str(".");
        }
        write!(f, " and ends with:\n{}", self.last_lines.join("\n"))
    }
}

impl std::error::Error for DeathReport {}
