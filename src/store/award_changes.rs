//! What changed of awards, in an order that has no gaps: see `migrations/0016_award_changes.sql`.

use crate::store::bounded::{Listener, PgPool};
use sqlx::{FromRow, PgExecutor, Row};

use crate::domain::award::{Award, ChangePosition};
use crate::domain::id::UserId;

/// Where Postgres tells of changes, without saying which.
const CHANNEL: &str = "newbee_awards";

/// How far changes are known at some moment, by their numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, FromRow)]
pub struct SnapshotBounds {
    /// All changes with a smaller number are there to be seen, or will never be.
    pub below: i64,
    /// No change has this number or a greater one yet.
    pub next: i64,
}

/// The horizon of this moment.
pub async fn horizon(connection: impl PgExecutor<'_>) -> sqlx::Result<SnapshotBounds> {
    sqlx::query_as(
        "select pg_snapshot_xmin(seen)::text::bigint as below, pg_snapshot_xmax(seen)::text::bigint as next
         from pg_current_snapshot() as seen",
    )
    .fetch_one(connection)
    .await
}

/// The next awards of each user after a position, at most `limit` a user, in the order of their changes; only changes with a
/// smaller number than `below`, which is that of a [`SnapshotBounds`]. One list a user, in the order of `asked`.
///
/// An award that changed more than once is there once, as it is now and at its last change.
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
    // A plan may bring them in any order.
    found.iter_mut().for_each(|awards| awards.sort_by_key(Award::position));
    Ok(found)
}

/// Begins to listen for changes, on a connection beside the pool's.
///
/// # Errors
/// As [`Listener::start`].
pub fn listen(pool: &PgPool) -> sqlx::Result<Listener> {
    Listener::start(pool, CHANNEL)
}
