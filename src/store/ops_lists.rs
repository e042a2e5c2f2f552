//! Lists for operators that may be long: invitees of a user, places of a reservation campaign, claims of a word
//! campaign. Each is read in pages by its key.

use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::award::AwardStatus;
use crate::domain::id::UserId;
use crate::domain::qualification::Qualification;
use crate::store::me::qualifications;
use crate::store::unnamed::Unnamed;

/// User who bound an invitation code, with the award of the inviter.
#[derive(Clone, Debug, PartialEq)]
pub struct InviteeRecord {
    pub user_id: i64,
    pub bound_at: DateTime<Utc>,
    pub award_id: Option<i64>,
    pub status: Option<AwardStatus>,
    pub amount: Option<Decimal>,
    pub coin_id: Option<String>,
    /// Progress under the rules with conditions.
    pub qualifications: Vec<Qualification>,
}

/// Returns the users who bound a user's code, in the order of their bindings, after one of them.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn invitees(
    connection: impl PgExecutor<'_>,
    inviter: UserId,
    after: Option<UserId>,
    limit: i64,
    today: NaiveDate,
) -> sqlx::Result<Vec<InviteeRecord>> {
    sqlx::query!(
        r#"select c.user_id, c.bound_at, a.award_id as "award_id?", a.status::text as "status?: AwardStatus",
                  a.amount as "amount?", a.coin_id as "coin_id?",
                  shown_qualifications(c.user_id, null, $4)::text as qualifications
           from invitation_children c
           left join awards a on (a.once_day, a.user_id, a.source, a.source_key)
                                 = ('1900-01-01', c.parent_id, 'invite_friend', c.user_id::text)
           where c.parent_id = $1
             and ($2::bigint is null
                  or (c.bound_at, c.user_id) > (select bound_at, user_id from invitation_children
                                                where parent_id = $1 and user_id = $2))
           order by c.bound_at, c.user_id limit $3"#,
        inviter.0,
        after.map(|user| user.0),
        limit,
        today
    )
    .try_map(|row| {
        Ok(InviteeRecord {
            user_id: row.user_id,
            bound_at: row.bound_at,
            award_id: row.award_id,
            status: row.status,
            amount: row.amount,
            coin_id: row.coin_id,
            qualifications: qualifications::from_json(row.qualifications.as_deref())?,
        })
    })
    .fetch_all(Unnamed(connection))
    .await
}

/// Active place of a reservation campaign, with its reward.
#[derive(Clone, Debug, PartialEq)]
pub struct ReservedPlaceRecord {
    pub user_id: i64,
    pub reserved_at: DateTime<Utc>,
    pub award_id: Option<i64>,
    pub status: Option<AwardStatus>,
}

/// Returns the active places of a campaign by user, after a user.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn reserved_places(
    connection: impl PgExecutor<'_>,
    key: &str,
    after: UserId,
    limit: i64,
) -> sqlx::Result<Vec<ReservedPlaceRecord>> {
    sqlx::query_as!(
        ReservedPlaceRecord,
        r#"select r.user_id, r.reserved_at, a.award_id as "award_id?", a.status::text as "status?: AwardStatus"
           from reservation_campaigns c
           join reservations r on r.campaign_id = c.campaign_id and r.cancelled_at is null
           left join awards a on (a.once_day, a.user_id, a.source, a.source_key)
                                 = ('1900-01-01', r.user_id, 'reservation', c.campaign_id::text)
           where c.campaign_key = $1 and r.user_id > $2
           order by r.user_id limit $3"#,
        key,
        after.0,
        limit
    )
    .fetch_all(Unnamed(connection))
    .await
}

/// Claim of a share of a word campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct WordClaimRecord {
    pub number: i32,
    pub place: i32,
    pub user_id: i64,
    pub award_id: i64,
    pub amount: Decimal,
    pub claimed_at: DateTime<Utc>,
    pub status: AwardStatus,
}

/// Returns the claims of a campaign in their order, after a number.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn word_claims(
    connection: impl PgExecutor<'_>,
    campaign: i64,
    after: i32,
    limit: i64,
) -> sqlx::Result<Vec<WordClaimRecord>> {
    sqlx::query_as!(
        WordClaimRecord,
        r#"select s.claim_number as "number!", s.share_number as place, s.user_id as "user_id!",
                  s.award_id as "award_id!", s.amount as "amount!", s.claimed_at as "claimed_at!",
                  a.status::text as "status!: AwardStatus"
           from word_shares s join awards a on (a.user_id, a.award_id) = (s.user_id, s.award_id)
           where s.campaign_id = $1 and s.claim_number > $2 order by s.claim_number limit $3"#,
        campaign,
        after,
        limit
    )
    .fetch_all(Unnamed(connection))
    .await
}
