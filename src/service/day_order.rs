//! Order of work on consecutive business days.

use std::sync::Arc;

use chrono::NaiveDate;
use tokio::sync::{RwLock, RwLockReadGuard};

/// Order of days: work on a day starts when the work on earlier days has ended. Work on one day runs concurrently.
/// Clones share the order.
#[derive(Clone, Default)]
pub(super) struct DayOrder(Arc<RwLock<NaiveDate>>);

/// Held during the work on a day.
pub(super) struct Turn<'a> {
    _latest_day: RwLockReadGuard<'a, NaiveDate>,
}

impl DayOrder {
    /// Waits for the turn of a day. Work on a day before the latest one does not wait.
    pub async fn turn(&self, day: NaiveDate) -> Turn<'_> {
        let latest = self.0.read().await;
        if *latest >= day {
            return Turn { _latest_day: latest };
        }
        drop(latest);
        // Waits for all who hold a turn.
        let mut latest = self.0.write().await;
        *latest = day.max(*latest);
        Turn {
            _latest_day: latest.downgrade(),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    fn day(day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, day).expect("a day of November")
    }

    #[test]
    fn a_day_waits_for_the_one_before_and_not_for_itself() {
        let order = DayOrder::default();
        let first = order.turn(day(20)).now_or_never().expect("nothing goes on");
        let same = order.turn(day(20)).now_or_never().expect("the same day does not wait");
        assert!(
            order.turn(day(21)).now_or_never().is_none(),
            "two are on the day before"
        );
        drop(first);
        assert!(order.turn(day(21)).now_or_never().is_none(), "one is on the day before");
        drop(same);
        let next = order.turn(day(21)).now_or_never().expect("nothing goes on any more");
        let late = order
            .turn(day(20))
            .now_or_never()
            .expect("a day that is over does not wait");
        drop((next, late));
    }
}
