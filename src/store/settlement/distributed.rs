//! Settlement of a batch in a distributed database: steps that each run on all shards at once, without moving rows to the
//! coordinator, in one transaction of two-phase commits.
//!
//! The first step locks the feeds of the users, which everything that creates or changes awards does first. So all steps
//! see the same awards, except those of a user who had none before; their number is compared at the end.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{Cursor, Settled};
use crate::store::bounded::{PgConnection, PgTransaction};
use crate::store::unnamed::Unnamed;

/// Number of attempts at a batch whose awards change during the first step.
const ATTEMPTS: u32 = 5;

/// Settles at most `limit` awards after `cursor`, like `settlement/settle_batch.sql`.
///
/// # Errors
/// Returns an error if any award cannot be paid, or the awards change during every attempt.
pub async fn settle_batch(
    connection: &mut PgConnection,
    cursor: Cursor,
    limit: i64,
    run_id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Settled> {
    for _ in 0..ATTEMPTS {
        let Some(last) = last_of_batch(&mut *connection, cursor, limit, now).await? else {
            return Ok(Settled {
                award_count: 0,
                sums: Vec::new(),
                next: None,
            });
        };
        let mut attempt = connection.begin().await?;
        match settle_between(&mut attempt, cursor, last, run_id, now).await {
            Ok(Some(settled)) => {
                attempt.commit().await?;
                return Ok(settled);
            }
            Ok(None) => attempt.rollback().await?,
            Err(error) => {
                attempt.rollback().await?;
                return Err(error);
            }
        }
    }
    Err(sqlx::Error::Protocol(
        "the awards of a settlement batch changed during every attempt".to_owned(),
    ))
}

/// Returns the last award of the batch.
async fn last_of_batch(
    connection: &mut PgConnection,
    cursor: Cursor,
    limit: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Cursor>> {
    sqlx::query_as!(
        Cursor,
        r#"select user_id as "user_id!", award_id as "award_id!"
           from (select user_id, award_id from awards
                 where status = 'PENDING' and (user_id, award_id) > ($1, $2) and settles_at <= $3 and settle_error is null
                 order by user_id, award_id limit $4) batch
           order by user_id desc, award_id desc limit 1"#,
        cursor.user_id,
        cursor.award_id,
        now,
        limit
    )
    .fetch_optional(Unnamed(connection))
    .await
}

/// Statement of a step with the awards of the batch as `a`: `$1` and `$2` are the position before the first one, `$3` and
/// `$4` the last one, `$5` the present.
macro_rules! step {
    ($before:literal, $after:literal, $first:expr, $last:expr, $now:expr $(, $argument:expr)*) => {
        sqlx::query!(
            $before
                + " from awards a
                    where a.status = 'PENDING' and a.settles_at <= $5 and a.settle_error is null
                      and (a.user_id, a.award_id) > ($1, $2) and (a.user_id, a.award_id) <= ($3, $4) "
                + $after,
            $first.user_id,
            $first.award_id,
            $last.user_id,
            $last.award_id,
            $now
            $(, $argument)*
        )
    };
}

/// Settles the awards after one and up to another. Returns `None` if they changed meanwhile: the caller rolls back.
async fn settle_between(
    batch: &mut PgTransaction<'_>,
    first: Cursor,
    last: Cursor,
    run_id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Settled>> {
    step!(
        "insert into award_feeds as f (user_id, last_change) select a.user_id, 0",
        "group by a.user_id on conflict (user_id) do update set last_change = f.last_change",
        first,
        last,
        now
    )
    .execute(Unnamed(&mut **batch))
    .await?;
    let sums = step!(
        r#"select a.coin_id, count(*) as "award_count!", sum(a.amount) as "amount!""#,
        "group by a.coin_id order by a.coin_id",
        first,
        last,
        now
    )
    .fetch_all(Unnamed(&mut **batch))
    .await?;
    let award_count: i64 = sums.iter().map(|coin| coin.award_count).sum();
    let posted = step!(
        "insert into ledger_entries (user_id, award_id, kind, coin_id, amount, run_id, posted_at)
         select a.user_id, a.award_id, 'SETTLE', a.coin_id, a.amount, $6, $5",
        "",
        first,
        last,
        now,
        run_id
    )
    .execute(Unnamed(&mut **batch))
    .await?;
    step!(
        "insert into balances as b (user_id, coin_id, settled, updated_at)
         select a.user_id, a.coin_id, sum(a.amount), $5",
        "group by a.user_id, a.coin_id
         on conflict (user_id, coin_id) do update set settled = b.settled + excluded.settled, updated_at = excluded.updated_at",
        first,
        last,
        now
    )
    .execute(Unnamed(&mut **batch))
    .await?;
    step!(
        "insert into award_feeds as f (user_id, last_change) select a.user_id, count(*)",
        "group by a.user_id on conflict (user_id) do update set last_change = f.last_change + excluded.last_change",
        first,
        last,
        now
    )
    .execute(Unnamed(&mut **batch))
    .await?;
    let settled = step!(
        "update awards settled set status = 'SETTLED', updated_at = $5, changed_in = batch.change
         from (select a.user_id, a.award_id,
                      f.last_change + 1 - row_number() over (partition by a.user_id order by a.award_id desc) as change
               from award_feeds f join (select a.user_id, a.award_id",
        ") a on a.user_id = f.user_id) batch
         where (settled.user_id, settled.award_id) = (batch.user_id, batch.award_id)",
        first,
        last,
        now
    )
    .execute(Unnamed(&mut **batch))
    .await?;
    let is_same = [posted, settled]
        .iter()
        .all(|done| i64::try_from(done.rows_affected()) == Ok(award_count));
    Ok(is_same.then(|| Settled {
        award_count,
        sums: sums.into_iter().map(|coin| (coin.coin_id, coin.amount)).collect(),
        next: Some(last),
    }))
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
    let mut cursor = cursor;
    while let Some(next) = last_of_batch(&mut *connection, cursor, 1, now).await? {
        if is_locked(&mut *connection, next).await? {
            return Ok(Some(next));
        }
        // Corrected meanwhile.
        cursor = next;
    }
    Ok(None)
}

/// Locks an award, if it is still to be settled.
async fn is_locked(connection: impl PgExecutor<'_>, award: Cursor) -> sqlx::Result<bool> {
    let found = sqlx::query_scalar!(
        "select award_id from awards
         where user_id = $1 and award_id = $2 and status = 'PENDING' and settle_error is null for update",
        award.user_id,
        award.award_id
    )
    .fetch_optional(connection)
    .await?;
    Ok(found.is_some())
}
