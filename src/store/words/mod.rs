//! Word campaigns and their shares; claims of shares are in [`claims`].

pub mod claims;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgExecutor;

use super::bounded::PgConnection;
use super::walk::{BatchResult, Chunk};
use crate::domain::bls::{PublicKeyBytes, SignatureBytes};
use crate::domain::text::display_form;
use crate::domain::word::{Split, WordCampaign, WordTerms};
use crate::domain::word_commitment::Commitment;

/// Checked statement that returns campaigns, with their columns between its two parts.
macro_rules! campaign_query {
    ($before:literal, $after:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            $before
                + r#" campaign_id, word, amount, coin_id, max_count, split::text as "split!: Split",
                      extract(epoch from hold)::bigint as "hold_seconds!", used_count, used_amount, opens_at, closes_at,
                      ended_at, draw_hash as "draw_hash: [u8; 32]",
                      draw_public_key as "draw_public_key: PublicKeyBytes", draw_salt as "draw_salt: [u8; 32]",
                      beacon_round, beacon_signature as "beacon_signature: SignatureBytes", created_by, reason,
                      created_at, updated_at "#
                + $after
            $(, $argument)*
        )
        .map(|row| WordCampaign {
            id: row.campaign_id,
            word: row.word,
            amount: row.amount,
            coin_id: row.coin_id,
            share_count: row.max_count,
            split: row.split,
            hold: TimeDelta::seconds(row.hold_seconds),
            used_count: row.used_count,
            used_amount: row.used_amount,
            opens_at: row.opens_at,
            closes_at: row.closes_at,
            ended_at: row.ended_at,
            draw_hash: row.draw_hash,
            commitment: Some(Commitment {
                public_key: row.draw_public_key,
                salt: row.draw_salt,
                amount: row.amount,
                share_count: row.max_count,
                split: row.split,
                beacon_round: row.beacon_round,
            }),
            beacon_signature: row.beacon_signature,
            created_by: row.created_by,
            reason: row.reason,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    };
}

/// Returns the campaign that a word refers to at an instant: the open one, else the last one that was open, else the
/// next one to open.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_by_word(
    connection: impl PgExecutor<'_>,
    normalised_word: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<WordCampaign>> {
    campaign_query!(
        "select",
        "from word_campaigns
         where normalised_word = $1
         order by state = 'OPEN' and opens_at <= $2 and closes_at > $2 desc, opens_at <= $2 desc, opens_at desc,
                  campaign_id desc
         limit 1",
        normalised_word,
        at
    )
    .fetch_optional(connection)
    .await
}

/// Returns a campaign by its id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Option<WordCampaign>> {
    campaign_query!("select", "from word_campaigns where campaign_id = $1", id)
        .fetch_optional(connection)
        .await
}

/// Returns the campaigns with these ids, in their order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_many(connection: impl PgExecutor<'_>, ids: &[i64]) -> sqlx::Result<Vec<Option<WordCampaign>>> {
    let found = campaign_query!("select", "from word_campaigns where campaign_id = any($1)", ids)
        .fetch_all(connection)
        .await?;
    let mut by_id: HashMap<i64, WordCampaign> = found.into_iter().map(|campaign| (campaign.id, campaign)).collect();
    Ok(ids.iter().map(|id| by_id.remove(id)).collect())
}

/// Returns the current state of a campaign and locks it until the transaction ends, so that claims are serialised.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn lock(connection: &mut PgConnection, id: i64) -> sqlx::Result<Option<WordCampaign>> {
    campaign_query!(
        "select",
        "from word_campaigns where campaign_id = $1 for no key update",
        id
    )
    .fetch_optional(connection)
    .await
}

