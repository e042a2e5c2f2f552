//! Users of the host application: registration and erasure.

use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::context::AdminContext;
use super::user_id::user_id;
use crate::domain::api_key::Scope;
use crate::domain::id::UserId;
use crate::domain::rejection::{RejectionCode, RejectionTable};
use crate::domain::user::{EraseRejection, UnknownUser, UserRejection, UserReport};
use crate::graphql::NullableField;
use crate::graphql::errors::bad_user_input;
use crate::graphql::rejections::{Code, CodeSet};
use crate::service::correct_awards::Mode;
use crate::service::erase_user::{EraseOutcome, erase_user};
use crate::service::register_users::{Existing, RegisterOutcome, register_users};

/// Maximum number of users in one call.
const MAX_USERS: usize = 10_000;

#[derive(Default)]
pub(super) struct UserMutations;

#[Object]
impl UserMutations {
    /// Registers new users and updates the given fields of existing ones, at most 10,000 per call. Repeating the call
    /// changes nothing. Rejected users are listed in `refused`; all others are stored. Needs HOST.
    async fn register_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Users to register or update.")] users: Vec<UserInput>,
    ) -> NullableField<RegisterUsersPayload> {
        Some(register(ctx, users).await)
    }

    /// Erases a person: name, portrait, invitation code, targets and keys of reports, their copies in the audit log, and
    /// all session keys. The invitation code is not assigned again. Awards, ledger entries, claims and bindings are kept
    /// under the user ID. This cannot be undone; repeating the call changes nothing. Needs HOST.
    async fn erase_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Host application's user ID.", name = "userId")] user: ID,
        #[graphql(desc = "Reason; kept in the audit log, so do not include personal data.")] reason: String,
        #[graphql(
            desc = "True returns the counts of an erasure without changing anything.",
            default = false
        )]
        dry_run: bool,
    ) -> NullableField<EraseUserPayload> {
        Some(erase(ctx, &user, &reason, dry_run).await)
    }
}

async fn register(ctx: &Context<'_>, users: Vec<UserInput>) -> Result<RegisterUsersPayload> {
    let context = AdminContext::allowing(ctx, Scope::Host)?;
    if users.len() > MAX_USERS {
        return Err(bad_user_input(format!("Send at most {MAX_USERS} users at once.")));
    }
    let ids: Vec<ID> = users.iter().map(|user| user.user_id.clone()).collect();
    let reports: Vec<UserReport> = users.into_iter().map(UserReport::from).collect();
    let outcomes = register_users(&context.pool, &reports, Existing::Change, &context.author()).await?;
    let mut payload = RegisterUsersPayload::default();
    for (index, (outcome, user_id)) in outcomes.into_iter().zip(ids).enumerate() {
        match outcome {
            Ok(RegisterOutcome::Registered) => payload.registered += 1,
            Ok(RegisterOutcome::Updated) => payload.updated += 1,
            Ok(RegisterOutcome::Unchanged) => payload.unchanged += 1,
            Err(refusal) => payload.refused.push(RefusedUser {
                index,
                user_id,
                code: Code::of(&refusal),
                message: refusal.text(context.language).into_owned(),
            }),
        }
    }
    Ok(payload)
}

async fn erase(ctx: &Context<'_>, user: &ID, reason: &str, dry_run: bool) -> Result<EraseUserPayload> {
    let context = AdminContext::allowing(ctx, Scope::Host)?;
    let mode = if dry_run { Mode::DryRun } else { Mode::Commit };
    let erased = erase_user(&context.pool, user_id(user)?, reason, &context.author(), mode).await;
    let count = |rows: u64| i64::try_from(rows).unwrap_or(i64::MAX);
    Ok(match erased {
        Ok(EraseOutcome::Erased(erased)) => EraseUserPayload {
            changed: true,
            ended_sessions: count(erased.ended_sessions),
            forgotten_requests: count(erased.forgotten_requests),
            redacted_awards: count(erased.redacted_awards),
            redacted_children: count(erased.redacted_children),
            redacted_entries: count(erased.redacted_entries),
            refused: None,
        },
        Ok(EraseOutcome::AlreadyErased) => EraseUserPayload::default(),
        Err(failure) => {
            let rejection = failure.rejection()?;
            EraseUserPayload {
                refused: Some(RefusedErasure {
                    code: Code::of(&rejection),
                    message: rejection.text(context.language).into_owned(),
                }),
                ..EraseUserPayload::default()
            }
        }
    })
}

