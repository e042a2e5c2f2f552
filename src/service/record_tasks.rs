//! Recording many tasks: each by itself, a user's one after the other, those of several users side by side.

use std::collections::BTreeMap;

use crate::store::bounded::PgPool;
use futures_util::StreamExt;

use super::ServiceError;
use super::record_task::{RecordedTask, record_task};
use crate::domain::business_day::{Calendar, Moment};
use crate::domain::id::UserId;
use crate::domain::task::{TaskRefusal, TaskReport};

/// Users whose tasks are recorded at the same time: each takes a database connection.
const USERS_AT_ONCE: usize = 4;

/// What became of one task; a fault of ours is that task's alone, and it may be sent again.
pub type Recorded = Result<Result<RecordedTask, TaskRefusal>, ServiceError>;

/// Records reports as of `now`; each has its result, in their order.
pub async fn record_tasks(
    pool: &PgPool,
    calendar: Calendar,
    reports: Vec<TaskReport>,
    recorded_by: &str,
    now: Moment,
) -> Vec<Recorded> {
    let mut by_user: BTreeMap<UserId, Vec<(usize, TaskReport)>> = BTreeMap::new();
    for (place, report) in reports.into_iter().enumerate() {
        by_user.entry(report.user_id).or_default().push((place, report));
    }
    let mut results: Vec<(usize, Recorded)> = futures_util::stream::iter(by_user.into_values())
        .map(|reports| record_in_turn(pool, calendar, reports, recorded_by, now))
        .buffer_unordered(USERS_AT_ONCE)
        .collect::<Vec<_>>()
        .await
        .into_iter()
        .flatten()
        .collect();
    results.sort_by_key(|(place, _)| *place);
    results.into_iter().map(|(_, recorded)| recorded).collect()
}

async fn record_in_turn(
    pool: &PgPool,
    calendar: Calendar,
    reports: Vec<(usize, TaskReport)>,
    recorded_by: &str,
    now: Moment,
) -> Vec<(usize, Recorded)> {
    let mut results = Vec::with_capacity(reports.len());
    for (place, report) in reports {
        results.push((place, record_task(pool, calendar, &report, recorded_by, now).await));
    }
    results
}
