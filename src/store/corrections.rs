//! Set-based voiding, reversing and retrying of awards, each recorded in the audit log.

use crate::store::bounded::PgConnection;
use rust_decimal::Decimal;
use sqlx::PgExecutor;

use crate::domain::audit::Author;
use crate::domain::correction::{AwardSelection, Correction};
use crate::domain::id::{AwardId, UserId};
use crate::store::unnamed::Unnamed;

/// Awards selected for a correction, grouped by their state before it.
#[derive(Clone, Debug, PartialEq)]
pub struct CorrectedGroup {
    pub status: String,
    pub coin_id: String,
    /// True if the awards were changed; false if their status did not allow it.
    pub changed: bool,
    pub award_count: i64,
    pub amount: Decimal,
}

/// Counts the awards that match a selection, up to `limit`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn count(connection: impl PgExecutor<'_>, selection: &AwardSelection, limit: i64) -> sqlx::Result<i64> {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from (
               select 1 from awards
               where ($1::bigint[] is null or award_id = any ($1)) and ($2::bigint is null or user_id = $2)
                 and ($3::text is null or item = $3) and ($4::date is null or business_day = $4)
               limit $5
           ) fitting"#,
        ids(selection) as _,
        selection.user_id.map(|user| user.0),
        selection.item,
        selection.business_day,
        limit
    )
    // Planned for the actual selection: an award id, a user, or a day.
    .fetch_one(Unnamed(connection))
    .await
}

/// Corrects the matching awards whose status allows it, and counts the others.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn correct(
    connection: &mut PgConnection,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
) -> sqlx::Result<Vec<CorrectedGroup>> {
    if connection.is_distributed() && selection.user_id.is_none() {
        return correct_by_user(connection, correction, selection, reason, author).await;
    }
    correct_all(connection, correction, selection, reason, author).await
}

/// Corrects the awards of one user after the other: Citus locks rows of one shard per statement.
async fn correct_by_user(
    connection: &mut PgConnection,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
) -> sqlx::Result<Vec<CorrectedGroup>> {
    let by_user = sqlx::query!(
        r#"select user_id, array_agg(award_id) as "ids!" from awards
           where ($1::bigint[] is null or award_id = any ($1)) and ($2::text is null or item = $2)
             and ($3::date is null or business_day = $3)
           group by user_id order by user_id"#,
        ids(selection) as _,
        selection.item,
        selection.business_day
    )
    .fetch_all(Unnamed(&mut *connection))
    .await?;
    let mut groups: Vec<CorrectedGroup> = Vec::new();
    for user in by_user {
        let of_user = AwardSelection {
            ids: Some(user.ids.into_iter().map(AwardId).collect()),
            user_id: Some(UserId(user.user_id)),
            ..selection.clone()
        };
        for found in correct_all(connection, correction, &of_user, reason, author).await? {
            let same = |group: &&mut CorrectedGroup| {
                (&group.status, &group.coin_id, group.changed) == (&found.status, &found.coin_id, found.changed)
            };
            match groups.iter_mut().find(same) {
                Some(group) => {
                    group.award_count += found.award_count;
                    group.amount += found.amount;
                }
                None => groups.push(found),
            }
        }
    }
    Ok(groups)
}

async fn correct_all(
    connection: &mut PgConnection,
    correction: Correction,
    selection: &AwardSelection,
    reason: &str,
    author: &Author,
) -> sqlx::Result<Vec<CorrectedGroup>> {
    let (from, to) = correction.moves();
    sqlx::query_file_as!(
        CorrectedGroup,
        "src/store/corrections/correct.sql",
        ids(selection) as _,
        selection.user_id.map(|user| user.0),
        selection.item,
        selection.business_day,
        from.name(),
        to.name(),
        author.at,
        author.name,
        reason,
        author.request_id,
        correction.action()
    )
    .fetch_all(Unnamed(connection))
    .await
}

fn ids(selection: &AwardSelection) -> Option<Vec<i64>> {
    selection.ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect())
}
