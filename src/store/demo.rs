//! Writes of the demo only: bulk inserts of users, and of events in the past.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::api_key::{ApiKeyHash, Scope};
use crate::domain::id::UserId;
use crate::domain::session::SessionKeyHash;
use crate::domain::streak::Streak;
use crate::domain::user::search_name;

/// Demo user with their invitation code, which is already in normalised form.
#[derive(Clone, Debug)]
pub struct DemoUserRow {
    pub user_id: UserId,
    pub name: String,
    pub code: String,
}

/// Binding of an invitation code on an earlier day.
#[derive(Clone, Debug)]
pub struct HistoricalBinding {
    pub user_id: UserId,
    pub parent_id: UserId,
    pub bound_at: DateTime<Utc>,
}

/// Award of an earlier day, paid by the first version of its rule.
#[derive(Clone, Debug)]
pub struct HistoricalAward {
    pub user_id: UserId,
    pub item: &'static str,
    pub source_key: String,
    pub target_id: Option<String>,
    pub day: NaiveDate,
    pub made_at: DateTime<Utc>,
}

/// Sign-in streak as of yesterday.
#[derive(Clone, Copy, Debug)]
pub struct HistoricalStreak {
    pub user_id: UserId,
    pub streak: Streak,
}

/// Returns true if the database contains users that were not created by the demo.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn holds_other_users(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select 1 from users where origin <> 'demo') as "exists!""#)
        .fetch_one(connection)
        .await
}

/// Returns true if the database contains users of the demo.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn holds_demo_users(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar!(r#"select exists (select 1 from users where origin = 'demo') as "exists!""#)
        .fetch_one(connection)
        .await
}

