//! The file beside the data that takes what the server says.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    os::unix::fs::OpenOptionsExt,
    path::PathBuf,
};

use super::account::Account;

/// A log longer than this is set aside as `postgres.log.old` at the next start, so that it cannot grow for ever.
const SET_ASIDE_BYTES: u64 = 16 << 20;
/// How much of the end is looked at for the last lines.
const TAIL_BYTES: u64 = 16 << 10;

/// The log of one run of the server: a file that earlier runs may have written to before.
#[derive(Debug)]
pub struct LogFile {
    pub path: PathBuf,
    /// Where this run's lines begin.
    begin: u64,
    pub file: File,
}

impl LogFile {
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

    /// What this run wrote last, oldest first; empty when the file cannot be read.
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
