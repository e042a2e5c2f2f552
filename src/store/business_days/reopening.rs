//! Reopening of days that were closed by mistake.

use chrono::NaiveDate;
use sqlx::PgExecutor;

use crate::store::bounded::PgConnection;

/// Closed business day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedDay {
    pub day: NaiveDate,
    pub holds_awards: bool,
}

/// Locks and returns the closed days from `first` on, oldest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_closed_from(connection: &mut PgConnection, first: NaiveDate) -> sqlx::Result<Vec<ClosedDay>> {
    let days = sqlx::query_scalar!(
        "select day from business_days where state = 'CLOSED' and day >= $1 order by day for update",
        first
    )
    .fetch_all(&mut *connection)
    .await?;
    let holding = sqlx::query_scalar!(
        r#"select business_day as "day!" from awards where business_day = any ($1) group by business_day
           union select day from business_day_totals where day = any ($1)"#,
        &days[..]
    )
    .fetch_all(connection)
    .await?;
    let closed = days.into_iter().map(|day| ClosedDay {
        day,
        holds_awards: holding.contains(&day),
    });
    Ok(closed.collect())
}

/// Reopens closed days without awards; the database rejects other days.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn reopen(connection: &mut PgConnection, days: &[NaiveDate]) -> sqlx::Result<()> {
    sqlx::query!(
        "update business_days set state = 'OPEN', closed_at = null, closed_by_run = null where day = any ($1)",
        days
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Makes the due times of a job available again whose runs for days from `first` on have ended: the runs keep their
/// history under other run keys, and no longer occupy the due times.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn release_due_times(connection: &mut PgConnection, job: &str, first: NaiveDate) -> sqlx::Result<()> {
    sqlx::query!(
        "update job_runs set run_key = run_key || ':reopened:' || run_id
         where job = $1 and origin = 'SCHEDULE' and business_day >= $2 and ended_at is not null
           and run_key not like '%:reopened:%'",
        job,
        first
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Closed days that have not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClosedAhead {
    pub count: i64,
    pub first: Option<NaiveDate>,
}

/// Counts the closed days from today on.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn closed_ahead(connection: impl PgExecutor<'_>, today: NaiveDate) -> sqlx::Result<ClosedAhead> {
    sqlx::query_as!(
        ClosedAhead,
        r#"select count(*) as "count!", min(day) as first from business_days where state = 'CLOSED' and day >= $1"#,
        today
    )
    .fetch_one(connection)
    .await
}
