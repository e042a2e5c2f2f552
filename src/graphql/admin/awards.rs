//! Awards of all users: queries with their timeline, and corrections (void, reverse, retry).

use async_graphql::{ComplexObject, Context, ID, InputObject, Object, Result, SimpleObject};

use super::context::AdminContext;
use super::problem::Problem;
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

/// Maximum number of rows in a list.
const MAX_LIST: i32 = 100;

#[derive(Default)]
pub(super) struct AwardQueries;

#[Object]
impl AwardQueries {
    /// Returns an award of any user; null if the ID is unknown. Needs OPS_READ.
    async fn award(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Award ID, such as `award_22`.")] id: ID,
    ) -> NullableField<AwardRow> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let Some(NodeId::Award(id)) = NodeId::parse(&id) else {
                return Ok(None);
            };
            context.ops.award(id).await.map_err(Into::into)
        };
        found
            .await
            .map(|award: Option<AwardRecord>| award.map(AwardRow::from))
            .transpose()
    }

    /// Returns awards of all users, newest first. Needs OPS_READ.
    #[graphql(complexity = "5 + 20 * child_complexity")]
    async fn awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter; all conditions must match.")] selection: AwardSelectionInput,
        #[graphql(desc = "Number of rows to return, at most 100.", default = 20)] first: i32,
        #[graphql(desc = "Only awards older than this ID; for paging, the last ID of the previous page.")]
        below: Option<ID>,
    ) -> NullableField<Vec<AwardRow>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let below = below.as_ref().map(award_id).transpose()?;
            let awards = context.ops.awards(&selection.read()?, below, list_length(first)?).await;
            awards.map(rows).map_err(Into::into)
        };
        Some(found.await)
    }

    /// Returns the awards that settlement could not pay, oldest first, at most 100; `settleError` has the cause. Needs
    /// OPS_READ.
    async fn parked_awards(&self, ctx: &Context<'_>) -> NullableField<Vec<AwardRow>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let awards = context.ops.parked_awards(MAX_LIST.into()).await;
            awards.map(rows).map_err(Into::into)
        };
        Some(found.await)
    }
}

#[derive(Default)]
pub(super) struct ParkedQueries;

#[Object]
impl ParkedQueries {
    /// Number of awards that settlement could not pay and that need manual action, counted up to 10,000. Needs
    /// OPS_READ.
    async fn parked_award_count(&self, ctx: &Context<'_>) -> NullableField<i64> {
        let counted = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let count = context.ops.parked_award_count().await;
            count.map_err(Into::into)
        };
        Some(counted.await)
    }
}

#[derive(Default)]
pub(super) struct AwardMutations;

#[Object]
impl AwardMutations {
    /// Voids pending awards before they are paid. Awards in another status are left unchanged and counted in
    /// `unchanged`. Needs OPS_WRITE.
    async fn void_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter; all conditions must match. At most 10,000 awards.")] selection: AwardSelectionInput,
        #[graphql(desc = "Reason for the correction; kept with each award.")] reason: String,
        #[graphql(desc = "True returns a preview without changing anything.", default = false)] dry_run: bool,
    ) -> NullableField<CorrectionPayload> {
        Some(correct(ctx, Correction::Void, &selection, &reason, dry_run).await)
    }

    /// Reverses settled awards with an opposite ledger entry; a balance may become negative. Repeating the call changes
    /// nothing. Needs OPS_WRITE.
    async fn reverse_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter; all conditions must match. At most 10,000 awards.")] selection: AwardSelectionInput,
        #[graphql(desc = "Reason for the correction; kept with each award.")] reason: String,
        #[graphql(desc = "True returns a preview without changing anything.", default = false)] dry_run: bool,
    ) -> NullableField<CorrectionPayload> {
        Some(correct(ctx, Correction::Reverse, &selection, &reason, dry_run).await)
    }

    /// Requeues parked awards for settlement, once the cause of the failure is fixed. Needs OPS_WRITE.
    async fn retry_awards(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Filter; all conditions must match. At most 10,000 awards.")] selection: AwardSelectionInput,
        #[graphql(desc = "Reason for the correction; kept with each award.")] reason: String,
        #[graphql(desc = "True returns a preview without changing anything.", default = false)] dry_run: bool,
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
    let context = AdminContext::allowing(ctx, Scope::OpsWrite)?;
    let mode = if dry_run { Mode::DryRun } else { Mode::Commit };
    let selection = selection.read()?;
    let groups = correct_awards(&context.pool, correction, &selection, reason, &context.author(), mode).await;
    let (groups, problems) = match groups {
        Ok(groups) => (groups, Vec::new()),
        Err(failure) => (Vec::new(), vec![Problem::new(&failure.rejection()?, context.language)]),
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

/// Validates the requested number of rows.
///
/// # Errors
/// `BAD_USER_INPUT` if it is not between 0 and [`MAX_LIST`].
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
            "{:?} is not an award ID such as award_22.",
            id.as_str()
        ))),
    }
}

