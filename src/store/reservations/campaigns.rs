//! Reservation campaigns: creation, changes and launch by operators.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use sqlx::PgExecutor;

use super::{campaign, campaign_query, length};
use crate::domain::reservation::{ReservationCampaign, ReservationReward, ReservationTerms};
use crate::store::walk::{BatchResult, Chunk};

/// Campaign to be created.
#[derive(Clone, Copy, Debug)]
pub struct NewCampaign<'a> {
    /// Normalised key.
    pub key: &'a str,
    pub terms: &'a ReservationTerms,
    pub created_by: &'a str,
    pub reason: &'a str,
}

/// Serialises the creation and change of campaigns until this transaction ends, but does not block reservations: the
/// legacy default moves from one row to another, which two transactions cannot do concurrently.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: &mut PgConnection) -> sqlx::Result<()> {
    sqlx::query!("select pg_advisory_xact_lock(hashtext('reservation_campaigns'))")
        .execute(connection)
        .await
        .map(|_| ())
}

/// Inserts a campaign. Returns `None` if its key is taken. A new legacy default replaces the previous one, under
/// [`lock`].
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: &mut PgConnection,
    new: NewCampaign<'_>,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<ReservationCampaign>> {
    if find(&mut *connection, new.key).await?.is_some() {
        return Ok(None);
    }
    clear_other_default(connection, new.key, new.terms, at).await?;
    let (terms, reward) = (new.terms, new.terms.reward.as_ref());
    campaign_query!(
        "insert into reservation_campaigns as c (
             campaign_key, title, capacity, opens_at, closes_at, state, reward_amount, reward_coin_id,
             reward_hold, is_legacy_default, created_by, reason, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6::text::reservation_campaign_state, $7, $8, coalesce($9, interval '0'),
                 $10, $11, $12, $13, $13)
         on conflict (campaign_key) do nothing
         returning",
        "",
        new.key,
        terms.title,
        terms.capacity,
        terms.opens_at,
        terms.closes_at,
        state(terms),
        reward.map(|reward| reward.amount),
        reward.map(|reward| reward.coin_id.as_str()),
        reward.map(|reward| reward.hold) as _,
        terms.is_legacy_default,
        new.created_by,
        new.reason,
        at
    )
    .map(|row| campaign!(row))
    .fetch_optional(connection)
    .await
}

/// Returns the campaign with a key and locks it until this transaction ends, so that its count does not change.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_for_update(connection: &mut PgConnection, key: &str) -> sqlx::Result<Option<ReservationCampaign>> {
    campaign_query!(
        "select",
        "from reservation_campaigns c where campaign_key = $1 for update",
        key
    )
    .map(|row| campaign!(row))
    .fetch_optional(connection)
    .await
}

/// Changes the terms of a campaign, under [`lock`]. The caller has validated them.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn change(
    connection: &mut PgConnection,
    key: &str,
    terms: &ReservationTerms,
    at: DateTime<Utc>,
) -> sqlx::Result<ReservationCampaign> {
    clear_other_default(connection, key, terms, at).await?;
    let reward = terms.reward.as_ref();
    campaign_query!(
        "with wanted as (select $6::text::reservation_campaign_state as state),
         changed as (
             update reservation_campaigns c
             set title = $2, capacity = $3, opens_at = $4, closes_at = $5,
                 state = case when c.state = 'LAUNCHED' then c.state else wanted.state end,
                 reward_amount = $7, reward_coin_id = $8, reward_hold = coalesce($9, interval '0'),
                 is_legacy_default = $10, updated_at = $11
             from wanted
             where campaign_key = $1
             returning c.*
         )
         select",
        "from changed c",
        key,
        terms.title,
        terms.capacity,
        terms.opens_at,
        terms.closes_at,
        state(terms),
        reward.map(|reward| reward.amount),
        reward.map(|reward| reward.coin_id.as_str()),
        reward.map(|reward| reward.hold) as _,
        terms.is_legacy_default,
        at
    )
    .map(|row| campaign!(row))
    .fetch_one(connection)
    .await
}

fn state(terms: &ReservationTerms) -> &'static str {
    if terms.is_closed { "CLOSED" } else { "OPEN" }
}

async fn clear_other_default(
    connection: &mut PgConnection,
    key: &str,
    terms: &ReservationTerms,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    if terms.is_legacy_default {
        sqlx::query!(
            "update reservation_campaigns set is_legacy_default = false, updated_at = $2
             where is_legacy_default and campaign_key <> $1",
            key,
            at
        )
        .execute(connection)
        .await?;
    }
    Ok(())
}

/// Launches a campaign. Returns `None` if the key is unknown or the campaign was launched before.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn launch(
    connection: impl PgExecutor<'_>,
    key: &str,
    launched_by: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<ReservationCampaign>> {
    campaign_query!(
        "with launched as (
             update reservation_campaigns set state = 'LAUNCHED', launched_at = $3, launched_by = $2, updated_at = $3
             where campaign_key = $1 and state <> 'LAUNCHED'
             returning *
         ),
         queued as (
             insert into host_event_queue (kind, campaign_id, occurred_at)
             select 'CAMPAIGN_LAUNCHED', campaign_id, launched_at from launched
             where exists (select 1 from host_feed where began_at is not null)
         )
         select",
        "from launched c",
        key,
        launched_by,
        at
    )
    .map(|row| campaign!(row))
    .fetch_optional(connection)
    .await
}

/// Returns the campaign with a key.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, key: &str) -> sqlx::Result<Option<ReservationCampaign>> {
    campaign_query!("select", "from reservation_campaigns c where campaign_key = $1", key)
        .map(|row| campaign!(row))
        .fetch_optional(connection)
        .await
}

/// Returns campaigns, newest first, at most `limit`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<ReservationCampaign>> {
    campaign_query!(
        "select",
        "from reservation_campaigns c order by campaign_id desc limit $1",
        limit
    )
    .map(|row| campaign!(row))
    .fetch_all(connection)
    .await
}

/// Closes at most `limit` open campaigns whose window has closed at that instant, by id, starting after `after`.
///
/// Skips a locked campaign: its holder changes it, or takes the last place, which was requested in time.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn close_ended(
    connection: &mut PgConnection,
    after: Option<i64>,
    at: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<i64>> {
    let chunk = sqlx::query!(
        r#"with chunk as (
               select campaign_id from reservation_campaigns
               where state = 'OPEN' and closes_at <= $2 and campaign_id > $1
               order by campaign_id limit $3 for update skip locked
           ),
           closed as (
               update reservation_campaigns c set state = 'CLOSED', updated_at = $2
               from chunk where c.campaign_id = chunk.campaign_id
               returning 1
           )
           select (select count(*) from closed) as "changed!", (select count(*) from chunk) as "looked_at!", campaign_id
           from chunk order by campaign_id desc limit 1"#,
        after.unwrap_or(0),
        at,
        limit
    )
    .map(|row| Chunk {
        changed: row.changed,
        looked_at: row.looked_at,
        last: row.campaign_id,
    })
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit))
}
