//! Retention of daily counters.

use crate::store::bounded::PgConnection;
use chrono::NaiveDate;

/// Position in the index `daily_counters_by_day`.
#[derive(Clone, Debug)]
pub struct CounterKey {
    pub business_day: NaiveDate,
    pub user_id: i64,
    pub item: String,
}

/// Examines at most `limit` counters of days before `before`, starting after `after`, and deletes those of closed
/// days.
///
/// Returns the number of deleted counters and the last examined key, after which the next call starts; `None` at the
/// end. Counters of later days are not read.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn prune(
    connection: &mut PgConnection,
    after: Option<&CounterKey>,
    before: NaiveDate,
    limit: i64,
) -> sqlx::Result<(i64, Option<CounterKey>)> {
    let pruned = sqlx::query!(
        r#"with chunk as (
               select business_day, user_id, item from daily_counters
               where (business_day, user_id, item) > ($1, $2, $3) and business_day < $5
               order by business_day, user_id, item limit $4
           ),
           deleted as (
               delete from daily_counters c using chunk
               where (c.user_id, c.business_day, c.item) = (chunk.user_id, chunk.business_day, chunk.item)
                 and exists (select 1 from business_days d where d.day = chunk.business_day and d.state = 'CLOSED')
               returning 1
           )
           select (select count(*) from deleted) as "deleted!", business_day, user_id, item from chunk
           order by business_day desc, user_id desc, item desc limit 1"#,
        after.map_or(NaiveDate::default(), |key| key.business_day),
        // 1970: before any counter
        after.map_or(0, |key| key.user_id),
        after.map_or("", |key| key.item.as_str()),
        limit,
        before
    )
    .fetch_optional(connection)
    .await?;
    Ok(pruned.map_or((0, None), |row| {
        let last = CounterKey {
            business_day: row.business_day,
            user_id: row.user_id,
            item: row.item,
        };
        (row.deleted, Some(last))
    }))
}
