//! Awards of anybody: seen with their timeline, voided, reversed, tried again.

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};

use super::problem::Problem;
use super::scope::AdminContext;
use super::user_id::{id_of, user_id};
use crate::domain::api_key::Scope;
use crate::domain::award::AwardStatus as DomainStatus;
use crate::domain::correction::{AwardSelection, Correction};
use crate::domain::id::{AwardId, NodeId, UserId};
use crate::graphql::NullableField;
use crate::graphql::award_kinds::{AwardStatus, AwardType};
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::loaders::ops::{AwardRecord, TimelineEntry};
use crate::service::correct_awards::{CorrectedGroup, Mode, correct_awards};

/// The most rows of a list.
const MAX_LIST: i32 = 100;

#[derive(Default)]
pub(super) struct AwardQueries;

#[Object]
impl AwardQueries {
    /// One award, whosever it is; null when there is none of that id. Needs OPS_READ.
    async fn award(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Its id, such as `award_22`.")] id: ID,
    ) -> NullableField<AwardRow> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let Some(NodeId::Award(id)) = NodeId::parse(&id) else {
                return Ok(None);
            };
            scope.ops.award(id).await.map_err(|error| scope.read_failed(&error))
        };
        found
            .await
            .map(|award: Option<AwardRecord>| award.map(AwardRow::from))
            .transpose()
    }

    /// Awards, the newest first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which awards: those that fit all that is said.")] selection: AwardSelectionInput,
        #[graphql(desc = "How many at most, up to 100.", default = 20)] first: i32,
        #[graphql(desc = "Only awards older than this one, such as the last of the page before.")] below: Option<ID>,
    ) -> NullableField<Vec<AwardRow>> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let below = below.as_ref().map(award_id).transpose()?;
            let awards = scope.ops.awards(&selection.read()?, below, list_length(first)?).await;
            awards.map(rows).map_err(|error| scope.read_failed(&error))
        };
        Some(found.await)
    }

    /// The awards that settlement could not pay, the oldest first, at most 100: each has its `settleError`. Needs OPS_READ.
    async fn parked_awards(&self, ctx: &Context<'_>) -> NullableField<Vec<AwardRow>> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let awards = scope.ops.parked_awards(MAX_LIST.into()).await;
            awards.map(rows).map_err(|error| scope.read_failed(&error))
        };
        Some(found.await)
    }
}

#[derive(Default)]
pub(super) struct ParkedQueries;

#[Object]
impl ParkedQueries {
    /// How many awards settlement could not pay and left for a person; counted up to 10,000. Needs OPS_READ.
    async fn parked_award_count(&self, ctx: &Context<'_>) -> NullableField<i64> {
        let counted = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let count = scope.ops.parked_award_count().await;
            count.map_err(|error| scope.read_failed(&error))
        };
        Some(counted.await)
    }
}

#[derive(Default)]
pub(super) struct AwardMutations;

#[Object]
impl AwardMutations {
    /// Withdraws pending awards before they are paid. Awards in another status stay as they are and are counted.
    /// Needs OPS_WRITE.
    async fn void_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which awards: those that fit all that is said, at most 10,000.")]
        selection: AwardSelectionInput,
        #[graphql(desc = "Why; kept with each of them.")] reason: String,
        #[graphql(desc = "True tells what would be done, and does nothing.", default = false)] dry_run: bool,
    ) -> NullableField<CorrectionPayload> {
        Some(correct(ctx, Correction::Void, &selection, &reason, dry_run).await)
    }

    /// Takes settled awards back by an opposite entry in the ledger; a balance may go below zero. A second time changes
    /// nothing. Needs OPS_WRITE.
    async fn reverse_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which awards: those that fit all that is said, at most 10,000.")]
        selection: AwardSelectionInput,
        #[graphql(desc = "Why; kept with each of them.")] reason: String,
        #[graphql(desc = "True tells what would be done, and does nothing.", default = false)] dry_run: bool,
    ) -> NullableField<CorrectionPayload> {
        Some(correct(ctx, Correction::Reverse, &selection, &reason, dry_run).await)
    }

    /// Lets settlement try parked awards again, when what stood in the way is mended. Needs OPS_WRITE.
    async fn retry_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which awards: those that fit all that is said, at most 10,000.")]
        selection: AwardSelectionInput,
        #[graphql(desc = "Why; kept with each of them.")] reason: String,
        #[graphql(desc = "True tells what would be done, and does nothing.", default = false)] dry_run: bool,
    ) -> NullableField<CorrectionPayload> {
        Some(correct(ctx, Correction::Retry, &selection, &reason, dry_run).await)
    }
}

