//! Settlement: turns pending awards into ledger entries and balances, in batches.
//!
//! The sweep runs in the order of user ids: a batch covers neighbouring users, whose rows are close together in every
//! index. Two batches change the same balance only for the user at their boundary.

mod distributed;

use super::unnamed::Unnamed;
use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

/// Position of the sweep: all awards up to this one have been examined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub user_id: i64,
    pub award_id: i64,
}

impl Cursor {
    /// Position before the first award of any user.
    pub const START: Self = Self {
        user_id: 0,
        award_id: 0,
    };
}

/// Amount paid by one batch in one coin.
#[derive(Clone, Debug)]
struct CoinRow {
    coin_id: String,
    award_count: i64,
    amount: Decimal,
    last_user_id: i64,
    last_award_id: i64,
}

/// Result of one batch.
#[derive(Clone, Debug)]
pub struct Settled {
    pub award_count: i64,
    /// Sums by coin.
    pub sums: Vec<(String, Decimal)>,
    /// Start of the next batch; `None` if there was nothing to settle.
    pub next: Option<Cursor>,
}

/// Returns true if there may be awards to settle. Costs one statement, for ticks without work.
///
/// Does not exclude parked awards, so that an index-only scan suffices: they cause an empty batch.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn has_work(connection: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<bool> {
    sqlx::query_scalar!(
        r#"select exists (select 1 from awards where status = 'PENDING' and settles_at <= $1) as "exists!""#,
        now
    )
    .fetch_one(connection)
    .await
}

/// Counts the due awards that are neither settled nor parked, up to 10,000,000, with index-only scans.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_due(connection: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select greatest(0, (select count(*)
                               from (select 1 from awards
                                     where status = 'PENDING' and settles_at <= $1 limit 10000000) due)
                              - (select count(*) from awards
                                 where settle_error is not null and status = 'PENDING' and settles_at <= $1))
                      as "count!""#,
        now
    )
    .fetch_one(connection)
    .await
}

/// Returns the due time of the oldest award that is neither settled nor parked. Reads at most 1,000,000 awards.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn oldest_due(connection: impl PgExecutor<'_>, now: DateTime<Utc>) -> sqlx::Result<Option<DateTime<Utc>>> {
    // Old data may contain -infinity, which cannot be represented as a `DateTime`.
    sqlx::query_scalar!(
        "select min(greatest(settles_at, '1900-01-01Z'))
         from (select user_id, award_id, settles_at from awards
               where status = 'PENDING' and settles_at <= $1 limit 1000000) due
         left join (select user_id, award_id, true as is_parked from awards
                    where settle_error is not null and status = 'PENDING') parked using (user_id, award_id)
         where is_parked is null",
        now
    )
    .fetch_one(connection)
    .await
}

/// Parked awards, which could not be paid and need an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedSummary {
    /// Number of parked awards, at most 10,000.
    pub count: i64,
    /// Error of the oldest parked award.
    pub first_error: Option<String>,
}

/// Counts parked awards, using their partial index.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn parked_summary(connection: impl PgExecutor<'_>) -> sqlx::Result<ParkedSummary> {
    sqlx::query_as!(
        ParkedSummary,
        r#"select count(*) as "count!",
                  (select settle_error from awards where settle_error is not null and status = 'PENDING'
                   order by award_id limit 1) as first_error
           from (select 1 from awards where settle_error is not null and status = 'PENDING' limit 10000) parked"#
    )
    .fetch_one(connection)
    .await
}

/// Parked award with its error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedAward {
    pub user_id: i64,
    pub award_id: i64,
    pub error: String,
}

/// Returns the oldest parked awards, at most `limit`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn parked(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<ParkedAward>> {
    sqlx::query_as!(
        ParkedAward,
        r#"select user_id, award_id, settle_error as "error!" from awards
           where settle_error is not null and status = 'PENDING' order by award_id limit $1"#,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Settles at most `limit` awards after `cursor`; see `settlement/settle_batch.sql`.
///
/// # Errors
/// Returns an error if any award cannot be paid: the whole statement fails, and the caller retries with smaller
/// batches until the failing award is isolated.
pub async fn settle_batch(
    connection: &mut PgConnection,
    cursor: Cursor,
    limit: i64,
    run_id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Settled> {
    if let Some(shards) = connection.shards().cloned() {
        return distributed::settle_batch(connection, &shards, cursor, limit, run_id, now).await;
    }
    let coins: Vec<CoinRow> = sqlx::query_file_as!(
        CoinRow,
        "src/store/settlement/settle_batch.sql",
        cursor.user_id,
        cursor.award_id,
        now,
        limit,
        run_id
    )
    // Planned for each execution: a plan for an unknown limit may read the whole table to settle three awards.
    .fetch_all(Unnamed(connection))
    .await?;
    Ok(Settled {
        award_count: coins.iter().map(|coin| coin.award_count).sum(),
        next: coins.first().map(|coin| Cursor {
            user_id: coin.last_user_id,
            award_id: coin.last_award_id,
        }),
        sums: coins.into_iter().map(|coin| (coin.coin_id, coin.amount)).collect(),
    })
}

/// Locks the next award that a batch of one would settle.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_next(
    connection: &mut PgConnection,
    cursor: Cursor,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Cursor>> {
    if let Some(shards) = connection.shards().cloned() {
        return distributed::lock_next(connection, &shards, cursor, now).await;
    }
    sqlx::query_as!(
        Cursor,
        "select user_id, award_id from awards
         where status = 'PENDING' and (user_id, award_id) > ($1, $2) and settles_at <= $3 and settle_error is null
         order by user_id, award_id limit 1 for update skip locked",
        cursor.user_id,
        cursor.award_id,
        now
    )
    .fetch_optional(connection)
    .await
}

/// Parks an award: it stays PENDING with its error, and settlement skips it until an operator clears the error.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn park(connection: &mut PgConnection, award: Cursor, error: &str, now: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "with feed as (
             insert into award_feeds as f (user_id, last_change) values ($1, 1)
             on conflict (user_id) do update set last_change = f.last_change + 1
             returning last_change
         )
         update awards set settle_error = $3, updated_at = $4, changed_in = feed.last_change
         from feed where user_id = $1 and award_id = $2 and status = 'PENDING'",
        award.user_id,
        award.award_id,
        error,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
