//! Claims of shares.

use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::id::{AwardId, UserId};
use crate::domain::word_commitment::{ClaimProof, PublishedClaim};
use crate::store::bounded::PgConnection;

/// Share claimed by a user.
#[derive(Clone, Copy, Debug)]
pub struct TakenShare<'a> {
    pub campaign_id: i64,
    pub place: i32,
    pub amount: Decimal,
    pub user: UserId,
    pub award: AwardId,
    pub claim: &'a ClaimProof,
    pub at: DateTime<Utc>,
}

/// Records and counts a claimed share. The caller holds the campaign's lock.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn claim_share(connection: &mut PgConnection, share: TakenShare<'_>) -> sqlx::Result<()> {
    sqlx::query!(
        "with counted as (
             update word_campaigns set used_count = used_count + 1, used_amount = used_amount + $6, updated_at = $5
             where campaign_id = $1
             returning used_count
         )
         update word_shares s
         set user_id = $3, award_id = $4, claimed_at = $5, amount = $6, claimant = $7, claim_number = counted.used_count
         from counted where (s.campaign_id, s.share_number) = ($1, $2)",
        share.campaign_id,
        share.place,
        share.user.0,
        share.award.0,
        share.at,
        share.amount,
        share.claim.claimant.as_slice()
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Returns the claims of a campaign with a number greater than the given one, in order.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn claims(
    connection: impl PgExecutor<'_>,
    id: i64,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<PublishedClaim>> {
    sqlx::query_as!(
        PublishedClaim,
        r#"select claim_number as "number!", claimant as "claimant!: [u8; 32]", share_number as place,
               amount as "amount!"
           from word_shares where campaign_id = $1 and claim_number > $2 order by claim_number limit $3"#,
        id,
        after,
        limit
    )
    .fetch_all(connection)
    .await
}

/// Page of the claims of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimsPage {
    pub campaign: i64,
    /// Number of the last claim before the page.
    pub after: i32,
    /// Maximum number of claims.
    pub limit: i32,
}

/// Returns the claims of each page in order; pages in the order of `pages`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn claims_of_pages(
    connection: impl PgExecutor<'_>,
    pages: &[ClaimsPage],
) -> sqlx::Result<Vec<Option<Vec<PublishedClaim>>>> {
    let rows = sqlx::query!(
        r#"select page.slot as "slot!", claim.claim_number as "number!", claim.claimant as "claimant!: [u8; 32]",
                  claim.share_number as place, claim.amount as "amount!"
           from unnest($1::bigint[], $2::integer[], $3::integer[])
                with ordinality as page (campaign_id, after, size, slot)
           cross join lateral (
               select claim_number, claimant, share_number, amount from word_shares s
               where s.campaign_id = page.campaign_id and s.claim_number > page.after
               order by claim_number limit page.size
           ) claim
           order by page.slot, claim.claim_number"#,
        &pages.iter().map(|page| page.campaign).collect::<Vec<_>>()[..],
        &pages.iter().map(|page| page.after).collect::<Vec<_>>()[..],
        &pages.iter().map(|page| page.limit).collect::<Vec<_>>()[..]
    )
    .fetch_all(connection)
    .await?;
    let mut found = vec![Vec::new(); pages.len()];
    for row in rows {
        found[row.slot as usize - 1].push(PublishedClaim {
            number: row.number,
            claimant: row.claimant,
            place: row.place,
            amount: row.amount,
        });
    }
    Ok(found.into_iter().map(Some).collect())
}

/// Key of a user's claim in a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimKey {
    pub campaign: i64,
    pub user: UserId,
}

/// Returns the claim of each user in the given campaign, in the order of `keys`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn claims_of_users(
    connection: impl PgExecutor<'_>,
    keys: &[ClaimKey],
) -> sqlx::Result<Vec<Option<PublishedClaim>>> {
    let rows = sqlx::query!(
        r#"select asked.slot as "slot!", claim_number as "number!", claimant as "claimant!: [u8; 32]",
                  share_number as place, amount as "amount!"
           from unnest($1::bigint[], $2::bigint[]) with ordinality as asked (campaign_id, user_id, slot)
           join word_shares s on (s.campaign_id, s.user_id) = (asked.campaign_id, asked.user_id)
           where claim_number is not null"#,
        &keys.iter().map(|key| key.campaign).collect::<Vec<_>>()[..],
        &keys.iter().map(|key| key.user.0).collect::<Vec<_>>()[..]
    )
    .fetch_all(connection)
    .await?;
    let mut found = vec![None; keys.len()];
    for row in rows {
        found[row.slot as usize - 1] = Some(PublishedClaim {
            number: row.number,
            claimant: row.claimant,
            place: row.place,
            amount: row.amount,
        });
    }
    Ok(found)
}
