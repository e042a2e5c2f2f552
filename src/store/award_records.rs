//! Awards as operators see them: with their origin and the reason why they are parked.

use sqlx::PgExecutor;

use super::unnamed::Unnamed;
use crate::domain::award::{Award, AwardStatus, AwardType};
use crate::domain::correction::AwardSelection;
use crate::domain::id::{AwardId, UserId};

/// Award with all stored details.
#[derive(Clone, Debug, PartialEq)]
pub struct AwardRecord {
    pub award: Award,
    /// Item of the award, or `import`.
    pub source: String,
    /// Unique key among the awards of a user and source: a target, a key or a campaign; empty if there is nothing to tell apart.
    pub source_key: String,
    /// Version of the rule that determined the amount; `None` for awards of campaigns.
    pub rule_version: Option<i32>,
    /// Actor that reported the task; `None` if the user performed the action in newbee.
    pub recorded_by: Option<String>,
    /// Reason why settlement failed. The award is parked until an operator retries it.
    pub settle_error: Option<String>,
}

/// Checked statement that returns award records, from its `from` on.
macro_rules! record_query {
    ($rest:literal $(, $argument:expr)* $(,)?) => {
        sqlx::query!(
            r#"select award_id, user_id, changed_in, item, award_type::text as "award_type!: AwardType", amount,
                      coin_id, target_id, status::text as "status!: AwardStatus", business_day, settles_at, created_at,
                      updated_at, source, source_key, rule_version, recorded_by, settle_error "#
                + $rest
            $(, $argument)*
        )
        .map(|row| AwardRecord {
            award: Award {
                id: AwardId(row.award_id),
                user_id: UserId(row.user_id),
                item: row.item,
                award_type: row.award_type,
                amount: row.amount,
                coin_id: row.coin_id,
                target_id: row.target_id,
                status: row.status,
                business_day: row.business_day,
                settles_at: row.settles_at,
                created_at: row.created_at,
                updated_at: row.updated_at,
                change: row.changed_in,
            },
            source: row.source,
            source_key: row.source_key,
            rule_version: row.rule_version,
            recorded_by: row.recorded_by,
            settle_error: row.settle_error,
        })
    };
}

/// Returns an award by its id, regardless of its user.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, id: AwardId) -> sqlx::Result<Option<AwardRecord>> {
    record_query!("from awards where award_id = $1", id.0)
        .fetch_optional(connection)
        .await
}

/// Returns the awards that match a selection, newest first; only ids below `below` if it is given.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(
    connection: impl PgExecutor<'_>,
    selection: &AwardSelection,
    below: Option<AwardId>,
    limit: i64,
) -> sqlx::Result<Vec<AwardRecord>> {
    record_query!(
        "from awards
         where ($1::bigint[] is null or award_id = any ($1)) and ($2::bigint is null or user_id = $2)
           and ($3::text is null or item = $3) and ($4::date is null or business_day = $4)
           and award_id < coalesce($5, 9223372036854775807)
         order by award_id desc limit $6",
        selection
            .ids
            .as_ref()
            .map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>()) as _,
        selection.user_id.map(|user| user.0),
        selection.item,
        selection.business_day,
        below.map(|id| id.0),
        limit,
    )
    // Planned for the actual selection: an award id, a user, or a day.
    .fetch_all(Unnamed(connection))
    .await
}

/// Returns the parked awards, oldest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn parked(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<AwardRecord>> {
    // Uses the settlement index: only pending awards are read.
    record_query!(
        "from awards
         where status = 'PENDING' and settle_error is not null order by award_id limit $1",
        limit,
    )
    .fetch_all(connection)
    .await
}