async fn correct(
    ctx: &Context<'_>,
    correction: Correction,
    selection: &AwardSelectionInput,
    reason: &str,
    dry_run: bool,
) -> Result<CorrectionPayload> {
    let scope = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let mode = if dry_run { Mode::DryRun } else { Mode::Commit };
    let selection = selection.read()?;
    let groups = correct_awards(&scope.pool, correction, &selection, reason, &scope.author(), mode)
        .await
        .map_err(|error| scope.write_failed(&error))?;
    let (groups, problems) = match groups {
        Ok(groups) => (groups, Vec::new()),
        Err(refusal) => (Vec::new(), vec![Problem::of_correction(refusal, scope.language)]),
    };
    let (changed, unchanged): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.changed);
    Ok(CorrectionPayload {
        changed: changed.into_iter().map(AwardGroup::from).collect(),
        unchanged: unchanged.into_iter().map(AwardGroup::from).collect(),
        problems,
    })
}

fn rows(records: Vec<AwardRecord>) -> Vec<AwardRow> {
    records.into_iter().map(AwardRow::from).collect()
}

pub(super) fn list_length(first: i32) -> Result<i64> {
    if (0..=MAX_LIST).contains(&first) {
        Ok(first.into())
    } else {
        Err(bad_user_input(format!("first must be between 0 and {MAX_LIST}.")))
    }
}

fn award_id(id: &ID) -> Result<AwardId> {
    match NodeId::parse(id) {
        Some(NodeId::Award(id)) => Ok(id),
        _ => Err(bad_user_input(format!(
            "{:?} is not the id of an award, such as award_22.",
            id.as_str()
        ))),
    }
}

/// Which awards: those that fit all that is said. Ids, a user or a business day must be among it.
#[derive(InputObject)]
pub(super) struct AwardSelectionInput {
    /// Awards by their ids, such as `award_22`, at most 500.
    ids: Option<Vec<ID>>,
    /// Awards of one user, by the host's number.
    user_id: Option<ID>,
    /// Awards of one item.
    item: Option<String>,
    /// Awards of one business day.
    business_day: Option<Date>,
}

impl AwardSelectionInput {
    fn read(&self) -> Result<AwardSelection> {
        Ok(AwardSelection {
            ids: match &self.ids {
                Some(ids) => Some(ids.iter().map(award_id).collect::<Result<_>>()?),
                None => None,
            },
            user_id: self.user_id.as_ref().map(user_id).transpose()?,
            item: self.item.clone(),
            business_day: self.business_day.as_ref().map(|day| day.0),
        })
    }
}

/// Awards of one status and coin that a correction found.
#[derive(SimpleObject)]
struct AwardGroup {
    /// Their status before the correction.
    status: AwardStatus,
    /// The host's own id of their coin.
    coin_id: String,
    /// How many they are.
    count: i64,
    /// What they are worth together.
    amount: Decimal,
}

impl From<CorrectedGroup> for AwardGroup {
    fn from(group: CorrectedGroup) -> Self {
        Self {
            status: DomainStatus::from_number(group.status)
                .unwrap_or(DomainStatus::Void)
                .into(),
            coin_id: group.coin_id,
            count: group.award_count,
            amount: Decimal(group.amount),
        }
    }
}

