//! Ends the run when a test does not end.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

/// Maximum time of one test. The pages in a browser take minutes on a busy machine.
const MAX_TEST_TIME: Duration = Duration::from_secs(25 * 60);

/// Watches the current test until dropped. A wait without a bound would otherwise hang the whole run.
pub struct Watchdog(#[expect(dead_code, reason = "dropping it ends the watch")] Sender<()>);

impl Watchdog {
    pub fn start() -> Self {
        let test = thread::current().name().unwrap_or("a test").to_owned();
        let (ended, wait) = channel::<()>();
        thread::spawn(move || {
            if wait.recv_timeout(MAX_TEST_TIME) == Err(RecvTimeoutError::Timeout) {
                eprintln!("{test} did not end within {} minutes", MAX_TEST_TIME.as_secs() / 60);
                std::process::exit(101);
            }
        });
        Self(ended)
    }
}