/// Result of `eraseUser`.
#[derive(Default, SimpleObject)]
struct EraseUserPayload {
    /// True if the request erased the user, or would have without `dryRun`; false if the user was already erased.
    changed: bool,
    /// Number of valid session keys that were revoked.
    ended_sessions: i64,
    /// Number of stored keys of requests about the user's sessions, tasks and acts that were deleted.
    forgotten_requests: i64,
    /// Number of awards from which the target or key of a report, or the label of a grant, was removed.
    redacted_awards: i64,
    /// Number of users who bound the invitation code, and now show another one in its place.
    redacted_children: i64,
    /// Number of audit log entries from which personal data was removed.
    redacted_entries: i64,
    /// Why the request was rejected; null on success.
    refused: Option<RefusedErasure>,
}

/// A rejected erasure.
#[derive(SimpleObject)]
struct RefusedErasure {
    /// Machine-readable code of the rejection.
    code: Code<EraseRefusals>,
    /// Problem and how to fix it, in the language of the request.
    message: String,
}

/// The enum `EraseRefusal`.
struct EraseRefusals;

impl CodeSet for EraseRefusals {
    const NAME: &'static str = "EraseRefusal";
    const DESCRIPTION: &'static str = "Reason for rejecting an erasure.";
    const TABLES: &'static [&'static [RejectionCode]] = &[UnknownUser::CODES, EraseRejection::CODES];
}

/// User data reported by the host application.
#[derive(InputObject)]
struct UserInput {
    /// Host application's user ID, as a string or a number.
    user_id: ID,
    /// Display name, 1–100 characters. Unchanged if omitted, removed if null. Leading and trailing white space and
    /// characters with no visible effect are not stored.
    name: MaybeUndefined<String>,
    /// Portrait address, http or https, at most 2,000 characters. Unchanged if omitted, removed if null.
    portrait_uri: MaybeUndefined<String>,
    /// Invitation code, for new users only: 1–12 visible characters; a random code is generated if omitted.
    code: Option<String>,
    /// Level of the user, 0 or 1; the usual level if omitted.
    class: Option<i32>,
}

impl From<UserInput> for UserReport {
    fn from(input: UserInput) -> Self {
        Self {
            // An ID that is not a number becomes user 0, which is rejected as invalid along with other errors.
            user_id: user_id(&input.user_id).unwrap_or(UserId(0)),
            name: input.name.into(),
            portrait_uri: input.portrait_uri.into(),
            code: input.code,
            class: input.class.map(|class| i16::try_from(class).unwrap_or(i16::MAX)),
        }
    }
}

/// Result of `registerUsers`.
#[derive(Default, SimpleObject)]
struct RegisterUsersPayload {
    /// Number of new users.
    registered: i64,
    /// Number of existing users that were changed.
    updated: i64,
    /// Number of existing users that already had the given data.
    unchanged: i64,
    /// Rejected users; none of their data was stored.
    refused: Vec<RefusedUser>,
}

/// A rejected user.
#[derive(SimpleObject)]
struct RefusedUser {
    /// Index of the user in the call, starting at 0.
    index: usize,
    /// User ID as sent.
    user_id: ID,
    /// Machine-readable code of the rejection.
    code: Code<UserRefusals>,
    /// Problem and how to fix it, in the language of the request.
    message: String,
}

/// The enum `UserRefusal`.
struct UserRefusals;

impl CodeSet for UserRefusals {
    const NAME: &'static str = "UserRefusal";
    const DESCRIPTION: &'static str = "Reason for rejecting a user.";
    const TABLES: &'static [&'static [RejectionCode]] = &[UserRejection::CODES];
}
