//! The audit log. Rows are added in the transaction of what they tell of: none without the other.

use sqlx::PgConnection;

use crate::domain::audit::{Author, Change};

/// Adds changes, in their order, in one statement.
pub async fn record(connection: &mut PgConnection, author: &Author, changes: &[Change]) -> sqlx::Result<()> {
    fn column<T>(changes: &[Change], of: impl Fn(&Change) -> T) -> Vec<T> {
        changes.iter().map(of).collect()
    }
    sqlx::query(
        "insert into audit_log (at, actor, request_id, action, subject, user_id, reason, before, after)
         select $1, $2, $3, c.* from unnest($4::text[], $5::text[], $6::bigint[], $7::text[], $8::jsonb[], $9::jsonb[]) as c",
    )
    .bind(author.at)
    .bind(&author.name)
    .bind(&author.request_id)
    .bind(column(changes, |change| change.action))
    .bind(column(changes, |change| change.subject.clone()))
    .bind(column(changes, |change| change.user_id.map(|user| user.0)))
    .bind(column(changes, |change| change.reason.clone()))
    .bind(column(changes, |change| change.before.clone()))
    .bind(column(changes, |change| change.after.clone()))
    .execute(connection)
    .await
    .map(|_| ())
}
