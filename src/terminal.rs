//! The terminal at standard error: colour detection, and log output that shares it with a progress bar.

use std::io::{self, IsTerminal, Write};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget};

const REDRAW_EVERY: Duration = Duration::from_millis(100);

/// The current progress bar on the terminal; log lines are printed above it.
static BAR: Mutex<Option<ProgressBar>> = Mutex::new(None);

/// Returns true if standard error is a terminal with colours. A non-empty `NO_COLOR` or `TERM=dumb` disables colours.
pub fn has_colours() -> bool {
    io::stderr().is_terminal() && colours_are_wanted(|name| std::env::var(name).ok())
}

/// Returns true if standard error is a terminal with a movable cursor, which a progress bar needs.
pub fn is_animated() -> bool {
    io::stderr().is_terminal() && !is_dumb(|name| std::env::var(name).ok())
}

fn colours_are_wanted(variable: impl Fn(&str) -> Option<String>) -> bool {
    !is_dumb(&variable) && variable("NO_COLOR").unwrap_or_default().is_empty()
}

fn is_dumb(variable: impl Fn(&str) -> Option<String>) -> bool {
    variable("TERM").is_some_and(|term| term == "dumb")
}

/// Guard of a progress bar, which is shown until the guard is dropped. Without a suitable terminal, nothing is drawn.
pub struct ShownBar(ProgressBar);

impl ShownBar {
    /// Shows a progress bar on the terminal.
    pub fn new(bar: ProgressBar) -> Self {
        if !is_animated() {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        bar.enable_steady_tick(REDRAW_EVERY);
        *BAR.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar.clone());
        Self(bar)
    }
}

impl std::ops::Deref for ShownBar {
    type Target = ProgressBar;

    fn deref(&self) -> &ProgressBar {
        &self.0
    }
}

impl Drop for ShownBar {
    fn drop(&mut self) {
        *BAR.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.0.finish_and_clear();
    }
}

/// Writes bytes to standard error, above the progress bar if there is one. Write errors are ignored, because there is
/// no other place to report them.
pub fn write_to_standard_error(bytes: &[u8]) {
    let write = || {
        let mut stderr = io::stderr().lock();
        let _ = stderr.write_all(bytes).and_then(|()| stderr.flush());
    };
    let bar = BAR.lock().unwrap_or_else(PoisonError::into_inner).clone();
    match bar {
        Some(bar) => bar.suspend(write),
        None => write(),
    }
}

/// Writer of log lines; see [`write_to_standard_error`].
#[derive(Clone, Copy, Debug, Default)]
pub struct LogWriter;

impl Write for LogWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        write_to_standard_error(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_and_dumb_terminals_disable_colours() {
        let wanted = |variables: &'static [(&str, &str)]| {
            colours_are_wanted(|name| {
                let found = variables.iter().find(|(known, _)| *known == name);
                found.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(wanted(&[]));
        assert!(wanted(&[("TERM", "xterm-256color"), ("NO_COLOR", "")]));
        assert!(!wanted(&[("TERM", "xterm-256color"), ("NO_COLOR", "1")]));
        assert!(!wanted(&[("NO_COLOR", "0")]));
        assert!(!wanted(&[("TERM", "dumb")]));
    }
}
