//! Days that were closed by mistake.

use chrono::NaiveDate;
use sqlx::{FromRow, PgExecutor};

use crate::store::bounded::PgConnection;

/// A closed day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct ClosedDay {
    pub day: NaiveDate,
    pub holds_awards: bool,
}

/// Locks and returns the closed days from `first` on, oldest first.
///
/// # Errors
/// The database's.
pub async fn lock_closed_from(connection: &mut PgConnection, first: NaiveDate) -> sqlx::Result<Vec<ClosedDay>> {
    sqlx::query_as(
        "select day,
                exists (select from awards where business_day = day)
                    or exists (select from business_day_totals t where t.day = d.day) as holds_awards
         from business_days d where state = 'CLOSED' and day >= $1 order by day for update of d",
    )
    .bind(first)
    .fetch_all(connection)
    .await
}

/// Opens closed days that hold nothing; the database refuses others.
///
/// # Errors
/// The database's.
pub async fn reopen(connection: &mut PgConnection, days: &[NaiveDate]) -> sqlx::Result<()> {
    sqlx::query("update business_days set state = 'OPEN', closed_at = null, closed_by_run = null where day = any ($1)")
        .bind(days)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Lets the due times of a job come again whose runs about days from `first` on are over: their rows keep their history under
/// other keys, and no longer stand for the due times.
///
/// # Errors
/// The database's.
pub async fn release_due_times(connection: &mut PgConnection, job: &str, first: NaiveDate) -> sqlx::Result<()> {
    sqlx::query(
        "update job_runs set run_key = run_key || ':reopened:' || run_id
         where job = $1 and origin = 'SCHEDULE' and business_day >= $2 and ended_at is not null
           and run_key not like '%:reopened:%'",
    )
    .bind(job)
    .bind(first)
    .execute(connection)
    .await
    .map(|_| ())
}

/// Closed days that are not over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct ClosedAhead {
    pub count: i64,
    pub first: Option<NaiveDate>,
}

/// Counts the closed days from today on.
///
/// # Errors
/// The database's.
pub async fn closed_ahead(connection: impl PgExecutor<'_>, today: NaiveDate) -> sqlx::Result<ClosedAhead> {
    sqlx::query_as(
        "select count(*) as count, min(day) as first from business_days where state = 'CLOSED' and day >= $1",
    )
    .bind(today)
    .fetch_one(connection)
    .await
}
