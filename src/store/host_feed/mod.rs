//! The log of changes for the host application, and the copying of changes into it.
//!
//! A step of copying is one transaction that holds the row of `host_feed`. See `migrations/0012_host_events.sql` for the
//! reasons why no change is missed and why one number is a position.

use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::unnamed::Unnamed;
use super::walk::{BatchResult, Chunk};
use crate::domain::host_event::EventId;
use crate::store::bounded::PgConnection;

mod events;

pub use events::{after, day_totals};

/// State of copying, locked for one step.
#[derive(Clone, Debug)]
pub struct Feed {
    /// `None`: not in use.
    pub began_at: Option<DateTime<Utc>>,
    pub recent_award: i64,
    pub recent_audit: i64,
    pub recent_entry: Option<DateTime<Utc>>,
    pub swept_through: i64,
    pub sweep_count: i64,
    pub sweeps_wanted: i64,
    /// Greatest number that the sequence of award IDs returned.
    pub last_award: i64,
    /// Greatest ID in the audit log.
    pub last_audit: i64,
}

/// Notes the present state of the next `limit` users after one, in the order of their IDs: later changes are copied.
/// Returns the last of these users; `None` if there are no more.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn note_users(connection: &mut PgConnection, after: i64, limit: i64) -> sqlx::Result<Option<i64>> {
    sqlx::query_scalar!(
        "with part as (
             select user_id, last_change from award_feeds where user_id > $1 order by user_id limit $2
         ),
         noted as (
             insert into host_event_marks (user_id, through, made_through)
             select user_id, last_change,
                    coalesce((select max(a.award_id) from awards a
                              where a.user_id = part.user_id and a.source <> 'import'), 0)
             from part
             on conflict (user_id) do nothing
         )
         select case when count(*) = $2 then max(user_id) end from part",
        after,
        limit
    )
    .fetch_one(connection)
    .await
}

/// Puts the feed into use, or saves how far the users are noted.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn save_beginning(
    connection: &mut PgConnection,
    began_at: Option<DateTime<Utc>>,
    noted_through: i64,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update host_feed set began_at = $1, swept_through = $2",
        began_at,
        noted_through
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Locks the feed until the transaction ends. Returns `None` if another step holds it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<Option<Feed>> {
    sqlx::query_as!(
        Feed,
        r#"select began_at, recent_award, recent_audit, recent_entry, swept_through, sweep_count, sweeps_wanted,
                  (select last_value from award_ids) as "last_award!",
                  (select coalesce(max(audit_id), 0) from audit_log) as "last_audit!"
           from host_feed for update skip locked"#
    )
    .fetch_optional(connection)
    .await
}

/// Saves the state of copying.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn save(connection: &mut PgConnection, feed: &Feed) -> sqlx::Result<()> {
    sqlx::query!(
        "update host_feed set recent_award = $1, recent_audit = $2, recent_entry = $3, swept_through = $4,
                              sweep_count = $5, sweeps_wanted = $6",
        feed.recent_award,
        feed.recent_audit,
        feed.recent_entry,
        feed.swept_through,
        feed.sweep_count,
        feed.sweeps_wanted
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Lets closings of days that are new in the queue wait for a number of sweeps. Returns true if there are any.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn hold_closings(connection: &mut PgConnection, until_sweep: i64) -> sqlx::Result<bool> {
    let held = sqlx::query!(
        "update host_event_queue set after_sweep = $1 where kind = 'DAY_CLOSED' and after_sweep is null",
        until_sweep
    )
    .execute(connection)
    .await?;
    Ok(held.rows_affected() > 0)
}

/// Moves at most `limit` queued changes into the log, in their order, except closings of days that wait for more sweeps
/// than `sweeps`. Returns their number.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn move_queue(
    connection: &mut PgConnection,
    sweeps: i64,
    limit: i64,
    now: DateTime<Utc>,
) -> sqlx::Result<i64> {
    let moved = sqlx::query!(
        "with moved as (
             delete from host_event_queue
             where queue_id in (select queue_id from host_event_queue
                                where kind <> 'AWARD_REVERSED' and (kind <> 'DAY_CLOSED' or after_sweep <= $1)
                                order by queue_id limit $2)
             returning *
         )
         insert into host_events (kind, user_id, campaign_id, business_day, occurred_at, logged_at)
         select kind, user_id, campaign_id, business_day, occurred_at, $3 from moved order by queue_id",
        sweeps,
        limit,
        now
    )
    .execute(connection)
    .await?;
    Ok(moved.rows_affected().cast_signed())
}

