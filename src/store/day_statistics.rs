//! What business days amount to, for people who look at them: read from the totals of closed days and, for the few that are
//! open, from the awards themselves, so that the cost does not grow with the awards of all time.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgExecutor};

/// A day about which something was written.
#[derive(Clone, Debug, FromRow)]
pub struct DayState {
    pub day: NaiveDate,
    /// `None` while it is open.
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_by_run: Option<i64>,
}

/// The states of those days that have one; a day without is open.
pub async fn states(connection: impl PgExecutor<'_>, days: &[NaiveDate]) -> sqlx::Result<Vec<DayState>> {
    sqlx::query_as("select day, closed_at, closed_by_run from business_days where day = any ($1)")
        .bind(days)
        .fetch_all(connection)
        .await
}

/// What was made on a day of an item, in a coin.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct DayTotal {
    pub day: NaiveDate,
    pub item: String,
    pub coin_id: String,
    pub award_count: i64,
    pub amount: Decimal,
}

/// The awards made on each of those days, whatever became of them.
pub async fn totals(connection: impl PgExecutor<'_>, days: &[NaiveDate]) -> sqlx::Result<Vec<DayTotal>> {
    sqlx::query_as(
        "select day, item, coin_id, award_count, amount from business_day_totals where day = any ($1)
         union all
         select asked.day, made.item, made.coin_id, made.award_count, made.amount
         from unnest($1::date[]) as asked (day)
         cross join lateral (
             select item, coin_id, count(*) as award_count, sum(amount) as amount
             from awards where business_day = asked.day group by item, coin_id
         ) made
         where not exists (select from business_days d where d.day = asked.day and d.state = 'CLOSED')
         order by day, item, coin_id",
    )
    .bind(days)
    .fetch_all(connection)
    .await
}

/// What was settled and reversed in a coin between two instants.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Posted {
    /// Which of the spans that were asked for, from 1.
    pub span: i32,
    pub coin_id: String,
    pub settled_count: i64,
    pub settled_amount: Decimal,
    pub reversed_count: i64,
    /// Zero or above.
    pub reversed_amount: Decimal,
}

/// The entries of each span: one begins at each of `starts`, which ascend, and lasts until the next; the last until `end`.
/// Where spans are empty there is no row.
pub async fn posted(
    connection: impl PgExecutor<'_>,
    starts: &[DateTime<Utc>],
    end: DateTime<Utc>,
) -> sqlx::Result<Vec<Posted>> {
    sqlx::query_as(
        // `offset 0` keeps the span from being the expression that it is: of that Postgres would expect as many groups as
        // there are entries, and sort them all.
        "with sums as (
             select span, coin_id, kind, count(*) as entries, abs(sum(amount)) as amount
             from (select width_bucket(posted_at, $1::timestamptz[]) as span, coin_id, kind, amount from ledger_entries
                   where posted_at >= ($1::timestamptz[])[1] and posted_at < $2 offset 0) posted
             group by span, coin_id, kind
         )
         select span, coin_id,
                coalesce(max(entries) filter (where kind = 'SETTLE'), 0) as settled_count,
                coalesce(max(amount) filter (where kind = 'SETTLE'), 0) as settled_amount,
                coalesce(max(entries) filter (where kind = 'REVERSE'), 0) as reversed_count,
                coalesce(max(amount) filter (where kind = 'REVERSE'), 0) as reversed_amount
         from sums group by span, coin_id order by span, coin_id",
    )
    .bind(starts)
    .bind(end)
    .fetch_all(connection)
    .await
}
