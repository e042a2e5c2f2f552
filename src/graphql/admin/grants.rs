//! Grants of awards by operators: requests, approvals and lists.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};
use chrono::TimeDelta;

use super::awards::list_length;
use super::context::AdminContext;
use super::grant_parts::{Grant, GrantSum};
use super::problem::Problem;
use super::user_id::user_id;
use crate::domain::api_key::Scope;
use crate::domain::grant::{GrantLine, GrantLineRejection, GrantRejection, GrantRequest};
use crate::domain::id::UserId;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::rejection::{RejectionCode, RejectionTable};
use crate::domain::user::UnknownUser;
use crate::graphql::NullableField;
use crate::graphql::errors::bad_user_input;
use crate::graphql::rejections::{Code, CodeSet};
use crate::graphql::scalars::Decimal;
use crate::service::Failure;
use crate::service::grant_awards::{Decision, GrantOutcome, decide_grant, grant_awards};

#[derive(Default)]
pub(super) struct GrantQueries;

#[Object]
impl GrantQueries {
    /// Returns grants, newest first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "True returns only grants that wait for an approval.", default = false)] waiting: bool,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
        #[graphql(desc = "Only grants older than this ID; for paging, the last ID of the previous page.")]
        below: Option<ID>,
    ) -> NullableField<Vec<Grant>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let below = below.as_ref().map(grant_id).transpose()?;
            let waiting_at = waiting.then_some(context.moment.at);
            let grants = context.ops.grants(waiting_at, below, list_length(first)?).await?;
            Ok(grants.into_iter().map(|grant| Grant::new(grant, context)).collect())
        };
        Some(found.await)
    }

    /// Returns a grant; null if the ID is unknown. Needs OPS_READ.
    async fn grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Grant ID, such as `grant_7`.")] id: ID,
    ) -> NullableField<Grant> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let grant = context.ops.grant(grant_id(&id)?).await?;
            Ok(grant.map(|grant| Grant::new(grant, context)))
        };
        found.await.transpose()
    }
}

#[derive(Default)]
pub(super) struct GrantMutations;

#[Object]
impl GrantMutations {
    /// Gives awards to users, at most 10,000, with a reason. All of them are created in one transaction, or none: if a
    /// line is refused, nothing is granted. Above the configured sum of a coin per author and day the grant waits seven
    /// days for `approveGrant` by another key. Repeating the call returns the first result. Needs OPS_GRANT.
    async fn grant_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Awards to give, at most 10,000.")] lines: Vec<GrantLineInput>,
        #[graphql(desc = "Reason for the grant; kept in the audit log.")] reason: String,
        #[graphql(
            desc = "Unique key of the grant, 1–100 characters. The same key with the same content is the same grant."
        )]
        idempotency_key: String,
        #[graphql(
            desc = "True returns sums and refused lines without changing anything.",
            default = false
        )]
        dry_run: bool,
    ) -> NullableField<GrantAwardsPayload> {
        let request = GrantRequest {
            lines: lines.into_iter().map(GrantLine::from).collect(),
            reason,
            idempotency_key,
        };
        Some(give(ctx, &request, dry_run).await)
    }

    /// Approves a grant that waits, and creates its awards. The key must be another one than that which requested the
    /// grant. Users who were erased meanwhile receive nothing. Repeating the call changes nothing. Needs OPS_GRANT.
    async fn approve_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Grant ID, such as `grant_7`.")] id: ID,
    ) -> NullableField<DecideGrantPayload> {
        Some(decide(ctx, &id, Decision::Approve).await)
    }

    /// Rejects a grant that waits, or withdraws one's own. Repeating the call changes nothing. Needs OPS_GRANT.
    async fn reject_grant(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Grant ID, such as `grant_7`.")] id: ID,
        #[graphql(desc = "Reason for the rejection; kept with the grant.")] reason: String,
    ) -> NullableField<DecideGrantPayload> {
        Some(decide(ctx, &id, Decision::Reject { reason: &reason }).await)
    }
}

async fn give(ctx: &Context<'_>, request: &GrantRequest, dry_run: bool) -> Result<GrantAwardsPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsGrant)?;
    let (limit, author) = (context.approval_limit, context.author());
    match grant_awards(&context.pool, request, limit, &author, context.moment, dry_run).await {
        Ok(outcome) => Ok(GrantAwardsPayload::new(outcome, context)),
        Err(failure) => Ok(GrantAwardsPayload {
            problems: vec![Problem::new(&failure.rejection()?, context.language)],
            ..GrantAwardsPayload::default()
        }),
    }
}

