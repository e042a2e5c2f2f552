//! The clock that everything asks: the machine's in production, moved by hand in tests.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

/// Says what time it is. Clones show the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's own clock.
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// A clock that stands at `start` until it is moved.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(start))))
    }

    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[allow(clippy::disallowed_methods)] // the one place that may ask the machine
            Source::Machine => Utc::now(),
            Source::Manual(time) => *time.lock().expect("nothing panics while it holds the time"),
        }
    }

    /// Whether it is the machine's, which can be compared with the database's.
    pub fn is_machine(&self) -> bool {
        matches!(self.0, Source::Machine)
    }

    /// Puts a manual clock to an instant.
    ///
    /// # Panics
    /// When the clock is the machine's.
    pub fn set(&self, to: DateTime<Utc>) {
        match &self.0 {
            Source::Machine => panic!("the machine's clock cannot be moved"),
            Source::Manual(time) => *time.lock().expect("nothing panics while it holds the time") = to,
        }
    }

    /// Moves a manual clock ahead. Panics like [`Clock::set`].
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }
}
