//! Statistics of business days for operators. Closed days are read from their totals and the few open days from the
//! awards, so the cost does not depend on the number of all awards.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

/// State of a business day.
#[derive(Clone, Debug)]
pub struct DayState {
    pub day: NaiveDate,
    /// Closing time; `None` while the day is open.
    pub closed_at: Option<DateTime<Utc>>,
    pub closed_by_run: Option<i64>,
}

/// Returns the stored states of these days; a day without a row is open.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn states(connection: impl PgExecutor<'_>, days: &[NaiveDate]) -> sqlx::Result<Vec<DayState>> {
    sqlx::query_as!(
        DayState,
        "select day, closed_at, closed_by_run from business_days where day = any ($1)",
        days
    )
    .fetch_all(connection)
    .await
}

/// Number and sum of the awards of a day, by item and coin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayTotal {
    pub day: NaiveDate,
    pub item: String,
    pub coin_id: String,
    pub award_count: i64,
    pub amount: Decimal,
}

/// Returns the totals of the awards created on these days, regardless of their current status.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn totals(connection: impl PgExecutor<'_>, days: &[NaiveDate]) -> sqlx::Result<Vec<DayTotal>> {
    sqlx::query_as!(
        DayTotal,
        r#"select day as "day!", item as "item!", coin_id as "coin_id!", award_count as "award_count!",
                  amount as "amount!"
           from business_day_totals where day = any ($1)
           union all
           select business_day, item, coin_id, count(*), sum(amount)
           from awards
           where business_day = any (array(select asked.day from unnest($1::date[]) as asked (day)
                                           where not exists (select 1 from business_days d
                                                             where d.day = asked.day and d.state = 'CLOSED')))
           group by business_day, item, coin_id
           order by 1, 2, 3"#,
        days
    )
    .fetch_all(connection)
    .await
}

/// Amounts settled and reversed in a coin during a time span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    /// Index of the requested span, starting at 1.
    pub span: i32,
    pub coin_id: String,
    pub settled_count: i64,
    pub settled_amount: Decimal,
    pub reversed_count: i64,
    /// Non-negative.
    pub reversed_amount: Decimal,
}

/// Sums the ledger entries of each span. A span begins at an element of `starts`, which must be ascending, and ends
/// at the next one; the last span ends at `end`. Empty spans have no row.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn posted(
    connection: impl PgExecutor<'_>,
    starts: &[DateTime<Utc>],
    end: DateTime<Utc>,
) -> sqlx::Result<Vec<Posted>> {
    sqlx::query_as!(
        Posted,
        // `offset 0` hides the expression of the span from the planner, which would otherwise estimate one group per
        // entry and sort all entries.
        r#"with sums as (
               select span, coin_id, kind, count(*) as entries, abs(sum(amount)) as amount
               from (select width_bucket(posted_at, $1::timestamptz[]) as span, coin_id, kind, amount
                     from ledger_entries
                     where posted_at >= ($1::timestamptz[])[1] and posted_at < $2 offset 0) posted
               group by span, coin_id, kind
           )
           select span as "span!", coin_id,
                  coalesce(max(entries) filter (where kind = 'SETTLE'), 0) as "settled_count!",
                  coalesce(max(amount) filter (where kind = 'SETTLE'), 0) as "settled_amount!",
                  coalesce(max(entries) filter (where kind = 'REVERSE'), 0) as "reversed_count!",
                  coalesce(max(amount) filter (where kind = 'REVERSE'), 0) as "reversed_amount!"
           from sums group by span, coin_id order by span, coin_id"#,
        starts,
        end
    )
    .fetch_all(connection)
    .await
}
