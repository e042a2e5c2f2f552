//! Business days and their totals.
//!
//! A transaction that records an award for a day other than today holds the day's row `for share`; closing holds it
//! `for update`. So an award is either counted by the closing or finds the day closed. Both first take an advisory
//! lock of the day: unlike row locks, advisory locks are granted in the order of requests, so a continuous stream of
//! recorders cannot starve a closing.

use std::ops::{Range, RangeInclusive};

use crate::store::bounded::PgConnection;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgExecutor;

pub mod counters;
pub mod reopening;

/// Class of the advisory locks of business days.
pub(super) const DAY_LOCKS: i32 = 0x6e62;

/// Returns true if a day is closed, false if it is open; `None` if it has no row.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn is_closed(connection: impl PgExecutor<'_>, day: NaiveDate) -> sqlx::Result<Option<bool>> {
    sqlx::query_scalar!(
        r#"select state = 'CLOSED' as "is_closed!" from business_days where day = $1"#,
        day
    )
    .fetch_optional(connection)
    .await
}

/// Returns the first day to close: the day after the last closed one, else the first day with an award.
///
/// Reads all awards, but only before the first closing.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn first_unclosed(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<NaiveDate>> {
    sqlx::query_scalar!(
        "select coalesce((select max(day) + 1 from business_days where state = 'CLOSED'),
                         (select min(business_day) from awards
                          where business_day >= '1900-01-01'
                            and not exists (select 1 from business_days where state = 'CLOSED')))"
    )
    .fetch_one(connection)
    .await
}

/// Returns the first business day with a row or an award; `None` if there is none.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn first_known(connection: impl PgExecutor<'_>) -> sqlx::Result<Option<NaiveDate>> {
    // The first closing starts at the first day with an award; afterwards only the small table is read.
    sqlx::query_scalar!(
        "select least((select min(day) from business_days),
                      (select min(business_day) from awards
                       where business_day >= '1900-01-01'
                         and not exists (select 1 from business_days where state = 'CLOSED')))"
    )
    .fetch_one(connection)
    .await
}

/// Returns true if there is evidence that the service was running during these days: awards of one of the days, a run
/// recorded on one of them, or imported awards of a later day.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn is_attended(
    connection: impl PgExecutor<'_>,
    days: RangeInclusive<NaiveDate>,
    instants: Range<DateTime<Utc>>,
) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from awards where business_day between $1 and $2)
             or exists (select 1 from job_runs where created_at >= $3 and created_at < $4)
             or exists (select 1 from awards where business_day > $2 and source = 'import') as "is_attended!""#,
        days.start(),
        days.end(),
        instants.start,
        instants.end
    )
    .fetch_one(connection)
    .await
}

/// Returns the open days up to `until` that precede `first`, the first day after the last closed one.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn left_open(
    connection: impl PgExecutor<'_>,
    first: NaiveDate,
    until: NaiveDate,
) -> sqlx::Result<Vec<NaiveDate>> {
    sqlx::query_scalar!(
        "select day from business_days where state = 'OPEN' and day < $1 and day <= $2 order by day",
        first,
        until
    )
    .fetch_all(connection)
    .await
}

/// Locks the day against recording, and inserts its row if it has none. Returns true if it is already closed.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_for_closing(connection: &mut PgConnection, day: NaiveDate) -> sqlx::Result<bool> {
    // Recorders hold the row for milliseconds. The pool's lock timeout of two seconds is meant for the API.
    sqlx::query!("set local lock_timeout = '10s'")
        .execute(&mut *connection)
        .await?;
    sqlx::query!(
        "select pg_advisory_xact_lock($1, $2 - date '2000-01-01')",
        DAY_LOCKS,
        day
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "insert into business_days (day, state) values ($1, 'OPEN') on conflict (day) do nothing",
        day
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query_scalar!(
        r#"select state = 'CLOSED' as "is_closed!" from business_days where day = $1 for update"#,
        day
    )
    .fetch_one(connection)
    .await
}

/// Writes the totals of a locked day and closes it. Returns the number of awards counted.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn close(
    connection: &mut PgConnection,
    day: NaiveDate,
    run_id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    let award_count = sqlx::query_scalar!(
        r#"with totals as (
               insert into business_day_totals (day, item, coin_id, award_count, amount)
               select business_day, item, coin_id, count(*), sum(amount) from awards where business_day = $1
               group by business_day, item, coin_id
               returning award_count
           )
           select coalesce(sum(award_count), 0)::bigint as "award_count!" from totals"#,
        day
    )
    .fetch_one(&mut *connection)
    .await?;
    sqlx::query!(
        "with closed as (
             update business_days set state = 'CLOSED', closed_at = $2, closed_by_run = $3 where day = $1
             returning day, closed_at
         )
         insert into host_event_queue (kind, business_day, occurred_at)
         select 'DAY_CLOSED', day, closed_at from closed
         where exists (select 1 from host_feed where began_at is not null)",
        day,
        now,
        run_id
    )
    .execute(connection)
    .await?;
    Ok(award_count)
}

/// Recorded total of an item and coin that differs from the sum of its awards. Amounts have four decimal places.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Difference {
    pub item: String,
    pub coin_id: String,
    pub recorded_count: i64,
    pub recorded_amount: String,
    pub counted_count: i64,
    pub counted_amount: String,
}

/// Recomputes the totals of a closed day and returns the differences. Changes nothing.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn differences(connection: impl PgExecutor<'_>, day: NaiveDate) -> sqlx::Result<Vec<Difference>> {
    sqlx::query_as!(
        Difference,
        r#"select item as "item!", coin_id as "coin_id!",
                  coalesce(t.award_count, 0) as "recorded_count!",
                  round(coalesce(t.amount, 0), 4)::text as "recorded_amount!",
                  coalesce(a.award_count, 0) as "counted_count!",
                  round(coalesce(a.amount, 0), 4)::text as "counted_amount!"
           from (select item, coin_id, sum(award_count)::bigint as award_count, sum(amount) as amount
                 from (select * from business_day_totals union all select * from imported_totals) totals
                 where day = $1 group by item, coin_id) t
           full join (select item, coin_id, count(*) as award_count, sum(amount) as amount
                      from awards where business_day = $1 group by item, coin_id) a using (item, coin_id)
           where (t.award_count, t.amount) is distinct from (a.award_count, a.amount)
           order by item, coin_id"#,
        day
    )
    .fetch_all(connection)
    .await
}

/// Prevents a day from being closed until this transaction ends. Returns false if it is closed. Days are closed in
/// order, so a day before a closed one counts as closed even if it has no row.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn hold_open(transaction: &mut PgConnection, day: NaiveDate) -> sqlx::Result<bool> {
    sqlx::query!(
        "select pg_advisory_xact_lock_shared($1, $2 - date '2000-01-01')",
        DAY_LOCKS,
        day
    )
    .execute(&mut *transaction)
    .await?;
    sqlx::query!(
        "insert into business_days (day, state)
         select $1, 'OPEN' where not exists (select 1 from business_days where state = 'CLOSED' and day > $1)
         on conflict (day) do nothing",
        day
    )
    .execute(&mut *transaction)
    .await?;
    let is_open = sqlx::query_scalar!(
        r#"select state = 'OPEN' as "is_open!" from business_days where day = $1 for share"#,
        day
    )
    .fetch_optional(transaction)
    .await?;
    Ok(is_open.unwrap_or(false))
}
