//! Voiding, reversing and retrying awards: set-based, each with its row in the audit log.

use crate::store::bounded::PgConnection;
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::audit::Author;
use crate::domain::correction::{AwardSelection, Correction};

/// Awards that a correction looked at, by what they were like before it.
#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
pub struct CorrectedGroup {
    pub status: i16,
    pub coin_id: String,
    /// Whether they were changed; if not, their status did not admit it.
    pub changed: bool,
    pub award_count: i64,
    pub amount: Decimal,
}

/// How many awards fit a selection, counted up to `limit`.
pub async fn count(connection: impl PgExecutor<'_>, selection: &AwardSelection, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar(
        "select count(*) from (
             select from awards
             where ($1::bigint[] is null or award_id = any ($1)) and ($2::bigint is null or user_id = $2)
               and ($3::text is null or item = $3) and ($4::date is null or business_day = $4)
             limit $5
         ) fitting",
    )
    .bind(ids(selection))
    .bind(selection.user_id.map(|user| user.0))
    .bind(&selection.item)
    .bind(selection.business_day)
    .bind(limit)
    // Planned for what is selected by: an award's id, a user, or a day.
    .persistent(false)
    .fetch_one(connection)
    .await
}

/// Corrects the awards that fit: those whose status admits it change, the others are counted.
pub async fn correct(
    connection: &mut PgConnection,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
) -> sqlx::Result<Vec<CorrectedGroup>> {
    let (from, to) = correction.moves();
    sqlx::query_as(include_str!("corrections/correct.sql"))
        .bind(ids(selection))
        .bind(selection.user_id.map(|user| user.0))
        .bind(&selection.item)
        .bind(selection.business_day)
        .bind(from as i16)
        .bind(to as i16)
        .bind(author.at)
        .bind(&author.name)
        .bind(reason)
        .bind(&author.request_id)
        .bind(correction.action())
        .persistent(false)
        .fetch_all(connection)
        .await
}

fn ids(selection: &AwardSelection) -> Option<Vec<i64>> {
    selection.ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect())
}
