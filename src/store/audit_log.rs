//! The audit log. Rows are added in the transaction of what they tell of: none without the other.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::{FromRow, PgExecutor};

use crate::domain::audit::{Author, Change};
use crate::domain::id::UserId;

/// A row of the log.
#[derive(Clone, Debug, PartialEq, FromRow)]
pub struct AuditRecord {
    pub audit_id: i64,
    pub at: DateTime<Utc>,
    pub actor: String,
    pub action: String,
    pub subject: String,
    pub user_id: Option<i64>,
    pub reason: Option<String>,
    pub before: Option<Value>,
    pub after: Option<Value>,
    pub request_id: Option<String>,
}

/// Which rows are wanted: those that fit all that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub subject: Option<String>,
    pub user_id: Option<UserId>,
    pub actor: Option<String>,
    pub action: Option<String>,
}

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

/// The rows that fit, the newest first, below an id where one is given.
pub async fn list(
    connection: impl PgExecutor<'_>,
    filter: &AuditFilter,
    below: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<AuditRecord>> {
    sqlx::query_as(
        "select * from audit_log
         where ($1::text is null or subject = $1) and ($2::bigint is null or user_id = $2)
           and ($3::text is null or actor = $3) and ($4::text is null or action = $4)
           and audit_id < coalesce($5, 9223372036854775807)
         order by audit_id desc limit $6",
    )
    .bind(&filter.subject)
    .bind(filter.user_id.map(|user| user.0))
    .bind(&filter.actor)
    .bind(&filter.action)
    .bind(below)
    .bind(limit)
    // Planned for what is filtered by.
    .persistent(false)
    .fetch_all(connection)
    .await
}
