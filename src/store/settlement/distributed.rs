//! Settlement of a batch in a distributed database, shard by shard: a function on the node of a shard runs the statement of
//! one node on it.
//!
//! The sweep runs in the order of shards, and of users within each. So the user of a cursor determines its shard.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::Row;

use super::{Cursor, Settled};
use crate::domain::id::UserId;
use crate::store::bounded::{PgConnection, ShardMap};
use crate::store::unnamed::Unnamed;

/// Settles at most `limit` awards after `cursor`, like `settlement/settle_batch.sql`.
///
/// # Errors
/// Returns an error if any award cannot be paid.
pub async fn settle_batch(
    connection: &mut PgConnection,
    shards: &ShardMap,
    cursor: Cursor,
    limit: i64,
    run_id: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<Settled> {
    let mut settled = Settled {
        award_count: 0,
        sums: Vec::new(),
        next: None,
    };
    let mut sums: BTreeMap<String, Decimal> = BTreeMap::new();
    for (shard, after) in shards_after(shards, cursor) {
        // Not checked at compile time: the functions exist in distributed databases.
        let coins = sqlx::query("select * from settle_on_shard($1, $2, $3, $4, $5, $6)")
            .bind(shards.user_in(shard).0)
            .bind(after.user_id)
            .bind(after.award_id)
            .bind(now)
            .bind(limit - settled.award_count)
            .bind(run_id)
            .fetch_all(Unnamed(&mut *connection))
            .await?;
        for coin in coins {
            *sums.entry(coin.try_get(0)?).or_default() += coin.try_get::<Decimal, _>(2)?;
            settled.award_count += coin.try_get::<i64, _>(1)?;
            settled.next = Some(Cursor {
                user_id: coin.try_get(3)?,
                award_id: coin.try_get(4)?,
            });
        }
        if settled.award_count >= limit {
            break;
        }
    }
    settled.sums = sums.into_iter().collect();
    Ok(settled)
}

/// Locks the next award that a batch of one would settle.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_next(
    connection: &mut PgConnection,
    shards: &ShardMap,
    cursor: Cursor,
    now: DateTime<Utc>,
) -> sqlx::Result<Option<Cursor>> {
    for (shard, after) in shards_after(shards, cursor) {
        let next = sqlx::query("select * from lock_next_on_shard($1, $2, $3, $4)")
            .bind(shards.user_in(shard).0)
            .bind(after.user_id)
            .bind(after.award_id)
            .bind(now)
            .fetch_optional(Unnamed(&mut *connection))
            .await?;
        if let Some(next) = next {
            return Ok(Some(Cursor {
                user_id: next.try_get(0)?,
                award_id: next.try_get(1)?,
            }));
        }
    }
    Ok(None)
}

/// Returns the shards that are not swept, with the position in each.
fn shards_after(shards: &ShardMap, cursor: Cursor) -> impl Iterator<Item = (usize, Cursor)> {
    let current = match cursor {
        Cursor::START => 0,
        _ => shards.shard_of(UserId(cursor.user_id)),
    };
    (current..shards.count()).map(move |shard| (shard, if shard == current { cursor } else { Cursor::START }))
}
