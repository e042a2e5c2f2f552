//! Changes of awards in an order without gaps: see `migrations/0016_award_changes.sql`.

use crate::store::bounded::{Listener, PgPool};
use sqlx::{FromRow, PgExecutor, Row};

use crate::domain::award::{Award, ChangePosition};
use crate::domain::id::UserId;

/// Notification channel for changes of awards. Notifications do not name the awards.
const CHANNEL: &str = "newbee_awards";

/// Transaction ids that bound a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct SnapshotBounds {
    /// All transactions with a smaller id have ended: their changes are visible or were rolled back.
    pub below: i64,
    /// No transaction with this id or a greater one has started.
    pub next: i64,
}

/// Returns the bounds of the current snapshot.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn horizon(connection: impl PgExecutor<'_>) -> sqlx::Result<SnapshotBounds> {
    sqlx::query_as(
        "select pg_snapshot_xmin(seen)::text::bigint as below, pg_snapshot_xmax(seen)::text::bigint as next
         from pg_current_snapshot() as seen",
    )
    .fetch_one(connection)
    .await
}

/// Returns for each user of `asked` the next changed awards after a position: in the order of their changes, at most
/// `limit` per user. Includes only changes with an id below `below`, the value of [`SnapshotBounds::below`]. The
/// lists have the order of `asked`.
///
/// An award that changed more than once is listed once, in its current state and at the position of its last change.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn after(
    connection: impl PgExecutor<'_>,
    asked: &[(UserId, ChangePosition)],
    below: i64,
    limit: i64,
) -> sqlx::Result<Vec<Vec<Award>>> {
    let rows = sqlx::query(
        "select asked.slot, changed.*, changed.changed_in as change
         from unnest($1::bigint[], $2::bigint[], $3::bigint[]) with ordinality as asked (user_id, change, award_id, slot)
         cross join lateral (
             select * from awards a
             where a.user_id = asked.user_id and (a.changed_in, a.award_id) > (asked.change, asked.award_id)
               and a.changed_in < $4
             order by a.changed_in, a.award_id
             limit $5
         ) changed",
    )
    .bind(asked.iter().map(|(user, _)| user.0).collect::<Vec<_>>())
    .bind(asked.iter().map(|(_, after)| after.change).collect::<Vec<_>>())
    .bind(asked.iter().map(|(_, after)| after.award_id.0).collect::<Vec<_>>())
    .bind(below)
    .bind(limit)
    .fetch_all(connection)
    .await?;
    let mut found = vec![Vec::new(); asked.len()];
    for row in &rows {
        let slot = row.try_get::<i64, _>("slot")? as usize - 1;
        found[slot].push(Award::from_row(row)?);
    }
    // The query plan may return rows in any order.
    found.iter_mut().for_each(|awards| awards.sort_by_key(Award::position));
    Ok(found)
}

/// Starts to listen for changes, on a connection outside the pool.
///
/// # Errors
/// Returns the errors of [`Listener::start`].
pub fn listen(pool: &PgPool) -> sqlx::Result<Listener> {
    Listener::start(pool, CHANNEL)
}
