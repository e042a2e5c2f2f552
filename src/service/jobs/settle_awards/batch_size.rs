//! Adaptive size of settlement batches: smaller after a failure or a slow batch, larger after a quick one.

use std::time::Duration;

/// Duration above which a batch held its locks too long.
const SLOW: Duration = Duration::from_secs(1);
/// Duration below which a batch could have been larger.
const QUICK: Duration = Duration::from_millis(300);

/// Size of the next batch in awards, between 1 and the manifest's limit.
#[derive(Clone, Copy, Debug)]
pub struct BatchSize {
    current: u32,
    most: u32,
}

impl BatchSize {
    pub fn up_to(most: u32) -> Self {
        let most = most.max(1);
        Self { current: most, most }
    }

    pub fn get(self) -> i64 {
        self.current.into()
    }

    pub fn halve(&mut self) {
        self.current = (self.current / 2).max(1);
    }

    /// Adjusts the size after a successful batch.
    pub fn took(&mut self, time: Duration) {
        if time > SLOW {
            self.halve();
        } else if time < QUICK {
            self.current = self.current.saturating_mul(2).min(self.most);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinks_when_slow_and_grows_when_quick_within_its_bounds() {
        let mut size = BatchSize::up_to(1000);
        size.took(Duration::from_secs(2));
        assert_eq!(size.get(), 500);
        size.took(Duration::from_millis(500));
        assert_eq!(size.get(), 500);
        size.took(Duration::from_millis(10));
        size.took(Duration::from_millis(10));
        assert_eq!(size.get(), 1000);
        (0..20).for_each(|_| size.halve());
        assert_eq!(size.get(), 1);
        assert_eq!(BatchSize::up_to(0).get(), 1);
    }
}
