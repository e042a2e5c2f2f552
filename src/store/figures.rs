//! Figures for metrics: bounded statements, whatever the tables hold.

use chrono::{DateTime, Utc};
use sqlx::{FromRow, PgExecutor};

/// What waits to be settled.
#[derive(Clone, Debug, FromRow)]
pub struct SettlementBacklog {
    /// At most 1,000,000.
    pub due: i64,
    /// Of those that are not parked.
    pub oldest_due: Option<DateTime<Utc>>,
    /// At most 10,000.
    pub parked: i64,
}

/// Counts what is due and not settled, and what is parked. Indexes alone tell what is due, and another what is parked of it: a
/// parked award stays due, for ever maybe, and is nobody's delay.
pub async fn settlement_backlog(
    connection: impl PgExecutor<'_>,
    now: DateTime<Utc>,
) -> sqlx::Result<SettlementBacklog> {
    sqlx::query_as(
        "with due as (select user_id, award_id, settles_at from awards where status = 0 and settles_at <= $1 limit 1000000),
              parked as (select user_id, award_id from awards where settle_error is not null and status = 0 limit 10000)
         select count(*) filter (where parked.award_id is null) as due,
                min(greatest(settles_at, '1900-01-01Z')) filter (where parked.award_id is null) as oldest_due,
                (select count(*) from parked) as parked
         from due left join parked using (user_id, award_id)",
    )
    .bind(now)
    .fetch_one(connection)
    .await
}

/// How the newest runs of a job ended.
#[derive(Clone, Debug, FromRow)]
pub struct RunFigures {
    pub last_success: Option<DateTime<Utc>>,
    /// Of the newest ten that ended well or not.
    pub failures_in_a_row: i64,
}

pub async fn run_figures(connection: impl PgExecutor<'_>, job: &str) -> sqlx::Result<RunFigures> {
    sqlx::query_as(
        "with newest as (
             select run_id, state from job_runs
             where job = $1 and state in ('SUCCEEDED', 'FAILED') and not dry_run order by run_id desc limit 10
         )
         select (select ended_at from job_runs where job = $1 and state = 'SUCCEEDED' and not dry_run
                 order by run_id desc limit 1) as last_success,
                (select count(*) from newest
                 where run_id > coalesce((select max(run_id) from newest where state = 'SUCCEEDED'), 0)) as failures_in_a_row",
    )
    .bind(job)
    .fetch_one(connection)
    .await
}
