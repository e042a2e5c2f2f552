//! Bridged days, and the streaks that they mend.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgExecutor;

use crate::domain::audit::Author;
use crate::store::bounded::PgConnection;
use crate::store::citus::locks;

/// A bridged day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BridgedDay {
    pub day: NaiveDate,
    pub reason: String,
    pub bridged_by: String,
    pub bridged_at: DateTime<Utc>,
}

/// Returns all bridged days, newest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<BridgedDay>> {
    sqlx::query_as!(
        BridgedDay,
        "select day, reason, bridged_by, bridged_at from bridged_days order by day desc"
    )
    .fetch_all(connection)
    .await
}

/// Returns all bridged days, in ascending order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn days(connection: impl PgExecutor<'_>) -> sqlx::Result<Vec<NaiveDate>> {
    sqlx::query_scalar!("select day from bridged_days order by day")
        .fetch_all(connection)
        .await
}

/// Waits for the transactions that change streaks, and excludes new ones until the transaction ends: those that begin
/// later know the day that it bridges.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn exclude_sign_ins(connection: &mut PgConnection) -> sqlx::Result<()> {
    if connection.is_distributed() {
        return locks::exclude_sign_ins(connection).await;
    }
    sqlx::query!("lock table award_feeds in share mode")
        .execute(connection)
        .await
        .map(|_| ())
}

/// Bridges a day. Returns false if it is bridged already.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: impl PgExecutor<'_>,
    day: NaiveDate,
    reason: &str,
    author: &Author,
) -> sqlx::Result<bool> {
    let inserted = sqlx::query!(
        "insert into bridged_days (day, reason, bridged_by, bridged_at) values ($1, $2, $3, $4) on conflict do nothing",
        day,
        reason,
        author.name,
        author.at
    )
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Surroundings of a bridged day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub day: NaiveDate,
    /// Days on which a streak that the gap would have ended had its last sign-in: the last day before that is not bridged,
    /// and bridged ones after it, up to the bridged day.
    pub before: Vec<NaiveDate>,
    /// The first day after the bridged one that is not bridged.
    pub after: NaiveDate,
}

impl Gap {
    /// Returns the surroundings of a day that is bridged together with others.
    pub fn around(day: NaiveDate, bridged: &[NaiveDate]) -> Self {
        let mut before = Vec::new();
        let mut last = day.pred_opt();
        while let Some(earlier) = last {
            before.push(earlier);
            last = earlier.pred_opt().filter(|_| bridged.contains(&earlier));
        }
        let mut after = day.succ_opt().unwrap_or(day);
        while bridged.contains(&after) {
            after = after.succ_opt().unwrap_or(after);
        }
        Self { day, before, after }
    }
}

/// Checked statement about the users whose streak began again after a gap although it had reached the gap: `f` is the
/// feed. Its arguments are the day, the day after the gap, and the days before it.
macro_rules! broken_query {
    ($query:ident, $before:literal, $after:literal, $gap:expr $(, $argument:expr)* $(,)?) => {
        sqlx::$query!(
            $before
                + " from award_feeds f
                    where f.last_sign_in > $1
                      and f.last_sign_in - f.streak_length - coalesce(f.skipped_days, 0) + 1 between $1::date + 1 and $2
                      and (exists (select 1 from awards a
                                   where a.once_day = any ($3::date[]) and a.user_id = f.user_id
                                     and a.award_type = 'DAILY' and a.item = 'sign_in')
                           or exists (select 1 from covered_days c where c.user_id = f.user_id and c.day = any ($3))
                           or exists (select 1 from imported_streaks i cross join unnest($3) b
                                      where i.user_id = f.user_id
                                        and b between i.last_day - i.streak_length + 1 and i.last_day)) "
                + $after,
            $gap.day,
            $gap.after,
            &$gap.before[..]
            $(, $argument)*
        )
    };
}

/// Returns the number of users whose streak began again after a gap although it had reached the gap.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_broken(connection: impl PgExecutor<'_>, gap: &Gap) -> sqlx::Result<i64> {
    broken_query!(query_scalar, r#"select count(*) as "count!""#, "", gap)
        .fetch_one(connection)
        .await
}

