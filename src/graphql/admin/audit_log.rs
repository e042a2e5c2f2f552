//! Audit log: changes, reads of personal data and reported tasks.

use async_graphql::{Context, ID, Json, Object, SimpleObject};

use super::awards::list_length;
use super::context::AdminContext;
use super::user_id::{id_of, user_id};
use crate::domain::api_key::Scope;
use crate::domain::id::UserId;
use crate::graphql::NullableField;
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::DateTime;
use crate::loaders::ops::{AuditFilter, AuditRecord};

#[derive(Default)]
pub(super) struct AuditQueries;

#[Object]
impl AuditQueries {
    /// Returns the audit log, newest first: changes, reads of personal data (`read_user`, `find_users`) and reported
    /// tasks and acts (`record_tasks`, `act_for_users`). All conditions must match. Changes are kept permanently, all
    /// other entries for 400 days. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    #[allow(clippy::too_many_arguments)] // the arguments of the field
    async fn audit_log(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only entries about this object, such as `rule:join_group` or `award:22`.")] subject: Option<
            String,
        >,
        #[graphql(
            desc = "Only entries about this user, by the host application's user ID.",
            name = "userId"
        )]
        user: Option<ID>,
        #[graphql(desc = "Only entries by this author, such as `key:chat` or `command line`.")] actor: Option<String>,
        #[graphql(desc = "Only entries with this operation, such as `void_award`.")] action: Option<String>,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
        #[graphql(desc = "Only entries older than this ID; for paging, the last ID of the previous page.")]
        below: Option<ID>,
    ) -> NullableField<Vec<AuditEntry>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let filter = AuditFilter {
                subject,
                user_id: user.as_ref().map(user_id).transpose()?,
                actor,
                action,
                changes_only: false,
            };
            let below = below
                .map(|id| {
                    id.parse::<i64>()
                        .map_err(|_| bad_user_input("below must be the ID of an audit log entry."))
                })
                .transpose()?;
            let entries = context.ops.audit_log(&filter, below, list_length(first)?).await;
            entries
                .map(|entries| entries.into_iter().map(AuditEntry::from).collect())
                .map_err(Into::into)
        };
        Some(found.await)
    }
}

/// An entry of the audit log: one change, read or report.
#[derive(SimpleObject)]
pub(super) struct AuditEntry {
    /// Entry ID, ascending in time.
    id: ID,
    /// Time of the change.
    at: DateTime,
    /// Author of the change, such as `key:chat` or `command line`.
    actor: String,
    /// Operation performed, such as `void_award`.
    action: String,
    /// Object of the operation, such as `rule:join_group`.
    subject: String,
    /// Host application's ID of the affected user; null if no single user is affected.
    user_id: Option<ID>,
    /// Reason given by the author; null for operations that take none.
    reason: Option<String>,
    /// State before the change; null if the object did not exist.
    before: Option<Json<serde_json::Value>>,
    /// State after the change; null if the object no longer exists.
    after: Option<Json<serde_json::Value>>,
    /// ID of the request that made the change, as in replies and logs.
    request_id: Option<String>,
}

impl From<AuditRecord> for AuditEntry {
    fn from(record: AuditRecord) -> Self {
        Self {
            id: ID(record.audit_id.to_string()),
            at: DateTime(record.at),
            actor: record.actor,
            action: record.action,
            subject: record.subject,
            user_id: record.user_id.map(|user| id_of(UserId(user))),
            reason: record.reason,
            before: record.before.map(Json),
            after: record.after.map(Json),
            request_id: record.request_id,
        }
    }
}
