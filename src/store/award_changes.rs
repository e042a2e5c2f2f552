//! Changes of awards in an order without gaps, numbered per user: see the table `award_feeds`.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::awards::{outer_award, outer_award_query};
use crate::store::bounded::{Listener, PgPool};
use sqlx::PgExecutor;

use crate::domain::award::{Award, AwardStatus, AwardType, ChangePosition};
use crate::domain::id::{AwardId, UserId};

/// Notification channel for changes of awards. Notifications do not name the awards.
const CHANNEL: &str = "newbee_awards";
/// Time between a change and its notification. Changes of a process in between share one notification: Postgres lets
/// transactions that notify commit only one at a time.
const NOTIFY_DELAY: Duration = Duration::from_millis(20);

/// Result of a read for one position.
#[derive(Clone, Debug, Default)]
pub struct ChangesAfter {
    /// Changed awards in the order of their changes.
    pub awards: Vec<Award>,
    /// Number of the user's last change; `None` if there is none after the position.
    pub last_change: Option<ChangePosition>,
}

/// Returns the number of each user's last change, in the order of `users`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn last_changes(connection: impl PgExecutor<'_>, users: &[UserId]) -> sqlx::Result<Vec<ChangePosition>> {
    let numbers = sqlx::query_scalar!(
        r#"select coalesce(f.last_change, 0) as "last_change!"
           from unnest($1::bigint[]) with ordinality as asked (user_id, slot) left join award_feeds f using (user_id)
           order by slot"#,
        &users.iter().map(|user| user.0).collect::<Vec<_>>()[..]
    )
    .fetch_all(connection)
    .await?;
    Ok(numbers.into_iter().map(ChangePosition).collect())
}

/// Returns for each user of `asked` the next changed awards after a position: in the order of their changes, at most
/// `limit` per user. The results have the order of `asked`.
///
/// An award that changed more than once is listed once, in its current state and at the position of its last change.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn after(
    connection: impl PgExecutor<'_>,
    asked: &[(UserId, ChangePosition)],
    limit: i64,
) -> sqlx::Result<Vec<ChangesAfter>> {
    // Each change has its own number, so the awards to find are at most as many as the numbers in between. Changed
    // awards are mostly the newest: the scan in that order ends when it has found them.
    let rows = outer_award_query!(
        r#"select asked.slot as "slot!", f.last_change,"#,
        "from unnest($1::bigint[], $2::bigint[]) with ordinality as asked (user_id, change, slot)
         join award_feeds f on f.user_id = asked.user_id and f.user_id = any ($1) and f.last_change > asked.change
         left join lateral (
             select * from (
                 select * from awards a
                 where a.user_id = asked.user_id and a.user_id = any ($1) and a.changed_in > asked.change
                 order by a.award_id desc limit f.last_change - asked.change
             ) newest
             order by changed_in limit $3
         ) found on true",
        &asked.iter().map(|(user, _)| user.0).collect::<Vec<_>>()[..],
        &asked.iter().map(|(_, after)| after.0).collect::<Vec<_>>()[..],
        limit,
    )
    .fetch_all(connection)
    .await?;
    let mut found = vec![ChangesAfter::default(); asked.len()];
    for row in rows {
        let result = &mut found[row.slot as usize - 1];
        result.last_change = Some(ChangePosition(row.last_change));
        result.awards.extend(outer_award!(row));
    }
    // The query plan may return rows in any order.
    for result in &mut found {
        result.awards.sort_by_key(Award::position);
    }
    Ok(found)
}

/// Notifies subscribers of all processes, after a short delay, that awards were created or changed. Call it after the
/// commit. A lost notification only delays them: they also poll.
pub fn notify_later(pool: &PgPool) {
    if pool.notification_pending().swap(true, Ordering::AcqRel) {
        return;
    }
    let pool = pool.clone();
    tokio::spawn(async move {
        tokio::time::sleep(NOTIFY_DELAY).await;
        pool.notification_pending().store(false, Ordering::Release);
        notify(&pool).await;
    });
}

/// Notifies subscribers of all processes at once. A failure is logged only.
pub async fn notify(pool: &PgPool) {
    let notified = sqlx::query!("select pg_notify($1, '')", CHANNEL).execute(pool).await;
    if let Err(error) = notified {
        tracing::debug!(%error, "notifying subscribers of changes failed: they poll");
    }
}

/// Starts to listen for changes, on a connection outside the pool.
///
/// # Errors
/// Returns the errors of [`Listener::start`].
pub fn listen(pool: &PgPool) -> sqlx::Result<Option<Listener>> {
    Listener::start(pool, CHANNEL)
}