/// Returns the number of users whose last sign-in was between two days, both included.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count_ended(connection: impl PgExecutor<'_>, first: NaiveDate, last: NaiveDate) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from award_feeds where last_sign_in between $1 and $2"#,
        first,
        last
    )
    .fetch_one(connection)
    .await
}

/// Locks the streaks of at most `limit` users whose streak began again after a gap although it had reached the gap.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock_broken(connection: &mut PgConnection, gap: &Gap, limit: i64) -> sqlx::Result<Vec<i64>> {
    if connection.is_distributed() {
        let broken = broken_query!(
            query_scalar,
            "select f.user_id",
            "order by f.user_id limit $4",
            gap,
            limit
        );
        let broken = broken.fetch_all(&mut *connection).await?;
        return locks::lock_feeds(connection, &broken).await;
    }
    broken_query!(
        query_scalar,
        "select f.user_id",
        "order by f.user_id limit $4 for update of f",
        gap,
        limit,
    )
    .fetch_all(connection)
    .await
}

/// A streak that was mended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mended {
    pub user_id: i64,
    pub first_day: NaiveDate,
    pub length_before: i32,
    pub length: i32,
    /// True if the user was erased: nothing is paid any more.
    pub is_erased: bool,
}

/// Joins the streaks of locked users with those before them, according to their days.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn mend(connection: impl PgExecutor<'_>, users: &[i64]) -> sqlx::Result<Vec<Mended>> {
    sqlx::query_as!(
        Mended,
        r#"with whole as (
               select f.user_id, f.streak_length as was, s.*
               from award_feeds f cross join lateral streak_around(f.user_id, f.last_sign_in) s
               where f.user_id = any ($1::bigint[])
           )
           update award_feeds f set streak_length = w.length, skipped_days = nullif(w.skipped, 0)
           from whole w
           where f.user_id = w.user_id and w.length > w.was
           returning f.user_id, w.first_day as "first_day!", w.was as "length_before!",
                     w.length as "length!",
                     exists (select 1 from users u where u.user_id = f.user_id and u.erased_at is not null) as "is_erased!""#,
        users
    )
    .fetch_all(connection)
    .await
}

/// Gives back the freezes that covered a bridged day, to at most `limit` users whose streak still contains it, who then
/// hold at most `most`. Returns the number of days that are no longer frozen.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn give_freezes_back(
    connection: &mut PgConnection,
    day: NaiveDate,
    most: i32,
    limit: i64,
) -> sqlx::Result<i64> {
    let users = lock_frozen(&mut *connection, day, limit).await?;
    sqlx::query_scalar!(
        r#"with freed as (
               delete from covered_days c where c.day = $1 and c.made_up_at is null and c.user_id = any ($3::bigint[])
               returning c.user_id
           ),
           given as (
               update award_feeds f
               set freezes = nullif(least(coalesce(f.freezes, 0) + 1, greatest(f.freezes, $2::integer)), 0)
               from freed
               where f.user_id = freed.user_id
                 and $1::date > f.last_sign_in - f.streak_length - coalesce(f.skipped_days, 0)
           )
           select count(*) as "count!" from freed"#,
        day,
        most,
        &users[..]
    )
    .fetch_one(connection)
    .await
}

/// Locks the streaks of at most `limit` users of whom a freeze covers a day: first, as in a sign-in.
async fn lock_frozen(connection: &mut PgConnection, day: NaiveDate, limit: i64) -> sqlx::Result<Vec<i64>> {
    if connection.is_distributed() {
        let frozen = sqlx::query_scalar!(
            "select user_id from covered_days where day = $1 and made_up_at is null order by user_id limit $2",
            day,
            limit
        );
        let frozen = frozen.fetch_all(&mut *connection).await?;
        return locks::lock_feeds(connection, &frozen).await;
    }
    sqlx::query_scalar!(
        "select f.user_id from award_feeds f
         where f.user_id in (select c.user_id from covered_days c where c.day = $1 and c.made_up_at is null
                             order by c.user_id limit $2)
         order by f.user_id for update",
        day,
        limit
    )
    .fetch_all(connection)
    .await
}
