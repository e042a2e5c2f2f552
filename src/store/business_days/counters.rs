//! The daily counters of days long over.

use chrono::NaiveDate;
use sqlx::{FromRow, PgConnection};

/// A place in the primary key of `daily_counters`.
#[derive(Clone, Debug, FromRow)]
pub struct CounterKey {
    pub user_id: i64,
    pub business_day: NaiveDate,
    pub item: String,
}

/// Looks at the next `limit` counters after `after` and deletes those of closed days before `before`.
///
/// Returns how many it deleted and where the next call goes on; `None` when it saw the last one. Walking the key once
/// reads no counter twice, and there are only those of users who did something in the last days.
pub async fn prune(
    connection: &mut PgConnection,
    after: Option<&CounterKey>,
    before: NaiveDate,
    limit: i64,
) -> sqlx::Result<(i64, Option<CounterKey>)> {
    #[derive(FromRow)]
    struct Pruned {
        deleted: i64,
        #[sqlx(flatten)]
        last: CounterKey,
    }
    let pruned: Option<Pruned> = sqlx::query_as(
        "with chunk as (
             select user_id, business_day, item from daily_counters
             where (user_id, business_day, item) > ($1, $2, $3)
             order by user_id, business_day, item limit $4
         ),
         deleted as (
             delete from daily_counters c using chunk
             where (c.user_id, c.business_day, c.item) = (chunk.user_id, chunk.business_day, chunk.item)
               and chunk.business_day < $5
               and exists (select from business_days d where d.day = chunk.business_day and d.state = 'CLOSED')
             returning 1
         )
         select (select count(*) from deleted) as deleted, user_id, business_day, item from chunk
         order by user_id desc, business_day desc, item desc limit 1",
    )
    .bind(after.map_or(0, |key| key.user_id))
    .bind(after.map_or(NaiveDate::default(), |key| key.business_day)) // any day: no user has the number 0
    .bind(after.map_or("", |key| key.item.as_str()))
    .bind(limit)
    .bind(before)
    .fetch_optional(connection)
    .await?;
    Ok(match pruned {
        None => (0, None),
        Some(Pruned { deleted, last }) => (deleted, Some(last)),
    })
}
