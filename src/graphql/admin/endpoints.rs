//! Webhooks: endpoints of the host application.

use async_graphql::{ComplexObject, Context, ID, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::changes::{ChangeKind, event_id};
use super::context::AdminContext;
use super::problem::Problem;
use crate::domain::api_key::Scope;
use crate::domain::endpoint::EndpointRejection;
use crate::domain::host_event::{EventId, HostEventKind};
use crate::graphql::NullableField;
use crate::graphql::scalars::DateTime;
use crate::service::webhooks::{self, DeadLetter, EndpointRow, EndpointTerms, NewSecret};
use crate::service::{Applied, Failure};

#[derive(Default)]
pub(super) struct EndpointQueries;

#[Object]
impl EndpointQueries {
    /// Returns the endpoints to which changes are sent, by name. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn endpoints(&self, ctx: &Context<'_>) -> NullableField<Vec<Endpoint>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let endpoints = webhooks::list(&context.pool).await?;
            Ok(endpoints.into_iter().map(Endpoint::from).collect())
        };
        Some(found.await)
    }
}

#[derive(Default)]
pub(super) struct EndpointMutations;

#[Object]
impl EndpointMutations {
    /// Creates an endpoint, to which the job `deliver_events` posts changes as signed JSON (Standard Webhooks). The payload
    /// has the secret, which is shown only once. Needs OPS_WRITE.
    #[allow(clippy::too_many_arguments)] // the arguments of the field
    async fn create_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(
            desc = "Name of the endpoint: 1–40 characters, lowercase letters, digits, `_` or `-`, starting with a letter."
        )]
        name: String,
        #[graphql(
            desc = "URL that changes are posted to: `https`, with a public address. Redirects are not followed. The command line \
                    can allow private addresses."
        )]
        url: String,
        #[graphql(desc = "Only changes of these kinds; all kinds if omitted.")] kinds: Option<Vec<ChangeKind>>,
        #[graphql(desc = "Delivers the changes after this one; from now on if omitted.")] after: Option<ID>,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<EndpointSecretPayload> {
        let created = async {
            let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
            let terms = EndpointTerms {
                name,
                url,
                kinds: kinds.map(|kinds| kinds.into_iter().map(HostEventKind::from).collect()),
                allows_private: false,
                after: after.as_ref().map(event_id).transpose()?,
                reason,
            };
            let created = webhooks::create(&context.pool, &terms, &context.author()).await;
            EndpointSecretPayload::new(created, context).await
        };
        Some(created.await)
    }

    /// Replaces the secret of an endpoint. Until the end of the overlap, each request has a signature with each of the two
    /// secrets. The payload has the new secret, which is shown only once. Needs OPS_WRITE.
    async fn rotate_endpoint_secret(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the endpoint.")] name: String,
        #[graphql(desc = "Hours for which the previous secret signs too, at most 168.", default = 24)]
        overlap_hours: i32,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<EndpointSecretPayload> {
        let rotated = async {
            let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
            let overlap = Some(TimeDelta::hours(overlap_hours.into()));
            let rotated = webhooks::rotate_secret(&context.pool, &name, overlap, &reason, &context.author()).await;
            EndpointSecretPayload::new(rotated, context).await
        };
        Some(rotated.await)
    }

    /// Disables an endpoint: nothing is sent to it until `enableEndpoint`. Needs OPS_WRITE.
    async fn disable_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the endpoint.")] name: String,
        #[graphql(desc = "Reason; shown with the endpoint.")] reason: String,
    ) -> NullableField<EndpointPayload> {
        Some(set_enabled(ctx, &name, false, &reason).await)
    }

    /// Enables an endpoint that was disabled, also by itself with the status 410: it continues where it was. Changes are
    /// kept for 30 days. Needs OPS_WRITE.
    async fn enable_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the endpoint.")] name: String,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<EndpointPayload> {
        Some(set_enabled(ctx, &name, true, &reason).await)
    }

    /// Delivers all changes after a position to an endpoint again, including those that were given up. Their IDs are the
    /// same. Needs OPS_WRITE.
    async fn redeliver(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the endpoint.")] name: String,
        #[graphql(desc = "Position from which to deliver: `after` of a dead letter, or the ID of a change.")] after: ID,
        #[graphql(desc = "Reason; kept in the audit log.")] reason: String,
    ) -> NullableField<EndpointPayload> {
        let moved = async {
            let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
            let after = event_id(&after)?;
            let moved = webhooks::redeliver(&context.pool, &name, after, &reason, &context.author()).await;
            EndpointPayload::new(moved, context)
        };
        Some(moved.await)
    }

    /// Sends a test message to an endpoint, also to a disabled one, and returns its reply. Needs OPS_WRITE.
    async fn test_endpoint(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Name of the endpoint.")] name: String,
    ) -> NullableField<TestEndpointPayload> {
        Some(test(ctx, &name).await)
    }
}