/// Inserts users with their invitations and codes.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_users(connection: &mut PgConnection, users: &[DemoUserRow], at: DateTime<Utc>) -> sqlx::Result<()> {
    let ids: Vec<i64> = users.iter().map(|user| user.user_id.0).collect();
    let names: Vec<&str> = users.iter().map(|user| user.name.as_str()).collect();
    let search_names: Vec<_> = users.iter().map(|user| search_name(&user.name)).collect();
    let codes: Vec<&str> = users.iter().map(|user| user.code.as_str()).collect();
    sqlx::query!(
        "insert into users (user_id, name, search_name, origin, created_at, updated_at)
         select user_id, name, search_name, 'demo', $3, $3
         from unnest($1::bigint[], $2::text[], $4::text[]) as u (user_id, name, search_name)",
        &ids[..],
        names as _,
        at,
        search_names as _
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "with given as (
             insert into invitations (user_id, code, created_at, updated_at)
             select user_id, code, $3, $3 from unnest($1::bigint[], $2::text[]) as u (user_id, code)
             returning user_id, code
         )
         insert into invitation_codes (normalised_code, user_id) select code, user_id from given",
        &ids[..],
        codes as _,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Inserts a session key.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_session(
    connection: &mut PgConnection,
    key_hash: SessionKeyHash,
    user: UserId,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into sessions (key_hash, user_id, origin, created_at, expires_at) values ($1, $2, 'demo', $3, $4)",
        key_hash.0.as_slice(),
        user.0,
        created_at,
        expires_at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Inserts an API key unless its name exists; a revoked key stays revoked.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_api_key(
    connection: &mut PgConnection,
    name: &str,
    key_hash: ApiKeyHash,
    scopes: &[Scope],
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into api_keys (name, key_hash, scopes, created_by, created_at) values ($1, $2, $3, 'demo', $4)
         on conflict do nothing",
        name,
        key_hash.0.as_slice(),
        scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>() as _,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Binds users to their inviters at the given times.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn bind_parents(connection: &mut PgConnection, bindings: &[HistoricalBinding]) -> sqlx::Result<()> {
    sqlx::query!(
        "with bound as (
             update invitations i
             set parent_id = p.user_id, parent_code = p.code, bound_at = b.bound_at, updated_at = b.bound_at, class = 1
             from unnest($1::bigint[], $2::bigint[], $3::timestamptz[]) as b (user_id, parent_id, bound_at)
             join invitations p on p.user_id = b.parent_id
             where i.user_id = b.user_id
             returning i.user_id, i.parent_id, i.bound_at
         ),
         children as (
             insert into invitation_children (parent_id, bound_at, user_id)
             select parent_id, bound_at, user_id from bound
         ),
         links as (insert into invitation_links (user_id, parent_id) select user_id, parent_id from bound)
         update users u set children_count = u.children_count + b.children
         from (select parent_id, count(*) as children from bound group by parent_id) b where u.user_id = b.parent_id",
        &bindings.iter().map(|binding| binding.user_id.0).collect::<Vec<_>>()[..],
        &bindings.iter().map(|binding| binding.parent_id.0).collect::<Vec<_>>()[..],
        &bindings.iter().map(|binding| binding.bound_at).collect::<Vec<_>>()[..]
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Inserts pending awards in the given order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_awards(connection: &mut PgConnection, awards: &[HistoricalAward]) -> sqlx::Result<()> {
    sqlx::query!(
        "with numbered as (
             insert into award_feeds as f (user_id, last_change)
             select user_id, count(*) from unnest($1::bigint[]) as h (user_id) group by user_id
             on conflict (user_id) do update set last_change = f.last_change + excluded.last_change
             returning user_id, last_change
         )
         insert into awards (user_id, source, source_key, item, award_type, rule_version, amount, coin_id, target_id,
                             business_day, settles_at, created_at, updated_at, changed_in)
         select h.user_id, h.item, h.source_key, h.item, r.award_type, v.version, v.amount, v.coin_id, h.target_id,
                h.day, h.made_at + v.hold, h.made_at, h.made_at,
                n.last_change + 1 - row_number() over (partition by h.user_id order by h.place desc)
         from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::date[], $6::timestamptz[])
              with ordinality as h (user_id, item, source_key, target_id, day, made_at, place)
         join numbered n using (user_id)
         join rules r using (item)
         join rule_versions v on (v.item, v.version) = (h.item, 1)
         order by h.place",
        &awards.iter().map(|award| award.user_id.0).collect::<Vec<_>>()[..],
        awards.iter().map(|award| award.item).collect::<Vec<_>>() as _,
        awards.iter().map(|award| award.source_key.as_str()).collect::<Vec<_>>() as _,
        awards
            .iter()
            .map(|award| award.target_id.as_deref())
            .collect::<Vec<_>>() as _,
        &awards.iter().map(|award| award.day).collect::<Vec<_>>()[..],
        &awards.iter().map(|award| award.made_at).collect::<Vec<_>>()[..]
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Inserts sign-in streaks.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_streaks(connection: &mut PgConnection, streaks: &[HistoricalStreak]) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into award_feeds as f (user_id, last_change, last_sign_in, streak_length, best_streak)
         select user_id, 0, last_day, length, nullif(best, 0)
         from unnest($1::bigint[], $2::date[], $3::integer[], $4::integer[]) as s (user_id, last_day, length, best)
         on conflict (user_id) do update
             set last_sign_in = excluded.last_sign_in, streak_length = excluded.streak_length,
                 best_streak = excluded.best_streak",
        &streaks.iter().map(|streak| streak.user_id.0).collect::<Vec<_>>()[..],
        &streaks.iter().map(|user| user.streak.last_day).collect::<Vec<_>>()[..],
        &streaks.iter().map(|user| user.streak.length).collect::<Vec<_>>()[..],
        &streaks.iter().map(|user| user.streak.best).collect::<Vec<_>>()[..]
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Adds a reservation for each user without one, in a campaign with enough free places.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert_reservations(
    connection: &mut PgConnection,
    campaign_id: i64,
    users: &[UserId],
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into reservations (user_id, campaign_id, reserved_at)
         select user_id, $1, $3 from unnest($2::bigint[]) as u (user_id)",
        campaign_id,
        &users.iter().map(|user| user.0).collect::<Vec<_>>()[..],
        at
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "update reservation_campaigns set reserved_count = reserved_count + $2 where campaign_id = $1",
        campaign_id,
        i32::try_from(users.len()).unwrap_or(i32::MAX)
    )
    .execute(connection)
    .await
    .map(|_| ())
}