/// What a correction did, or would do.
#[derive(SimpleObject)]
struct CorrectionPayload {
    /// The awards that were corrected.
    changed: Vec<AwardGroup>,
    /// The awards that fit and were left: their status does not admit it, or they were corrected before.
    unchanged: Vec<AwardGroup>,
    /// Why nothing was done; empty when it was.
    problems: Vec<Problem>,
}

/// An award with all that is kept of it.
#[derive(SimpleObject)]
#[graphql(complex, name = "Award")]
pub(super) struct AwardRow {
    /// The award's id, such as `award_22`.
    id: ID,
    /// Whose it is, by the host's number.
    user_id: ID,
    /// What it was earned by.
    item: String,
    /// The kind of earning.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// How much was earned.
    amount: Decimal,
    /// The host's own id of the coin.
    coin_id: String,
    /// What the task was about; null where the item has no target.
    target_id: Option<String>,
    /// Where it is on its way into the balance.
    status: AwardStatus,
    /// The business day that it counts for.
    business_day: Date,
    /// From when on settlement may pay it.
    settles_at: DateTime,
    /// When it was earned.
    created_at: DateTime,
    /// When it last changed.
    updated_at: DateTime,
    /// The item, or `import`.
    source: String,
    /// What makes it happen once for its user and source: a day, a target, a campaign.
    source_key: String,
    /// The version of the rule that it was paid by; null for awards of campaigns.
    rule_version: Option<i32>,
    /// Who reported it; null when the user did it here.
    recorded_by: Option<String>,
    /// Why settlement could not pay it: it is parked until `retryAwards`.
    settle_error: Option<String>,
}

#[ComplexObject]
impl AwardRow {
    /// What became of it: when, and by which run or whom, oldest first.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn timeline(&self, ctx: &Context<'_>) -> NullableField<Vec<TimelineEvent>> {
        let found = async {
            let scope = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let (Ok(user), Some(NodeId::Award(award))) = (user_id(&self.user_id), NodeId::parse(&self.id)) else {
                return Ok(Vec::new());
            };
            let entries = scope.ops.timeline(user, award).await;
            entries
                .map(|entries| entries.into_iter().map(TimelineEvent::from).collect())
                .map_err(|error| scope.read_failed(&error))
        };
        Some(found.await)
    }
}

impl From<AwardRecord> for AwardRow {
    fn from(record: AwardRecord) -> Self {
        let award = record.award;
        Self {
            id: ID(NodeId::Award(award.id).to_string()),
            user_id: id_of(UserId(award.user_id.0)),
            item: award.item,
            award_type: award.award_type.into(),
            amount: Decimal(award.amount),
            coin_id: award.coin_id,
            target_id: award.target_id,
            status: award.status.into(),
            business_day: Date(award.business_day),
            settles_at: DateTime(award.settles_at),
            created_at: DateTime(award.created_at),
            updated_at: DateTime(award.updated_at),
            source: record.source,
            source_key: record.source_key,
            rule_version: record.rule_version,
            recorded_by: record.recorded_by,
            settle_error: record.settle_error,
        }
    }
}

/// One thing that happened to an award.
#[derive(SimpleObject)]
struct TimelineEvent {
    /// When it happened.
    at: DateTime,
    /// CREATED, SETTLED, REVERSED, VOIDED, RETRIED or PARKED.
    event: String,
    /// Who did it: `user`, an API key, the command line; null where a job did.
    actor: Option<String>,
    /// The job that did it.
    job: Option<String>,
    /// The run of the job.
    run_id: Option<ID>,
    /// Why it was done, or why it could not be.
    reason: Option<String>,
}

impl From<TimelineEntry> for TimelineEvent {
    fn from(entry: TimelineEntry) -> Self {
        Self {
            at: DateTime(entry.at),
            event: entry.event,
            actor: entry.actor,
            job: entry.job,
            run_id: entry.run_id.map(|run| ID(run.to_string())),
            reason: entry.reason,
        }
    }
}
