//! The clock that is passed to all components: the machine's clock in production, a manual clock in tests.

use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};

/// A source of the current time. Clones return the same time.
#[derive(Clone, Debug)]
pub struct Clock(Source);

#[derive(Clone, Debug)]
enum Source {
    Machine,
    Manual(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// Returns the machine's clock.
    pub fn machine() -> Self {
        Self(Source::Machine)
    }

    /// Returns a manual clock, which stands at `start` until it is set.
    pub fn manual(start: DateTime<Utc>) -> Self {
        Self(Source::Manual(Arc::new(Mutex::new(start))))
    }

    /// Returns the current time.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            #[allow(clippy::disallowed_methods)] // the only place that reads the machine's clock
            Source::Machine => Utc::now(),
            Source::Manual(time) => *time.lock().expect("nothing panics while it holds the time"),
        }
    }

    /// Returns true for the machine's clock, which can be compared with the database's clock.
    pub fn is_machine(&self) -> bool {
        matches!(self.0, Source::Machine)
    }

    /// Sets a manual clock to an instant.
    ///
    /// # Panics
    /// If this is the machine's clock.
    pub fn set(&self, to: DateTime<Utc>) {
        match &self.0 {
            Source::Machine => panic!("the machine's clock cannot be moved"),
            Source::Manual(time) => *time.lock().expect("nothing panics while it holds the time") = to,
        }
    }

    /// Advances a manual clock.
    ///
    /// # Panics
    /// If this is the machine's clock.
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }
}
