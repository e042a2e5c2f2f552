//! Completed tasks reported by the host application.

use async_graphql::{Context, ID, InputObject, Object, Result, SimpleObject};

use super::context::AdminContext;
use super::user_id::user_id;
use crate::domain::api_key::Scope;
use crate::domain::id::{NodeId, UserId};
use crate::domain::rejection::{RejectionCode, RejectionTable};
use crate::domain::task::{TaskRejection, TaskReport};
use crate::domain::user::UnknownUser;
use crate::graphql::NullableField;
use crate::graphql::award_kinds::AwardStatus;
use crate::graphql::errors::bad_user_input;
use crate::graphql::rejections::{Code, CodeSet};
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::service::Failure;
use crate::service::record_task::RecordedTask;
use crate::service::record_tasks::{Recorded, record_tasks};

/// Maximum number of tasks in one call.
const MAX_TASKS: usize = 1_000;

#[derive(Default)]
pub(super) struct TaskMutations;

#[Object]
impl TaskMutations {
    /// Records completed tasks, at most 1,000, and creates their awards. The tasks of a user are processed in the order
    /// sent. Each task is accepted or rejected individually. Repeating the call returns the same results. Needs HOST.
    async fn record_tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Tasks to record; each needs a unique idempotency key.")] tasks: Vec<TaskInput>,
    ) -> NullableField<RecordTasksPayload> {
        Some(record(ctx, tasks).await)
    }
}

async fn record(ctx: &Context<'_>, tasks: Vec<TaskInput>) -> Result<RecordTasksPayload> {
    let context = AdminContext::allowing(ctx, Scope::Host)?;
    if tasks.len() > MAX_TASKS {
        return Err(bad_user_input(format!("Send at most {MAX_TASKS} tasks at once.")));
    }
    let reports: Vec<TaskReport> = tasks.into_iter().map(TaskReport::from).collect();
    let results = record_tasks(
        &context.pool,
        context.calendar,
        reports,
        &context.author(),
        context.moment,
    )
    .await;
    let results = results
        .into_iter()
        .enumerate()
        .map(|(index, recorded)| TaskResult::new(index, recorded, context))
        .collect();
    Ok(RecordTasksPayload { results })
}

/// A completed task.
#[derive(InputObject)]
struct TaskInput {
    /// Host application's ID of the user who completed the task.
    user_id: ID,
    /// Item of the rule catalogue.
    item: String,
    /// Target of the task, such as the group that was joined.
    target_id: Option<String>,
    /// Unique key of the event, 1–100 characters. A report with the same key and content is treated as the same task.
    idempotency_key: String,
    /// Time of completion; now if omitted. Its business day must not be closed. The rule version in force at that time
    /// decides the award.
    occurred_at: Option<DateTime>,
}

impl From<TaskInput> for TaskReport {
    fn from(input: TaskInput) -> Self {
        Self {
            // An ID that is not a number becomes user 0, which never exists, and is rejected as unknown.
            user_id: user_id(&input.user_id).unwrap_or(UserId(0)),
            item: input.item,
            target_id: input.target_id,
            idempotency_key: input.idempotency_key,
            occurred_at: input.occurred_at.map(|at| at.0),
        }
    }
}

/// Result of `recordTasks`.
#[derive(SimpleObject)]
struct RecordTasksPayload {
    /// One result per task, in the order sent.
    results: Vec<TaskResult>,
}

/// Result of one task.
#[derive(SimpleObject)]
struct TaskResult {
    /// Index of the task in the call, starting at 0.
    index: usize,
    /// Award of the task; null if the task was rejected.
    award: Option<TaskAward>,
    /// True if the task was recorded by an earlier call, which created the award.
    repeated: bool,
    /// Why the task was rejected; null on success.
    refused: Option<RefusedTask>,
}

impl TaskResult {
    fn new(index: usize, recorded: Recorded, context: &AdminContext) -> Self {
        let refused = |rejection: TaskRejection| Self {
            index,
            award: None,
            repeated: false,
            refused: Some(RefusedTask {
                code: Code::of(&rejection),
                message: rejection.text(context.language).into_owned(),
            }),
        };
        match recorded {
            Ok(recorded) => Self {
                index,
                award: Some(TaskAward::from(&recorded)),
                repeated: recorded.repeated,
                refused: None,
            },
            Err(Failure::Rejected(rejection)) => refused(rejection),
            // The results of the other tasks remain valid. This task can be sent again with the same key.
            Err(Failure::Failed(error)) => {
                tracing::error!(
                    request_id = context.request_id,
                    index,
                    ?error,
                    "a task was not recorded"
                );
                refused(TaskRejection::TryAgain)
            }
        }
    }
}

/// Award of a reported task.
#[derive(SimpleObject)]
struct TaskAward {
    /// Award ID, such as `award_22`.
    id: ID,
    /// Amount earned.
    amount: Decimal,
    /// Host application's coin ID.
    coin_id: String,
    /// Business day that the award counts towards.
    business_day: Date,
    /// Settlement status of the award.
    status: AwardStatus,
}

impl From<&RecordedTask> for TaskAward {
    fn from(recorded: &RecordedTask) -> Self {
        let award = &recorded.award;
        Self {
            id: ID(NodeId::Award(award.id).to_string()),
            amount: Decimal(award.amount),
            coin_id: award.coin_id.clone(),
            business_day: Date(award.business_day),
            status: award.status.into(),
        }
    }
}

/// A rejected task.
#[derive(SimpleObject)]
struct RefusedTask {
    /// Machine-readable code of the rejection.
    code: Code<TaskRefusals>,
    /// Problem and how to fix it, in the language of the request.
    message: String,
}

/// The enum `TaskRefusal`.
struct TaskRefusals;

impl CodeSet for TaskRefusals {
    const NAME: &'static str = "TaskRefusal";
    const DESCRIPTION: &'static str = "Reason for rejecting a task.";
    const TABLES: &'static [&'static [RejectionCode]] = &[UnknownUser::CODES, TaskRejection::CODES];
}
