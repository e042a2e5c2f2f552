//! Session keys for the host's users.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::scope::AdminContext;
use super::user_id::user_id;
use crate::domain::api_key::Scope;
use crate::domain::session::{self as domain, SessionKey, USUAL_LIFETIME};
use crate::graphql::NullableField;
use crate::graphql::scalars::DateTime;
use crate::messages::Message;
use crate::service::sessions;

#[derive(Default)]
pub(super) struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Makes a session key for a user, and shows it this once. Needs HOST.
    async fn issue_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The host's number of the user.")] user_id: ID,
        #[graphql(desc = "How long it is good for, from an hour to ten years; left out, 30 days.")]
        lifetime_seconds: Option<i64>,
        #[graphql(
            desc = "The host's own name of this request. The same again ends the key that it made before and makes another, as \
                    a key can be shown only once: a reply that was lost leaves no key behind."
        )]
        idempotency_key: Option<String>,
    ) -> NullableField<IssueSessionPayload> {
        Some(issue(ctx, &user_id, lifetime_seconds, idempotency_key.as_deref()).await)
    }

    /// Keeps a session key that the host made. The same key again, for the same user, changes nothing. Needs HOST.
    async fn register_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The host's number of the user.")] user_id: ID,
        #[graphql(
            desc = "The key: 22 to 55 visible ASCII characters, at least 10 of them different, not beginning with `nbk_`. Make it at random."
        )]
        key: String,
        #[graphql(desc = "How long it is good for, from an hour to ten years; left out, 30 days.")]
        lifetime_seconds: Option<i64>,
    ) -> NullableField<RegisterSessionPayload> {
        Some(register(ctx, &user_id, &key, lifetime_seconds).await)
    }

    /// Ends one session key. Needs HOST.
    async fn revoke_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The key to end.")] key: String,
    ) -> NullableField<RevokeSessionPayload> {
        Some(revoke(ctx, &key).await)
    }

    /// Ends every session key of a user. Needs HOST.
    async fn revoke_sessions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The host's number of the user.")] user_id: ID,
    ) -> NullableField<RevokeSessionPayload> {
        Some(revoke_all(ctx, &user_id).await)
    }
}

fn lifetime(seconds: Option<i64>) -> TimeDelta {
    // What is too long for a duration is too long for a key, which the service says.
    seconds.map_or(USUAL_LIFETIME, |seconds| {
        TimeDelta::try_seconds(seconds).unwrap_or(TimeDelta::MAX)
    })
}

async fn issue(
    ctx: &Context<'_>,
    user: &ID,
    lifetime_seconds: Option<i64>,
    request_key: Option<&str>,
) -> Result<IssueSessionPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    let issued = sessions::issue(
        &scope.pool,
        user_id(user)?,
        lifetime(lifetime_seconds),
        request_key,
        &scope.author(),
    )
    .await
    .map_err(|error| scope.write_failed(&error))?;
    Ok(match issued {
        Ok(issued) => IssueSessionPayload {
            key: Some(issued.key.reveal().to_owned()),
            expires_at: Some(DateTime(issued.expires_at)),
            refused: None,
        },
        Err(refusal) => IssueSessionPayload {
            key: None,
            expires_at: None,
            refused: Some(RefusedSession::new(refusal, scope)),
        },
    })
}

async fn register(
    ctx: &Context<'_>,
    user: &ID,
    key: &str,
    lifetime_seconds: Option<i64>,
) -> Result<RegisterSessionPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    let registered = sessions::register(
        &scope.pool,
        user_id(user)?,
        key,
        lifetime(lifetime_seconds),
        &scope.author(),
    )
    .await
    .map_err(|error| scope.write_failed(&error))?;
    Ok(match registered {
        Ok(registered) => RegisterSessionPayload {
            expires_at: Some(DateTime(registered.expires_at)),
            repeated: registered.repeated,
            refused: None,
        },
        Err(refusal) => RegisterSessionPayload {
            expires_at: None,
            repeated: false,
            refused: Some(RefusedSession::new(refusal, scope)),
        },
    })
}

async fn revoke(ctx: &Context<'_>, key: &str) -> Result<RevokeSessionPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    let revoked = match SessionKey::parse(key) {
        Some(key) => sessions::revoke(&scope.pool, &key, &scope.author())
            .await
            .map_err(|error| scope.write_failed(&error))?,
        None => None,
    };
    Ok(RevokeSessionPayload {
        ended: i64::from(revoked == Some(true)),
    })
}

async fn revoke_all(ctx: &Context<'_>, user: &ID) -> Result<RevokeSessionPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    let ended = sessions::revoke_all_of(&scope.pool, user_id(user)?, &scope.author())
        .await
        .map_err(|error| scope.write_failed(&error))?;
    Ok(RevokeSessionPayload {
        ended: i64::try_from(ended).unwrap_or(i64::MAX),
    })
}

/// What `issueSession` did.
#[derive(SimpleObject)]
struct IssueSessionPayload {
    /// The key; it is stored as a hash, and never shown again. Null when none was made.
    key: Option<String>,
    /// When it ends by itself.
    expires_at: Option<DateTime>,
    /// Why none was made; null when one was.
    refused: Option<RefusedSession>,
}

/// What `registerSession` did.
#[derive(SimpleObject)]
struct RegisterSessionPayload {
    /// When the key ends by itself; null when it was not kept.
    expires_at: Option<DateTime>,
    /// Whether it was registered before, for this user: then nothing was changed, its end neither.
    repeated: bool,
    /// Why it was not kept; null when it was.
    refused: Option<RefusedSession>,
}

/// What `revokeSession` or `revokeSessions` did.
#[derive(SimpleObject)]
struct RevokeSessionPayload {
    /// How many keys were good until now. A key that is unknown or had ended counts for nothing, and is no error.
    ended: i64,
}

/// Why a session key was not kept.
#[derive(SimpleObject)]
struct RefusedSession {
    /// What is wrong, for programs.
    code: SessionRejection,
    /// What is wrong and what to do, for people.
    message: String,
}

impl RefusedSession {
    fn new(refusal: domain::SessionRejection, scope: &AdminContext) -> Self {
        Self {
            code: refusal.into(),
            message: Message::from(refusal).text(scope.language).into_owned(),
        }
    }
}

/// Why a session key was not kept.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::SessionRejection")]
enum SessionRejection {
    /// There is no user of this number.
    UserUnknown,
    /// The key is too short or too long, has other characters than visible ASCII or too few different ones, or begins with
    /// `nbk_`.
    KeyInvalid,
    /// It is registered for another user.
    KeyTaken,
    /// It was this user's and has ended; keys are not revived.
    KeyEnded,
    /// It is one of the demo's public keys.
    KeyPublic,
    /// The lifetime is under an hour or over ten years.
    LifetimeInvalid,
    /// The idempotency key is empty, too long, or has control characters.
    RequestKeyInvalid,
}
