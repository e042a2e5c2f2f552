//! Queries for metrics. Each reads a bounded number of rows.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

/// Backlog of settlement.
#[derive(Clone, Debug)]
pub struct SettlementBacklog {
    /// Number of due awards, parked ones included. At most 1,000,000.
    pub due: i64,
    /// Due time of the oldest award that is due and not parked.
    pub oldest_due: Option<DateTime<Utc>>,
    /// Number of parked awards. At most 10,000.
    pub parked: i64,
}

/// Counts the due and the parked awards, with index-only scans. The age of the backlog excludes parked awards: they
/// stay due until an operator acts.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn settlement_backlog(
    connection: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<SettlementBacklog> {
    sqlx::query_as!(
        SettlementBacklog,
        r#"with due as (
               select user_id, award_id, settles_at from awards
               where status = 'PENDING' and settles_at <= $1 limit 1000000),
           parked as (
               select user_id, award_id from awards
               where settle_error is not null and status = 'PENDING' limit 10000)
         select count(*) filter (where parked.award_id is null) as "due!",
                min(greatest(settles_at, '1900-01-01Z')) filter (where parked.award_id is null) as oldest_due,
                (select count(*) from parked) as "parked!"
         from due left join parked using (user_id, award_id)"#,
        now
    )
    .fetch_one(connection)
    .await
}

/// Results of the newest runs of a job.
#[derive(Clone, Debug)]
pub struct RunFigures {
    pub last_success: Option<DateTime<Utc>>,
    /// Number of consecutive failures, among the newest ten finished runs.
    pub failures_in_a_row: i64,
}

/// Returns the results of the newest runs of a job.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn run_figures(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<RunFigures> {
    sqlx::query_as!(
        RunFigures,
        r#"with newest as (
             select run_id, state from job_runs
             where job = $1 and state in ('SUCCEEDED', 'FAILED') and not dry_run order by run_id desc limit 10
         )
         select (select ended_at from job_runs where job = $1 and state = 'SUCCEEDED' and not dry_run
                 order by run_id desc limit 1) as last_success,
                (select count(*) from newest
                 where run_id > coalesce((select max(run_id) from newest where state = 'SUCCEEDED'), 0))
                     as "failures_in_a_row!""#,
        job
    )
    .fetch_one(connection)
    .await
}
