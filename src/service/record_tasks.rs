//! Recording many tasks: each independently, sequentially per user, and concurrently for several users.

use std::collections::{BTreeMap, BTreeSet};

use crate::store::bounded::PgPool;
use futures_util::StreamExt;
use serde_json::json;

use super::record_task::{RecordedTask, record_task};
use super::{Failure, ServiceError};
use crate::domain::audit::{Author, Change};
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::id::UserId;
use crate::domain::task::{TaskRejection, TaskReport};
use crate::store::audit_log;

/// Maximum number of users whose tasks are recorded concurrently; each takes a database connection.
const USERS_AT_ONCE: usize = 4;

/// Result of one task. An internal fault affects only that task, which may be sent again.
pub type Recorded = Result<RecordedTask, Failure<TaskRejection>>;

/// Records reports as of `now`; the results are in the order of the reports. One audit log entry has the counts of the
/// results; each award names its reporter.
pub async fn record_tasks(
    pool: &PgPool,
    calendar: Calendar,
    reports: Vec<TaskReport>,
    author: &Author,
    now: BusinessTime,
) -> Vec<Recorded> {
    let users: BTreeSet<UserId> = reports.iter().map(|report| report.user_id).collect();
    let results = record_all(pool, calendar, reports, &author.name, now).await;
    if let Err(error) = record_in_audit_log(pool, &users, &results, author).await {
        // The awards are committed and name their reporter; the host application must receive its results.
        tracing::error!(
            request_id = author.request_id,
            ?error,
            "recorded tasks have no audit log entry"
        );
    }
    results
}

async fn record_in_audit_log(
    pool: &PgPool,
    users: &BTreeSet<UserId>,
    results: &[Recorded],
    author: &Author,
) -> Result<(), ServiceError> {
    if results.is_empty() {
        return Ok(());
    }
    let count = |is_counted: fn(&Recorded) -> bool| results.iter().filter(|result| is_counted(result)).count();
    let entry = Change {
        action: "record_tasks",
        subject: "tasks".to_owned(),
        user_id: users.first().copied().filter(|user| users.len() == 1 && user.0 > 0),
        reason: None,
        before: None,
        after: Some(json!({
            "recorded": count(|result| matches!(result, Ok(task) if !task.repeated)),
            "repeated": count(|result| matches!(result, Ok(task) if task.repeated)),
            "refused": count(|result| matches!(result, Err(Failure::Rejected(_)))),
            "failed": count(|result| matches!(result, Err(Failure::Failed(_)))),
        })),
    };
    let mut connection = pool.acquire().await?;
    audit_log::record(&mut connection, author, &[entry]).await?;
    Ok(())
}

async fn record_all(
    pool: &PgPool,
    calendar: Calendar,
    reports: Vec<TaskReport>,
    recorded_by: &str,
    now: BusinessTime,
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
    now: BusinessTime,
) -> Vec<(usize, Recorded)> {
    let mut results = Vec::with_capacity(reports.len());
    for (place, report) in reports {
        results.push((place, record_task(pool, calendar, &report, recorded_by, now).await));
    }
    results
}