async fn decide(ctx: &Context<'_>, id: &ID, decision: Decision<'_>) -> Result<DecideGrantPayload> {
    let context = AdminContext::allowing(ctx, Scope::OpsGrant)?;
    let decided = decide_grant(
        &context.pool,
        grant_id(id)?,
        decision,
        &context.author(),
        context.moment,
    )
    .await;
    Ok(match decided {
        Ok(applied) => DecideGrantPayload {
            grant: Some(Grant::new(applied.state, context)),
            changed: applied.changed,
            problems: Vec::new(),
        },
        Err(Failure::Rejected(rejection)) => DecideGrantPayload {
            grant: None,
            changed: false,
            problems: vec![Problem::new(&rejection, context.language)],
        },
        Err(Failure::Failed(error)) => return Err(error.into()),
    })
}

fn grant_id(id: &ID) -> Result<i64> {
    let digits = id.strip_prefix("grant_").unwrap_or(id);
    let number = digits.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| bad_user_input(format!("{:?} is not a grant ID such as grant_7.", id.as_str())))
}

/// One award of a grant.
#[derive(InputObject)]
struct GrantLineInput {
    /// Host application's ID of the user.
    user_id: ID,
    /// Text that the user sees as the target of the award, 1–64 characters.
    label: String,
    /// Amount of the award.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Seconds from the award to its settlement, at most 31622400 (366 days).
    #[graphql(default = 0)]
    hold_seconds: i64,
}

impl From<GrantLineInput> for GrantLine {
    fn from(input: GrantLineInput) -> Self {
        Self {
            // An ID that is not a number becomes user 0, which never exists, and is refused as unknown.
            user_id: user_id(&input.user_id).unwrap_or(UserId(0)),
            label: input.label,
            amount: input.amount.0,
            coin_id: input.coin_id,
            hold: TimeDelta::try_seconds(input.hold_seconds).unwrap_or(TimeDelta::MAX),
        }
    }
}

/// Result of `grantAwards`, or its preview if `dryRun` is true.
#[derive(Default, SimpleObject)]
struct GrantAwardsPayload {
    /// Grant that was made or waits for an approval; null for a dry run, or if the request was rejected.
    grant: Option<Grant>,
    /// Sums per coin of the lines that were not refused.
    sums: Vec<GrantSum>,
    /// True if the grant waits, or would wait, for the approval of another key.
    needs_approval: bool,
    /// True if an earlier call with the same key made the grant.
    repeated: bool,
    /// Refused lines; if there is any, nothing was granted.
    refused: Vec<RefusedGrantLine>,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

impl GrantAwardsPayload {
    fn new(outcome: GrantOutcome, context: &AdminContext) -> Self {
        let rejection = GrantRejection::LinesRefused {
            count: outcome.refused.len(),
        };
        let is_refused = !outcome.refused.is_empty();
        let refused = outcome.refused.into_iter().map(|(index, rejection)| RefusedGrantLine {
            index,
            code: Code::of(&rejection),
            message: rejection.text(context.language).into_owned(),
        });
        Self {
            grant: outcome.grant.map(|grant| Grant::new(grant, context)),
            sums: outcome.sums.into_iter().map(GrantSum::from).collect(),
            needs_approval: outcome.needs_approval,
            repeated: outcome.repeated,
            refused: refused.collect(),
            problems: is_refused
                .then(|| Problem::new(&rejection, context.language))
                .into_iter()
                .collect(),
        }
    }
}

/// Result of `approveGrant` or `rejectGrant`.
#[derive(SimpleObject)]
struct DecideGrantPayload {
    /// Grant after the request; null if the request was rejected.
    grant: Option<Grant>,
    /// True if the request decided about the grant; false if the same key had done so before.
    changed: bool,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// A refused line of a grant.
#[derive(SimpleObject)]
struct RefusedGrantLine {
    /// Index of the line in the call, starting at 0.
    index: usize,
    /// Machine-readable code of the rejection.
    code: Code<GrantLineRefusals>,
    /// Problem and how to fix it, in the language of the request.
    message: String,
}

/// The enum `GrantLineRefusal`.
struct GrantLineRefusals;

impl CodeSet for GrantLineRefusals {
    const NAME: &'static str = "GrantLineRefusal";
    const DESCRIPTION: &'static str = "Reason for refusing a line of a grant.";
    const TABLES: &'static [&'static [RejectionCode]] =
        &[UnknownUser::CODES, GrantLineRejection::CODES, ChangeRejection::CODES];
}