/// Returns users with changes that are not copied yet among those with new awards, ledger entries and corrections, at
/// most `limit`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn recent_users(connection: &mut PgConnection, feed: &Feed, limit: i64) -> sqlx::Result<Vec<i64>> {
    sqlx::query_scalar!(
        r#"select f.user_id
           from (select user_id from awards where award_id > $1
                 union select user_id from ledger_entries where posted_at >= $2
                 union select user_id from audit_log
                       where audit_id > $3 and action in ('void_award', 'reverse_award') and user_id is not null) recent
           join award_feeds f using (user_id) left join host_event_marks m using (user_id)
           where f.last_change > coalesce(m.through, 0)
           limit $4"#,
        feed.recent_award,
        feed.recent_entry,
        feed.recent_audit,
        limit
    )
    // Planned for the actual bounds: they select few rows, by the BRIN indexes.
    .fetch_all(Unnamed(connection))
    .await
}

/// Users of one part of a sweep.
#[derive(Clone, Debug, Default)]
pub struct SweptUsers {
    /// Those with changes that are not copied yet.
    pub moved: Vec<i64>,
    /// Last user of the part; `None` at the end of the sweep.
    pub last: Option<i64>,
}

/// Examines the next `limit` users after one, in the order of their IDs.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn sweep(connection: &mut PgConnection, after: i64, limit: i64) -> sqlx::Result<SweptUsers> {
    let row = sqlx::query!(
        r#"with part as (
               select user_id, last_change from award_feeds where user_id > $1 order by user_id limit $2
           )
           select coalesce(array_agg(p.user_id) filter (where p.last_change > coalesce(m.through, 0)), '{}') as "moved!",
                  case when count(*) = $2 then max(p.user_id) end as last
           from part p left join host_event_marks m using (user_id)"#,
        after,
        limit
    )
    .fetch_one(connection)
    .await?;
    Ok(SweptUsers {
        moved: row.moved,
        last: row.last,
    })
}

/// Appends the changes of these users' awards that are not in the log, and advances their marks. Returns the number of
/// events.
///
/// The statement has one snapshot: it sees all changes up to the number of each user that it sees, because the number
/// and the changes are committed together.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn append(connection: &mut PgConnection, users: &[i64], now: DateTime<Utc>) -> sqlx::Result<i64> {
    sqlx::query_file_scalar!("src/store/host_feed/append.sql", users, now)
        .fetch_one(Unnamed(connection))
        .await
}

/// Bounds of the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogBounds {
    /// `None`: not in use.
    pub began_at: Option<DateTime<Utc>>,
    /// Greatest ID that any event has or had.
    pub latest: EventId,
    /// Greatest ID of a deleted event.
    pub deleted_through: EventId,
}

/// Returns the bounds of the log.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn bounds(connection: impl PgExecutor<'_>) -> sqlx::Result<LogBounds> {
    let row = sqlx::query!(
        r#"select began_at, deleted_through,
                  greatest(deleted_through, coalesce((select max(event_id) from host_events), 0)) as "latest!"
           from host_feed"#
    )
    .fetch_one(connection)
    .await?;
    Ok(LogBounds {
        began_at: row.began_at,
        latest: EventId(row.latest),
        deleted_through: EventId(row.deleted_through),
    })
}

/// Deletes events that were copied before an instant, examining at most `limit` after the given one. Ends at the first
/// younger event.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn prune(
    connection: &mut PgConnection,
    after: Option<i64>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<i64>> {
    let chunk = sqlx::query!(
        r#"with chunk as (
               select event_id, logged_at from host_events where event_id > $1 order by event_id limit $3
           ),
           old as (
               select event_id from chunk
               where event_id < coalesce((select min(event_id) from chunk where logged_at >= $2), 9223372036854775807)
           ),
           deleted as (delete from host_events e using old where e.event_id = old.event_id returning e.event_id),
           noted as (
               update host_feed set deleted_through = greatest(deleted_through, (select max(event_id) from old))
               where exists (select 1 from old)
           )
           select (select count(*) from deleted) as "changed!", (select count(*) from chunk) as "looked_at!",
                  event_id, (select count(*) from old) < (select count(*) from chunk) as "met_younger!"
           from chunk order by event_id desc limit 1"#,
        after.unwrap_or(0),
        before,
        limit
    )
    .map(|row| Chunk {
        changed: row.changed,
        looked_at: row.looked_at,
        last: (row.event_id, row.met_younger),
    })
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit).until_younger())
}