/// Filter for awards; all conditions must match. At least one of IDs, user and business day is required.
#[derive(InputObject)]
pub(super) struct AwardSelectionInput {
    /// Award IDs, such as `award_22`, at most 500.
    ids: Option<Vec<ID>>,
    /// Host application's user ID.
    user_id: Option<ID>,
    /// Only awards for this item.
    item: Option<String>,
    /// Only awards for this business day.
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

/// Awards of a correction, grouped by status and coin.
#[derive(SimpleObject)]
struct AwardGroup {
    /// Status before the correction.
    status: AwardStatus,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of awards in the group.
    count: i64,
    /// Total amount of the awards.
    amount: Decimal,
}

impl From<CorrectedGroup> for AwardGroup {
    fn from(group: CorrectedGroup) -> Self {
        Self {
            status: DomainStatus::from_name(&group.status)
                .unwrap_or(DomainStatus::Void)
                .into(),
            coin_id: group.coin_id,
            count: group.award_count,
            amount: Decimal(group.amount),
        }
    }
}

/// Result of a correction, or its preview if `dryRun` is true.
#[derive(SimpleObject)]
struct CorrectionPayload {
    /// Awards that were corrected.
    changed: Vec<AwardGroup>,
    /// Matching awards that were not changed: their status does not allow it, or they were corrected before.
    unchanged: Vec<AwardGroup>,
    /// Why the request was rejected; empty on success.
    problems: Vec<Problem>,
}

/// An award with all stored details.
#[derive(SimpleObject)]
#[graphql(complex, name = "Award")]
pub(super) struct AwardRow {
    /// Award ID, such as `award_22`.
    id: ID,
    /// Host application's ID of the owner.
    user_id: ID,
    /// Item that the award was earned for.
    item: String,
    /// Kind of award.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// Amount earned.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Target of the task, such as a group; null if the item has no target.
    target_id: Option<String>,
    /// Settlement status of the award.
    status: AwardStatus,
    /// Business day that the award counts towards.
    business_day: Date,
    /// Earliest time at which settlement may pay the award.
    settles_at: DateTime,
    /// Time at which the award was earned.
    created_at: DateTime,
    /// Time of the last change.
    updated_at: DateTime,
    /// Source of the award: the item, `import`, or the item followed by `:once` if its targets count once.
    source: String,
    /// Deduplication key within user and source: a day, a target or a campaign.
    source_key: String,
    /// Version of the rule that set the amount; null for campaign awards.
    rule_version: Option<i32>,
    /// Reporter of the task; null if the user acted directly.
    recorded_by: Option<String>,
    /// Error that prevented settlement; the award stays parked until `retryAwards`.
    settle_error: Option<String>,
}

#[ComplexObject]
impl AwardRow {
    /// Returns the history of the award, oldest first, with the job run or author of each event.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn timeline(&self, ctx: &Context<'_>) -> NullableField<Vec<TimelineEvent>> {
        let found = async {
            let context = AdminContext::allowing(ctx, Scope::OpsRead)?;
            let (Ok(user), Some(NodeId::Award(award))) = (user_id(&self.user_id), NodeId::parse(&self.id)) else {
                return Ok(Vec::new());
            };
            let entries = context.ops.timeline(user, award).await;
            entries
                .map(|entries| entries.into_iter().map(TimelineEvent::from).collect())
                .map_err(Into::into)
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

/// An event in the history of an award.
#[derive(SimpleObject)]
struct TimelineEvent {
    /// Time of the event.
    at: DateTime,
    /// Kind of event: CREATED, SETTLED, REVERSED, VOIDED, RETRIED or PARKED.
    event: String,
    /// Author: `user`, an API key or the command line; null if a job caused the event.
    actor: Option<String>,
    /// Name of the job that caused the event.
    job: Option<String>,
    /// ID of the job run.
    run_id: Option<ID>,
    /// Reason for the correction, or the error that prevented settlement.
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
