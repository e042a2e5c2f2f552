//! Word campaigns and their shares.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, TimeDelta, Utc};
use rust_decimal::Decimal;
use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use super::rules::unknown;
use super::walk::{Chunk, Walked};
use crate::domain::id::{AwardId, UserId};
use crate::domain::text::display_form;
use crate::domain::word::{Split, WordCampaign, WordTerms};
use crate::domain::word_draw::Draw;

impl FromRow<'_, PgRow> for WordCampaign {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        let split: &str = row.try_get("split")?;
        let bytes = |column: &str| -> sqlx::Result<[u8; 32]> {
            let bytes: &[u8] = row.try_get(column)?;
            bytes.try_into().map_err(|_| unknown(column))
        };
        Ok(Self {
            id: row.try_get("campaign_id")?,
            word: row.try_get("word")?,
            amount: row.try_get("amount")?,
            coin_id: row.try_get("coin_id")?,
            share_count: row.try_get("max_count")?,
            split: Split::ALL
                .into_iter()
                .find(|known| known.name() == split)
                .ok_or_else(|| unknown("split"))?,
            hold: TimeDelta::seconds(row.try_get("hold_seconds")?),
            used_count: row.try_get("used_count")?,
            used_amount: row.try_get("used_amount")?,
            opens_at: row.try_get("opens_at")?,
            closes_at: row.try_get("closes_at")?,
            ended_at: row.try_get("ended_at")?,
            draw_nonce: bytes("draw_nonce")?,
            draw_hash: bytes("draw_hash")?,
            created_by: row.try_get("created_by")?,
            reason: row.try_get("reason")?,
            created_at: row.try_get("created_at")?,
            updated_at: row.try_get("updated_at")?,
        })
    }
}

/// The campaign that a word means at an instant: the one that is open, else the last one that was; none that has yet to open.
pub async fn find_by_word(
    connection: impl PgExecutor<'_>,
    normalised_word: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<WordCampaign>> {
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns
         where normalised_word = $1 and opens_at <= $2
         order by state = 'OPEN' desc, campaign_id desc limit 1",
    )
    .bind(normalised_word)
    .bind(at)
    .fetch_optional(connection)
    .await
}

/// A campaign by id.
pub async fn find(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Option<WordCampaign>> {
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns where campaign_id = $1",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// A campaign as it is now, held until the transaction ends: claims of it follow each other.
pub async fn lock(connection: &mut PgConnection, id: i64) -> sqlx::Result<Option<WordCampaign>> {
    sqlx::query_as(
        "select *, extract(epoch from hold)::bigint as hold_seconds from word_campaigns where campaign_id = $1 for no key update",
    )
    .bind(id)
    .fetch_optional(connection)
    .await
}

/// Campaigns, the newest first, below an id where one is given.
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

/// The shares of a campaign, in their order.
pub async fn shares(connection: impl PgExecutor<'_>, id: i64) -> sqlx::Result<Vec<Decimal>> {
    sqlx::query_scalar("select amount from word_shares where campaign_id = $1 order by share_number")
        .bind(id)
        .fetch_all(connection)
        .await
}

/// The amount of one share.
pub async fn share_amount(
    connection: impl PgExecutor<'_>,
    id: i64,
    share_number: i32,
) -> sqlx::Result<Option<Decimal>> {
    sqlx::query_scalar("select amount from word_shares where (campaign_id, share_number) = ($1, $2)")
        .bind(id)
        .bind(share_number)
        .fetch_optional(connection)
        .await
}

/// Writes down whose a share is, and counts it; for who holds the campaign.
pub async fn claim_share(
    connection: &mut PgConnection,
    id: i64,
    share_number: i32,
    user: UserId,
    award: AwardId,
    at: DateTime<Utc>,
) -> sqlx::Result<()> {
    sqlx::query(
        "with claimed as (
             update word_shares set user_id = $3, award_id = $4, claimed_at = $5
             where (campaign_id, share_number) = ($1, $2)
             returning amount
         )
         update word_campaigns c set used_count = used_count + 1, used_amount = used_amount + claimed.amount, updated_at = $5
         from claimed where c.campaign_id = $1",
    )
    .bind(id)
    .bind(share_number)
    .bind(user.0)
    .bind(award.0)
    .bind(at)
    .execute(connection)
    .await
    .map(|_| ())
}

/// Ends a campaign that is open.
pub async fn end(connection: impl PgExecutor<'_>, id: i64, at: DateTime<Utc>) -> sqlx::Result<()> {
    sqlx::query("update word_campaigns set state = 'ENDED', ended_at = $2, updated_at = $2 where campaign_id = $1 and state = 'OPEN'")
        .bind(id)
        .bind(at)
        .execute(connection)
        .await
        .map(|_| ())
}

/// Ends the open campaign of a word if its window is over.
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

/// Adds a campaign with its shares; `None` when one of its word is open.
pub async fn insert(
    connection: &mut PgConnection,
    terms: &WordTerms,
    normalised_word: &str,
    draw: &Draw,
    created_by: &str,
    at: DateTime<Utc>,
) -> sqlx::Result<Option<WordCampaign>> {
    let campaign: Option<WordCampaign> = sqlx::query_as(
        "insert into word_campaigns (word, normalised_word, amount, coin_id, max_count, split, hold, opens_at, closes_at,
                                     draw_nonce, draw_hash, created_by, reason, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, make_interval(secs => $7), $8, $9, $10, $11, $12, $13, $14, $14)
         on conflict (normalised_word) where state = 'OPEN' do nothing
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
    .bind(draw.nonce.as_slice())
    .bind(draw.hash().as_slice())
    .bind(created_by)
    .bind(terms.reason.trim())
    .bind(at)
    .fetch_optional(&mut *connection)
    .await?;
    if let Some(campaign) = &campaign {
        sqlx::query(
            "insert into word_shares (campaign_id, share_number, amount)
             select $1, number, amount from unnest($2::numeric[]) with ordinality as share (amount, number)",
        )
        .bind(campaign.id)
        .bind(&draw.shares)
        .execute(connection)
        .await?;
    }
    Ok(campaign)
}

/// Ends at most `limit` open campaigns whose window is over at that instant, by id from the one after `after` on.
///
/// A campaign that somebody holds is passed by: they end it, or take a share that was asked for in time.
pub async fn end_over(
    connection: &mut PgConnection,
    after: Option<i64>,
    at: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<Walked<i64>> {
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
    let walked = Walked::from_chunk(chunk, limit);
    Ok(Walked {
        changed: walked.changed,
        next: walked.next.map(|key| key.campaign_id),
    })
}
