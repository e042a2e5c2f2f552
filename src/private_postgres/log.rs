//! Log file of the server, beside the data.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use super::account::Account;

/// Size in bytes above which the log is renamed to `postgres.log.old` at the next start.
const SET_ASIDE_BYTES: u64 = 16 << 20;
/// Number of bytes at the end of the log that are searched for the last lines.
const TAIL_BYTES: u64 = 16 << 10;

/// Log of one run of the server: a file that may contain output of earlier runs.
#[derive(Debug)]
pub struct LogFile {
    pub path: PathBuf,
    /// Offset in bytes at which the output of this run begins.
    begin: u64,
    pub file: File,
}

impl LogFile {
    /// Opens the log of a new run, after renaming a file that is too large.
    ///
    /// # Errors
    /// Returns an error if the file cannot be opened, renamed or given to `account`.
    pub fn open(path: PathBuf, account: &Account) -> io::Result<Self> {
        if fs::metadata(&path).is_ok_and(|log| log.len() > SET_ASIDE_BYTES) {
            fs::rename(&path, path.with_extension("log.old"))?;
        }
        let file = File::options().append(true).create(true).mode(0o600).open(&path)?;
        account.give(&path)?;
        Ok(Self {
            begin: file.metadata()?.len(),
            path,
            file,
        })
    }

    /// Returns the last lines of this run, oldest first; empty if the file cannot be read.
    pub fn last_lines(&self, count: usize) -> Vec<String> {
        let text = self.tail().unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(count)..]
            .iter()
            .map(|line| (*line).to_owned())
            .collect()
    }

    fn tail(&self) -> io::Result<String> {
        let mut file = File::open(&self.path)?;
        let end = file.metadata()?.len();
        file.seek(SeekFrom::Start(self.begin.max(end.saturating_sub(TAIL_BYTES))))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}