async fn set_enabled(ctx: &Context<'_>, name: &str, enabled: bool, reason: &str) -> Result<EndpointPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let changed = webhooks::set_enabled(&context.pool, name, enabled, reason, &context.author()).await;
    EndpointPayload::new(changed, context)
}

async fn test(ctx: &Context<'_>, name: &str) -> Result<TestEndpointPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    match webhooks::send_test(&context.pool, name, context.moment.at).await {
        Ok(reply) => Ok(TestEndpointPayload {
            accepted: reply.error.is_none(),
            status: reply.status.map(i32::from),
            error: reply.error,
            problems: Vec::new(),
        }),
        Err(failure) => Ok(TestEndpointPayload {
            accepted: false,
            status: None,
            error: None,
            problems: vec![Problem::new(&failure.rejection()?, context.language)],
        }),
    }
}

/// Result of creating an endpoint, or of replacing its secret.
#[derive(SimpleObject)]
struct EndpointSecretPayload {
    /// Secret of the signatures, such as `whsec_…`. It is shown only here. Null if the request was rejected.
    secret: Option<String>,
    /// The endpoint after the request; null if the request was rejected.
    endpoint: Option<Endpoint>,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

impl EndpointSecretPayload {
    async fn new(
        outcome: std::result::Result<NewSecret, Failure<EndpointRejection>>,
        context: &AdminContext,
    ) -> Result<Self> {
        Ok(match outcome {
            Ok(new) => {
                let (secret, endpoint) = new.keep().await?;
                Self {
                    secret: Some(secret.reveal()),
                    endpoint: Some(endpoint.into()),
                    problems: Vec::new(),
                }
            }
            Err(failure) => Self {
                secret: None,
                endpoint: None,
                problems: vec![Problem::new(&failure.rejection()?, context.language)],
            },
        })
    }
}

/// Result of a change of an endpoint.
#[derive(SimpleObject)]
struct EndpointPayload {
    /// The endpoint after the request; null if the request was rejected.
    endpoint: Option<Endpoint>,
    /// True if the request changed the endpoint.
    changed: bool,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

impl EndpointPayload {
    fn new(
        outcome: std::result::Result<Applied<EndpointRow>, Failure<EndpointRejection>>,
        context: &AdminContext,
    ) -> Result<Self> {
        Ok(match outcome {
            Ok(applied) => Self {
                endpoint: Some(applied.state.into()),
                changed: applied.changed,
                problems: Vec::new(),
            },
            Err(failure) => Self {
                endpoint: None,
                changed: false,
                problems: vec![Problem::new(&failure.rejection()?, context.language)],
            },
        })
    }
}

/// Result of `testEndpoint`.
#[derive(SimpleObject)]
struct TestEndpointPayload {
    /// True if the endpoint replied with a status from 200 to 299.
    accepted: bool,
    /// HTTP status of the reply; null if there was none.
    status: Option<i32>,
    /// Reason of the failure; null if the message was accepted.
    error: Option<String>,
    /// Why the request was rejected; empty if a message was sent.
    problems: Vec<Problem>,
}

/// An endpoint of the host application, with the state of its delivery.
#[derive(SimpleObject)]
#[graphql(complex)]
struct Endpoint {
    #[graphql(skip)]
    endpoint_id: i64,
    /// Name of the endpoint.
    name: String,
    /// URL that changes are posted to.
    url: String,
    /// Kinds of changes that are sent; null for all.
    kinds: Option<Vec<ChangeKind>>,
    /// Why nothing is sent to the endpoint; null while it is active.
    disabled_reason: Option<String>,
    /// Position through which changes were delivered or given up.
    position: ID,
    /// Number of changes after the position, of all kinds; counted up to 100,000.
    pending: i64,
    /// Time of the oldest change after the position.
    pending_since: Option<DateTime>,
    /// Number of consecutive failures of the request that is being tried.
    failures: i32,
    /// Error of the last attempt; null if it succeeded.
    last_error: Option<String>,
    /// Time of the next attempt after a failure; null if the next attempt is not delayed.
    next_attempt_at: Option<DateTime>,
    /// Time of the last attempt that succeeded.
    last_success_at: Option<DateTime>,
    /// Time until which the previous secret signs too; null if there is none.
    previous_secret_until: Option<DateTime>,
    /// Number of requests that were given up and not put back into delivery.
    dead_letter_count: i64,
    /// True if private addresses and `http` are allowed.
    allows_private: bool,
    /// Author of the endpoint.
    created_by: String,
    /// Creation time of the endpoint.
    created_at: DateTime,
}

#[ComplexObject]
impl Endpoint {
    /// The latest 100 requests that were given up, newest first.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn dead_letters(&self, ctx: &Context<'_>) -> NullableField<Vec<EndpointDeadLetter>> {
        let context = AdminContext::of(ctx);
        let letters = webhooks::dead_letters(&context.pool, self.endpoint_id).await;
        let letters = letters.map(|letters| letters.into_iter().map(EndpointDeadLetter::from).collect());
        Some(letters.map_err(Into::into))
    }
}

impl From<EndpointRow> for Endpoint {
    fn from(row: EndpointRow) -> Self {
        let kinds = row.kinds.map(|kinds| {
            let known = kinds.iter().filter_map(|name| HostEventKind::from_name(name));
            known.map(ChangeKind::from).collect()
        });
        Self {
            endpoint_id: row.endpoint_id,
            name: row.name,
            url: row.url,
            kinds,
            disabled_reason: row.disabled_reason,
            position: ID(EventId(row.delivered_through).to_string()),
            pending: row.pending,
            pending_since: row.pending_since.map(DateTime),
            failures: row.failures,
            last_error: row.last_error,
            next_attempt_at: row.next_attempt_at.map(DateTime),
            last_success_at: row.last_success_at.map(DateTime),
            previous_secret_until: row.old_secret_until.map(DateTime),
            dead_letter_count: row.dead_letters,
            allows_private: row.allows_private,
            created_by: row.created_by,
            created_at: DateTime(row.created_at),
        }
    }
}

/// A request to an endpoint that was given up after a hundred failures.
#[derive(SimpleObject)]
struct EndpointDeadLetter {
    /// Position before the changes of the request: pass it to `redeliver`.
    after: ID,
    /// ID of the last change of the request.
    through: ID,
    /// Number of failures.
    failures: i32,
    /// Error of the last attempt.
    error: String,
    /// Time of the last attempt.
    died_at: DateTime,
    /// Time at which the changes were put back into delivery; null if they were not.
    redelivered_at: Option<DateTime>,
}

impl From<DeadLetter> for EndpointDeadLetter {
    fn from(letter: DeadLetter) -> Self {
        Self {
            after: ID(EventId(letter.after_event).to_string()),
            through: ID(EventId(letter.through_event).to_string()),
            failures: letter.failures,
            error: letter.error,
            died_at: DateTime(letter.died_at),
            redelivered_at: letter.redelivered_at.map(DateTime),
        }
    }
}