/// Returns campaigns, newest first; only ids below `below` if it is given.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, below: Option<i64>, limit: i64) -> sqlx::Result<Vec<WordCampaign>> {
    campaign_query!(
        "select",
        "from word_campaigns
         where campaign_id < coalesce($1, 9223372036854775807) order by campaign_id desc limit $2",
        below,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns the campaigns that have not ended and whose public randomness is not yet stored, earliest round first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn awaiting_beacon(
    connection: impl PgExecutor<'_>,
    at: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Vec<WordCampaign>> {
    campaign_query!(
        "select",
        "from word_campaigns
         where state = 'OPEN' and closes_at > $1 and beacon_round is not null and beacon_signature is null
         order by beacon_round, campaign_id limit $2",
        at,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Returns the first free share of a campaign from `first` on, else the first free one. The caller holds the
/// campaign's lock.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn free_place(connection: impl PgExecutor<'_>, id: i64, first: i32) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar!(
        r#"(select share_number as "share_number!" from word_shares
            where campaign_id = $1 and user_id is null and share_number >= $2
            order by share_number limit 1)
           union all
           (select share_number from word_shares where campaign_id = $1 and user_id is null and share_number < $2
            order by share_number limit 1)
           limit 1"#,
        id,
        first
    )
    .fetch_optional(connection)
    .await
}

/// Stores the public randomness of a campaign that awaits it.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn enter_beacon(
    connection: impl PgExecutor<'_>,
    id: i64,
    signature: &SignatureBytes,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update word_campaigns set beacon_signature = $2, updated_at = $3 where campaign_id = $1",
        id,
        signature.as_slice(),
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Ends an open campaign.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end(connection: impl PgExecutor<'_>, id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query!(
        "update word_campaigns set state = 'ENDED', ended_at = $2, updated_at = $2
         where campaign_id = $1 and state = 'OPEN'",
        id,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Ends the campaigns of a word whose window has closed.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end_if_over(
    connection: impl PgExecutor<'_>,
    normalised_word: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query!(
        "update word_campaigns set state = 'ENDED', ended_at = closes_at, updated_at = $2
         where normalised_word = $1 and state = 'OPEN' and closes_at <= $2",
        normalised_word,
        at
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Inserts a campaign with rows for its shares. Returns `None` if another campaign of the word is open during its
/// window.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn insert(
    connection: &mut PgConnection,
    terms: &WordTerms,
    normalised_word: &str,
    commitment: &Commitment,
    created_by: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<WordCampaign>> {
    let campaign = campaign_query!(
        "with made as (
             insert into word_campaigns (word, normalised_word, amount, coin_id, max_count, split, hold, opens_at,
                                         closes_at, draw_hash, draw_public_key, draw_salt, beacon_round, created_by,
                                         reason, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6::text::word_split, make_interval(secs => $7), $8, $9, $10, $11, $12, $13,
                     $14, $15, $16, $16)
             on conflict do nothing
             returning *
         )
         select",
        "from made",
        display_form(&terms.word),
        normalised_word,
        terms.amount,
        terms.coin_id,
        terms.share_count,
        terms.split.name(),
        terms.hold.num_seconds() as f64,
        terms.opens_at,
        terms.closes_at,
        &commitment.hash()[..],
        commitment.public_key.as_slice(),
        commitment.salt.as_slice(),
        commitment.beacon_round,
        created_by,
        terms.reason.trim(),
        at
    )
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(campaign) = &campaign {
        sqlx::query!(
            "insert into word_shares (campaign_id, share_number) select $1, generate_series(1, $2)",
            campaign.id,
            campaign.share_count
        )
        .execute(connection)
        .await?;
    }
    Ok(campaign)
}

/// Ends at most `limit` open campaigns whose window has closed at that instant, by id, starting after `after`.
///
/// Skips a locked campaign: its holder ends it, or claims a share that was requested in time.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end_over(
    connection: &mut PgConnection,
    after: Option<i64>,
    at: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<i64>> {
    let chunk = sqlx::query!(
        r#"with chunk as (
               select campaign_id from word_campaigns
               where state = 'OPEN' and closes_at <= $2 and campaign_id > $1
               order by campaign_id limit $3 for update skip locked
           ),
           ended as (
               update word_campaigns c set state = 'ENDED', ended_at = c.closes_at, updated_at = $2
               from chunk where c.campaign_id = chunk.campaign_id
               returning 1
           )
           select (select count(*) from ended) as "changed!", (select count(*) from chunk) as "looked_at!", campaign_id
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
