//! The host's users, one or thousands at once.

use async_graphql::{Context, Enum, ID, InputObject, MaybeUndefined, Object, Result, SimpleObject};

use super::scope::AdminContext;
use super::user_id::user_id;
use crate::domain::api_key::Scope;
use crate::domain::id::UserId;
use crate::domain::user::{self as domain, UserReport};
use crate::graphql::NullableField;
use crate::graphql::errors::bad_user_input;
use crate::messages::Message;
use crate::service::erase_user::{EraseOutcome, erase_user};
use crate::service::register_users::{Existing, RegisterOutcome, register_users};

/// The most users in one call.
const MAX_USERS: usize = 10_000;

#[derive(Default)]
pub(super) struct UserMutations;

#[Object]
impl UserMutations {
    /// Registers users, at most 10,000, and changes those who are there as far as is said. The same call again changes nothing;
    /// a user who is refused is named, and the others are in. Needs HOST.
    async fn register_users(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The users as they are to be.")] users: Vec<UserInput>,
    ) -> NullableField<RegisterUsersPayload> {
        Some(register(ctx, users).await)
    }

    /// Erases a person: name, portrait, copies of them in the audit log, and all session keys; their invitation code is not accepted
    /// any more. Awards, ledger, claims and bindings stay under the number alone. This cannot be undone, and doing it again
    /// changes nothing. Needs HOST.
    async fn erase_user(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The host's number of the user.", name = "userId")] user: ID,
        #[graphql(desc = "Why; kept in the audit log, so write no name into it.")] reason: String,
    ) -> NullableField<EraseUserPayload> {
        Some(erase(ctx, &user, &reason).await)
    }
}

async fn register(ctx: &Context<'_>, users: Vec<UserInput>) -> Result<RegisterUsersPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    if users.len() > MAX_USERS {
        return Err(bad_user_input(format!("Send at most {MAX_USERS} users at once.")));
    }
    let ids: Vec<ID> = users.iter().map(|user| user.user_id.clone()).collect();
    let reports: Vec<UserReport> = users.into_iter().map(UserReport::from).collect();
    let outcomes = register_users(&scope.pool, &reports, Existing::Change, &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    let mut payload = RegisterUsersPayload::default();
    for (index, (outcome, user_id)) in outcomes.into_iter().zip(ids).enumerate() {
        match outcome {
            Ok(RegisterOutcome::Registered) => payload.registered += 1,
            Ok(RegisterOutcome::Updated) => payload.updated += 1,
            Ok(RegisterOutcome::Unchanged) => payload.unchanged += 1,
            Err(refusal) => payload.refused.push(RefusedUser {
                index,
                user_id,
                code: refusal.into(),
                message: Message::from(refusal).text(scope.language).into_owned(),
            }),
        }
    }
    Ok(payload)
}

async fn erase(ctx: &Context<'_>, user: &ID, reason: &str) -> Result<EraseUserPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    let erased = erase_user(&scope.pool, user_id(user)?, reason, &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    let refused = |code: EraseRejection, message: Message| EraseUserPayload {
        refused: Some(RefusedErasure {
            code,
            message: message.text(scope.language).into_owned(),
        }),
        ..EraseUserPayload::default()
    };
    Ok(match erased {
        EraseOutcome::Erased {
            ended_sessions,
            redacted_entries,
        } => EraseUserPayload {
            changed: true,
            ended_sessions: i64::try_from(ended_sessions).unwrap_or(i64::MAX),
            redacted_entries: i64::try_from(redacted_entries).unwrap_or(i64::MAX),
            refused: None,
        },
        EraseOutcome::AlreadyErased => EraseUserPayload::default(),
        EraseOutcome::Unknown => refused(EraseRejection::UserUnknown, Message::UserUnknown),
        EraseOutcome::ReasonInvalid => refused(EraseRejection::ReasonInvalid, Message::ReasonInvalid),
    })
}

/// What `eraseUser` did.
#[derive(Default, SimpleObject)]
struct EraseUserPayload {
    /// Whether anything was changed; false also when the user was erased before.
    changed: bool,
    /// How many session keys of the user were still good, and ended now.
    ended_sessions: i64,
    /// How many entries of the audit log lost personal data.
    redacted_entries: i64,
    /// Why nothing was done; null when the user is erased.
    refused: Option<RefusedErasure>,
}

/// Why a user was not erased.
#[derive(SimpleObject)]
struct RefusedErasure {
    /// What is wrong, for programs.
    code: EraseRejection,
    /// What is wrong and what to do, for people.
    message: String,
}

/// Why a user cannot be erased.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum EraseRejection {
    /// There is no user of this number.
    UserUnknown,
    /// The reason is empty, too long, or has control characters.
    ReasonInvalid,
}

/// A user as the host has them.
#[derive(InputObject)]
struct UserInput {
    /// The host's own number, as text or as a number.
    user_id: ID,
    /// The name that others see, 1 to 100 characters; left out it stays, null takes it away. It is stored without outer white
    /// space and without characters that are invisible where they stand.
    name: MaybeUndefined<String>,
    /// The address of the portrait, http or https, at most 2,000 characters. Left out it stays, null takes it away.
    portrait_uri: MaybeUndefined<String>,
    /// The user's invitation code, for new users only: 1 to 12 visible characters; left out, a random one is made.
    code: Option<String>,
    /// The user's level, 0 or 1, where it is not the usual one.
    class: Option<i32>,
}

impl From<UserInput> for UserReport {
    fn from(input: UserInput) -> Self {
        let said = |field: MaybeUndefined<String>| match field {
            MaybeUndefined::Undefined => None,
            MaybeUndefined::Null => Some(None),
            MaybeUndefined::Value(text) => Some(Some(text)),
        };
        Self {
            // What is no number is no user: refused with the others that are wrong.
            user_id: user_id(&input.user_id).unwrap_or(UserId(0)),
            name: said(input.name),
            portrait_uri: said(input.portrait_uri),
            code: input.code,
            class: input.class.map(|class| i16::try_from(class).unwrap_or(i16::MAX)),
        }
    }
}

/// What `registerUsers` did.
#[derive(Default, SimpleObject)]
struct RegisterUsersPayload {
    /// How many are new.
    registered: i64,
    /// How many were there and are changed.
    updated: i64,
    /// How many were there, just as they were sent.
    unchanged: i64,
    /// Who was refused; nothing was written of them.
    refused: Vec<RefusedUser>,
}

/// A user of the call who was refused.
#[derive(SimpleObject)]
struct RefusedUser {
    /// Their place in the call, from 0.
    index: usize,
    /// Their number as it was sent.
    user_id: ID,
    /// What is wrong, for programs.
    code: UserRejection,
    /// What is wrong and what to do, for people.
    message: String,
}

/// Why a user was refused.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::UserRejection")]
enum UserRejection {
    /// The number is not a whole one above zero.
    IdInvalid,
    /// Nothing of the name is visible, it is too long, or it has control characters.
    NameInvalid,
    /// The portrait is no http or https address, or it is too long.
    PortraitInvalid,
    /// Nothing of the invitation code is visible, or it is too long.
    CodeInvalid,
    /// The class is neither 0 nor 1.
    ClassInvalid,
    /// Somebody else has a code that reads the same, or the user has another one.
    CodeRefused,
    /// An earlier entry of the call says something else of this user.
    Repeated,
    /// There is a user of this number, who was not to be changed.
    UserExists,
    /// The user of this number was erased and cannot be registered again.
    UserErased,
}
