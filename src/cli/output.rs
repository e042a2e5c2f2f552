//! Standard output of commands. Write errors, such as a closed pipe or a full disk, end in an exit code, never a panic.

use std::fmt::Display;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

use crate::terminal;

/// The first failure of [`print_or_remember`].
static FAILURE: Mutex<Option<OutputError>> = Mutex::new(None);

/// Error of a write to standard output.
#[derive(Debug, thiserror::Error)]
pub enum OutputError {
    #[error("Standard output is closed: the program that read it has exited, so the rest is not shown.")]
    Closed,
    #[error("Standard output cannot be written: {0}.")]
    Failed(io::Error),
    #[error("Standard output is /dev/null or closed, so the key would be lost. Nothing was created.")]
    Nowhere,
}

impl From<io::Error> for OutputError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Failed(error),
        }
    }
}

/// Prints a text unchanged.
///
/// # Errors
/// [`OutputError`] if the text cannot be written completely.
pub fn print(text: &str) -> Result<(), OutputError> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    Ok(stdout.flush()?)
}

/// Prints a text, followed by a line break unless it already ends with one.
///
/// # Errors
/// Like [`print`].
pub fn line(text: impl Display) -> Result<(), OutputError> {
    let mut text = text.to_string();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    print(&text)
}

/// Prints like [`line`]; the first error is stored for [`remembered_failure`].
pub fn line_or_remember(text: impl Display) {
    print_or_remember(&format!("{text}\n"));
}

/// Prints like [`print`]; the first error is stored for [`remembered_failure`].
pub fn print_or_remember(text: &str) {
    if let Err(error) = print(text) {
        FAILURE
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get_or_insert(error);
    }
}

/// Takes the first stored error of [`print_or_remember`].
///
/// # Errors
/// The stored error, if there is one.
pub fn remembered_failure() -> anyhow::Result<()> {
    match FAILURE.lock().unwrap_or_else(PoisonError::into_inner).take() {
        Some(error) => Err(error.into()),
        None => Ok(()),
    }
}

/// Prints a value as indented JSON.
///
/// # Errors
/// Like [`print`].
pub fn json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(line(serde_json::to_string_pretty(value)?)?)
}

/// Formats an instant like the API: in UTC with milliseconds, such as `2026-11-22T03:04:05.678Z`.
pub fn api_time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Prints a line to standard error; write errors are ignored.
pub fn note(text: impl Display) {
    terminal::write_to_standard_error(format!("{text}\n").as_bytes());
}

/// Checks that standard output is not discarded, before a secret is created.
///
/// # Errors
/// [`OutputError::Nowhere`] if standard output is `/dev/null`. The Rust runtime also opens `/dev/null` when standard
/// output was closed at process start.
pub fn check_leads_somewhere() -> Result<(), OutputError> {
    let Ok(output) = rustix::fs::fstat(io::stdout().as_fd()) else {
        return Err(OutputError::Nowhere);
    };
    let null = std::fs::metadata("/dev/null").map(|null| null.rdev());
    match null {
        #[allow(clippy::useless_conversion)] // The type of a device number differs between systems.
        Ok(null) if u64::from(output.st_rdev) == null => Err(OutputError::Nowhere),
        _ => Ok(()),
    }
}

/// Prints a secret. If standard output is a file, also flushes it to disk.
///
/// # Errors
/// Like [`print`].
pub fn secret(text: &str) -> Result<(), OutputError> {
    line(text)?;
    match rustix::fs::fsync(io::stdout().as_fd()) {
        // Terminals and pipes do not support fsync.
        Ok(()) | Err(rustix::io::Errno::INVAL | rustix::io::Errno::ROFS | rustix::io::Errno::NOTSUP) => Ok(()),
        Err(error) => Err(io::Error::from(error).into()),
    }
}
