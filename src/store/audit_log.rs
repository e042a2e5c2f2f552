//! The audit log. An entry is inserted in the same transaction as the change that it records.

use crate::store::bounded::PgConnection;
use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgExecutor;

use crate::domain::audit::{Author, Change};
use crate::domain::id::UserId;
use crate::store::unnamed::Unnamed;
use crate::store::walk::{BatchResult, Chunk};

/// Actions that change nothing: reads of personal data, and reports of tasks and acts, whose effects are visible as
/// awards or have entries of their own. Their entries are deleted after a retention period. An index and a trigger of
/// the database use the same list.
const WITHOUT_CHANGE: [&str; 4] = ["read_user", "find_users", "record_tasks", "act_for_users"];

/// Entry of the log.
#[derive(Clone, Debug, PartialEq)]
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

/// Filter of a listing; all conditions must match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub subject: Option<String>,
    pub user_id: Option<UserId>,
    pub actor: Option<String>,
    pub action: Option<String>,
    /// Leaves out entries that record no change, such as reads of personal data.
    pub changes_only: bool,
}

/// Inserts entries in the given order, in one statement.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn record(connection: &mut PgConnection, author: &Author, changes: &[Change]) -> sqlx::Result<()> {
    fn column<T>(changes: &[Change], of: impl Fn(&Change) -> T) -> Vec<T> {
        changes.iter().map(of).collect()
    }
    sqlx::query!(
        "insert into audit_log (at, actor, request_id, action, subject, user_id, reason, before, after)
         select $1, $2, $3, c.*
         from unnest($4::text[], $5::text[], $6::bigint[], $7::text[], $8::jsonb[], $9::jsonb[]) as c",
        author.at,
        author.name,
        author.request_id,
        column(changes, |change| change.action) as _,
        column(changes, |change| change.subject.clone()) as _,
        column(changes, |change| change.user_id.map(|user| user.0)) as _,
        column(changes, |change| change.reason.clone()) as _,
        column(changes, |change| change.before.clone()) as _,
        column(changes, |change| change.after.clone()) as _
    )
    .execute(connection)
    .await
    .map(|_| ())
}

/// Returns the matching entries, newest first; only ids below `below` if it is given.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn list(
    connection: impl PgExecutor<'_>,
    filter: &AuditFilter,
    below: Option<i64>,
    limit: i64,
) -> sqlx::Result<Vec<AuditRecord>> {
    sqlx::query_as!(
        AuditRecord,
        "select * from audit_log
         where ($1::text is null or subject = $1) and ($2::bigint is null or user_id = $2)
           and ($3::text is null or actor = $3) and ($4::text is null or action = $4)
           and audit_id < coalesce($5, 9223372036854775807)
           and not ($7 and action = any ($8))
         order by audit_id desc limit $6",
        filter.subject,
        filter.user_id.map(|user| user.0),
        filter.actor,
        filter.action,
        below,
        limit,
        filter.changes_only,
        &WITHOUT_CHANGE[..] as _
    )
    // Planned for the actual filter values, not for a generic filter.
    .fetch_all(Unnamed(connection))
    .await
}

/// Deletes entries that record no change and are older than an instant. Examines at most `limit` entries, starting
/// after `after`.
///
/// # Errors
/// Returns an error if the database query fails.
pub async fn prune(
    connection: &mut PgConnection,
    after: Option<i64>,
    before: DateTime<Utc>,
    limit: i64,
) -> sqlx::Result<BatchResult<i64>> {
    let chunk = sqlx::query!(
        r#"with chunk as (
               select audit_id, at from audit_log
               where action in ('read_user', 'find_users', 'record_tasks', 'act_for_users') and audit_id > $1
               order by audit_id limit $3
           ),
           deleted as (
               delete from audit_log l using chunk where l.audit_id = chunk.audit_id and chunk.at < $2
               returning 1
           )
           select (select count(*) from deleted) as "changed!", (select count(*) from chunk) as "looked_at!", audit_id
           from chunk order by audit_id desc limit 1"#,
        after.unwrap_or(0),
        before,
        limit
    )
    .map(|row| Chunk {
        changed: row.changed,
        looked_at: row.looked_at,
        last: row.audit_id,
    })
    .fetch_optional(connection)
    .await?;
    Ok(BatchResult::from_chunk(chunk, limit))
}
