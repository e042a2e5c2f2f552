//! Awards as operators see them: with their origin and the reason why they are parked.

use sqlx::{FromRow, PgExecutor, Row, postgres::PgRow};

use super::awards::with_award_columns;
use crate::domain::award::Award;
use crate::domain::correction::AwardSelection;
use crate::domain::id::AwardId;

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

impl FromRow<'_, PgRow> for AwardRecord {
    fn from_row(row: &PgRow) -> sqlx::Result<Self> {
        Ok(Self {
            award: Award::from_row(row)?,
            source: row.try_get("source")?,
            source_key: row.try_get("source_key")?,
            rule_version: row.try_get("rule_version")?,
            recorded_by: row.try_get("recorded_by")?,
            settle_error: row.try_get("settle_error")?,
        })
    }
}

/// Returns an award by its id, regardless of its user.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn find(connection: impl PgExecutor<'_>, id: AwardId) -> sqlx::Result<Option<AwardRecord>> {
    sqlx::query_as(with_award_columns!(
        "select source, source_key, rule_version, recorded_by, settle_error,",
        "from awards where award_id = $1"
    ))
    .bind(id.0)
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
    sqlx::query_as(with_award_columns!(
        "select source, source_key, rule_version, recorded_by, settle_error,",
        "from awards
         where ($1::bigint[] is null or award_id = any ($1)) and ($2::bigint is null or user_id = $2)
           and ($3::text is null or item = $3) and ($4::date is null or business_day = $4)
           and award_id < coalesce($5, 9223372036854775807)
         order by award_id desc limit $6"
    ))
    .bind(
        selection
            .ids
            .as_ref()
            .map(|ids| ids.iter().map(|id| id.0).collect::<Vec<_>>()),
    )
    .bind(selection.user_id.map(|user| user.0))
    .bind(&selection.item)
    .bind(selection.business_day)
    .bind(below.map(|id| id.0))
    .bind(limit)
    // Planned for the actual selection: an award id, a user, or a day.
    .persistent(false)
    .fetch_all(connection)
    .await
}

/// Returns the parked awards, oldest first.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn parked(connection: impl PgExecutor<'_>, limit: i64) -> sqlx::Result<Vec<AwardRecord>> {
    // Uses the settlement index: only pending awards are read.
    sqlx::query_as(with_award_columns!(
        "select source, source_key, rule_version, recorded_by, settle_error,",
        "from awards
         where status = 'PENDING' and settle_error is not null order by award_id limit $1"
    ))
    .bind(limit)
    .fetch_all(connection)
    .await
}
