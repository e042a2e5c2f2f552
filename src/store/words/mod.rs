//! Word campaigns and their shares; claims of shares are in [`claims`].

pub mod claims;

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use super::bounded::PgConnection;
use super::rules::{label, unknown};
use super::walk::{BatchResult, Chunk};
use crate::domain::bls::SignatureBytes;
use crate::domain::text::display_form;
use crate::domain::word::{Split, WordCampaign, WordTerms};
use crate::domain::word_commitment::Commitment;

impl FromRow<'_, PgRow> for WordCampaign {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let split = label(row, "split")?;
        let split = Split::ALL
            .into_iter()
            .find(|known| known.name() == split)
            .ok_or_else(|| unknown("split"))?;
        let (amount, share_count) = (row.try_get("amount")?, row.try_get("max_count")?);
        let public_key = bytes(row, "draw_public_key")?;
        let commitment = match public_key.zip(bytes(row, "draw_salt")?) {
            Some((public_key, salt)) => Some(Commitment {
                public_key,
                salt,
                amount,
                share_count,
                split,
                beacon_round: row.try_get("beacon_round")?,
            }),
            None => None,
        };
        Ok(Self {
            id: row.try_get("campaign_id")?,
            word: row.try_get("word")?,
            amount,
            coin_id: row.try_get("coin_id")?,
            share_count,
            split,
            hold: TimeDelta::seconds(row.try_get("hold_seconds")?),
            used_count: row.try_get("used_count")?,
            used_amount: row.try_get("used_amount")?,
            opens_at: row.try_get("opens_at")?,
            closes_at: row.try_get("closes_at")?,
            ended_at: row.try_get("ended_at")?,
            draw_hash: bytes(row, "draw_hash")?.ok_or_else(|| unknown("draw_hash"))?,
            commitment,
            beacon_signature: bytes(row, "beacon_signature")?,
            created_by: row.try_get("created_by")?,
            reason: row.try_get("reason")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// Reads a value with a fixed number of bytes.
fn bytes<const N: usize>(row: &PgRow, column: &str) -> sqlx::Result<Option<[u8; N]>> {
    let bytes: Option<&[u8]> = row.try_get(column)?;
    bytes
        .map(|bytes| bytes.try_into().map_err(|_| unknown(column)))
        .transpose()
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
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns
         where normalised_word = $1
         order by state = 'OPEN' and opens_at <= $2 and closes_at > $2 desc, opens_at <= $2 desc, opens_at desc, campaign_id desc
         limit 1",
    )
    .bind(normalised_word)
    .bind(at)
    .fetch_optional(connection)
    .await
}

/// Returns a campaign by its id.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Option<WordCampaign>> {
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns where campaign_id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Returns the campaigns with these ids, in their order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find_many(connection: impl PgExecutor<'_>, ids: &[i64]) -> sqlx::Result<Vec<Option<WordCampaign>>> {
    let found: Vec<WordCampaign> = sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns where campaign_id = any($1)",
    )
    .bind(ids)
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
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns where campaign_id = $1 for no key update",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Returns campaigns, newest first; only ids below `below` if it is given.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(connection: impl PgExecutor<'_>, below: Option<i64>, limit: i64) -> sqlx::Result<Vec<WordCampaign>> {
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns
         where campaign_id < coalesce($1, 9223372036854775807) order by campaign_id desc limit $2",
    )
    .bind(below)
    .bind(limit)
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
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns
         where state = 'OPEN' and closes_at > $1 and beacon_round is not null and beacon_signature is null
         order by beacon_round, campaign_id limit $2",
    )
    .bind(at)
    .bind(limit)
    .fetch_all(connection)
    .await
}

/// Returns the first free share of a campaign from `first` on, else the first free one. The caller holds the
/// campaign's lock.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn free_place(connection: impl PgExecutor<'_>, id: i64, first: i32) -> sqlx::Result<Option<i32>> {
    sqlx::query_scalar(
        "(select share_number from word_shares where campaign_id = $1 and user_id is null and share_number >= $2
          order by share_number limit 1)
         union all
         (select share_number from word_shares where campaign_id = $1 and user_id is null and share_number < $2
          order by share_number limit 1)
         limit 1",
    )
    .bind(id)
    .bind(first)
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
    sqlx::query("update word_campaigns set beacon_signature = $2, updated_at = $3 where campaign_id = $1")
        .bind(id)
        .bind(signature.as_slice())
        .bind(at)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Ends an open campaign.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn end(connection: impl PgExecutor<'_>, id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("update word_campaigns set state = 'ENDED', ended_at = $2, updated_at = $2 where campaign_id = $1 and state = 'OPEN'")
        .bind(id)
        .bind(at)
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
    sqlx::query(
        "update word_campaigns set state = 'ENDED', ended_at = closes_at, updated_at = $2
         where normalised_word = $1 and state = 'OPEN' and closes_at <= $2",
    )
    .bind(normalised_word)
    .bind(at)
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
    let campaign: Option<WordCampaign> = sqlx::query_as(
        "insert into word_campaigns (word, normalised_word, amount, coin_id, max_count, split, hold, opens_at, closes_at,
                                     draw_hash, draw_public_key, draw_salt, beacon_round, created_by, reason, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6::word_split, make_interval(secs => $7), $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
         on conflict do nothing
         returning *, extract(epoch from hold)::bigint as hold_seconds",
    )
    .bind(display_form(&terms.word))
    .bind(normalised_word)
    .bind(terms.amount)
    .bind(&terms.coin_id)
    .bind(terms.share_count)
    .bind(terms.split.name())
    .bind(terms.hold.num_seconds() as f64)
    .bind(terms.opens_at)
    .bind(terms.closes_at)
    .bind(commitment.hash().as_slice())
    .bind(commitment.public_key.as_slice())
    .bind(commitment.salt.as_slice())
    .bind(commitment.beacon_round)
    .bind(created_by)
    .bind(terms.reason.trim())
    .bind(at)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(campaign) = &campaign {
        sqlx::query("insert into word_shares (campaign_id, share_number) select $1, generate_series(1, $2)")
            .bind(campaign.id)
            .bind(campaign.share_count)
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
    #[derive(FromRow)]
    struct Key {
        campaign_id: i64,
    }
    let chunk: Option<Chunk<Key>> = sqlx::query_as(
        "with chunk as (
             select campaign_id from word_campaigns
             where state = 'OPEN' and closes_at <= $2 and campaign_id > $1
             order by campaign_id limit $3 for update skip locked
         ),
         ended as (
             update word_campaigns c set state = 'ENDED', ended_at = c.closes_at, updated_at = $2
             from chunk where c.campaign_id = chunk.campaign_id
             returning 1
         )
         select (select count(*) from ended) as changed, (select count(*) from chunk) as looked_at, campaign_id
         from chunk order by campaign_id desc limit 1",
    )
    .bind(after.unwrap_or(0))
    .bind(at)
    .bind(limit)
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit).by(|key| key.campaign_id))
}
