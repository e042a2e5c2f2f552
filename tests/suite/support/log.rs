//! The log of a test's own thread.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use serde_json::Value;
use tracing::Dispatch;
use tracing::subscriber::DefaultGuard;

/// Every line of this thread from [`CapturedLog::start`] on. A test's runtime has one thread, so the log of its thread is
/// the log of its server too.
pub struct CapturedLog {
    bytes: Writer,
    _logging: DefaultGuard,
}

#[derive(Clone, Default)]
struct Writer(Arc<Mutex<Vec<u8>>>);

impl io::Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A second subscriber beside that of the test. With a single one, tracing asks only the subscriber of the thread that
/// logs first at a place in the code, and if that thread has none, the place is silent on all threads.
static OTHER: LazyLock<Dispatch> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE);
    Dispatch::new(subscriber.with_writer(io::sink).finish())
});

impl CapturedLog {
    pub fn start() -> Self {
        LazyLock::force(&OTHER);
        let bytes = Writer::default();
        let writer = bytes.clone();
        let subscriber = tracing_subscriber::fmt()
            .json()
            .with_max_level(tracing::Level::TRACE)
            .with_writer(move || writer.clone())
            .finish();
        Self {
            bytes,
            _logging: tracing::subscriber::set_default(subscriber),
        }
    }

    /// The lines so far.
    pub fn lines(&self) -> Vec<Value> {
        let text = String::from_utf8(self.bytes.0.lock().unwrap().clone()).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

/// The fields of the lines of a target.
pub fn fields<'a>(lines: &'a [Value], target: &str) -> Vec<&'a Value> {
    let of_target = lines.iter().filter(|line| line["target"] == target);
    of_target.map(|line| &line["fields"]).collect()
}

/// Fails when a line of newbee's own holds a secret.
pub fn assert_holds_none_of(lines: &[Value], secrets: &[&str]) {
    let is_ours = |line: &&Value| {
        line["target"]
            .as_str()
            .is_some_and(|target| target.starts_with("newbee"))
    };
    for line in lines.iter().filter(is_ours).map(ToString::to_string) {
        for secret in secrets {
            assert!(!line.contains(secret), "{line}");
        }
    }
}
