//! Tasks that the host reports, one or many.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};

use super::scope::AdminContext;
use super::user_id::user_id;
use crate::domain::api_key::Scope;
use crate::domain::id::{NodeId, UserId};
use crate::domain::task::{TaskRejection as DomainRejection, TaskReport};
use crate::graphql::NullableField;
use crate::graphql::award_kinds::AwardStatus;
use crate::graphql::errors::bad_user_input;
use crate::graphql::scalars::{Date, DateTime, Decimal};
use crate::messages::Message;
use crate::service::record_task::RecordedTask;
use crate::service::record_tasks::{Recorded, record_tasks};

/// The most tasks in one call.
const MAX_TASKS: usize = 1_000;

#[derive(Default)]
pub(super) struct TaskMutations;

#[Object]
impl TaskMutations {
    /// Records completed tasks, at most 1,000, and makes their awards; a user's tasks in the order in which they are sent. Each is
    /// recorded or refused by itself. The same call again gives the same results. Needs HOST.
    async fn record_tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The tasks; each has a key of its own.")] tasks: Vec<TaskInput>,
    ) -> NullableField<RecordTasksPayload> {
        Some(record(ctx, tasks).await)
    }
}

async fn record(ctx: &Context<'_>, tasks: Vec<TaskInput>) -> Result<RecordTasksPayload> {
    let scope = AdminContext::allowing(ctx, Scope::Host)?;
    if tasks.len() > MAX_TASKS {
        return Err(bad_user_input(format!("Send at most {MAX_TASKS} tasks at once.")));
    }
    let reports: Vec<TaskReport> = tasks.into_iter().map(TaskReport::from).collect();
    let results = record_tasks(&scope.pool, scope.calendar, reports, &scope.author(), scope.moment).await;
    let results = results
        .into_iter()
        .enumerate()
        .map(|(index, recorded)| TaskResult::new(index, recorded, scope))
        .collect();
    Ok(RecordTasksPayload { results })
}

/// A completed task.
#[derive(InputObject)]
struct TaskInput {
    /// The host's number of the user who did it.
    user_id: ID,
    /// What was done: an item of the rule catalogue.
    item: String,
    /// What it was done to, such as the group that was joined.
    target_id: Option<String>,
    /// The host's own name of this very event, 1 to 100 characters: the same key with the same content is the same task.
    idempotency_key: String,
    /// When it happened, if that was not now; its business day must not be closed. The version of the rule that was in force then
    /// decides whether and what it pays.
    occurred_at: Option<DateTime>,
}

impl From<TaskInput> for TaskReport {
    fn from(input: TaskInput) -> Self {
        Self {
            // What is no number is no user, and there is none of number 0.
            user_id: user_id(&input.user_id).unwrap_or(UserId(0)),
            item: input.item,
            target_id: input.target_id,
            idempotency_key: input.idempotency_key,
            occurred_at: input.occurred_at.map(|at| at.0),
        }
    }
}

/// What `recordTasks` did.
#[derive(SimpleObject)]
struct RecordTasksPayload {
    /// One result for each task, in their order.
    results: Vec<TaskResult>,
}

/// What became of one task.
#[derive(SimpleObject)]
struct TaskResult {
    /// The task's place in the call, from 0.
    index: usize,
    /// What it earned; null when it was refused.
    award: Option<TaskAward>,
    /// Whether it had been recorded before, and earned this then.
    repeated: bool,
    /// Why it earned nothing; null when it did.
    refused: Option<RefusedTask>,
}

impl TaskResult {
    fn new(index: usize, recorded: Recorded, scope: &AdminContext) -> Self {
        let refused = |code: TaskRejection, message: Message| Self {
            index,
            award: None,
            repeated: false,
            refused: Some(RefusedTask {
                code,
                message: message.text(scope.language).into_owned(),
            }),
        };
        match recorded {
            Ok(Ok(recorded)) => Self {
                index,
                award: Some(TaskAward::from(&recorded)),
                repeated: recorded.repeated,
                refused: None,
            },
            Ok(Err(refusal)) => refused(TaskRejection::from(&refusal), Message::from(&refusal)),
            // The others stand. This one may be sent again, with the same key.
            Err(error) => {
                tracing::error!(request_id = scope.request_id, index, ?error, "a task was not recorded");
                refused(TaskRejection::TryAgain, Message::Busy)
            }
        }
    }
}

/// The award of a task.
#[derive(SimpleObject)]
struct TaskAward {
    /// The award's id, such as `award_22`.
    id: ID,
    /// How much was earned.
    amount: Decimal,
    /// The host's own id of the coin.
    coin_id: String,
    /// The business day that it counts for.
    business_day: Date,
    /// Where it is on its way into the balance.
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

/// Why a task earned nothing.
#[derive(SimpleObject)]
struct RefusedTask {
    /// What is wrong, for programs.
    code: TaskRejection,
    /// What is wrong and what to do, for people.
    message: String,
}

/// Why a task earned nothing.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
enum TaskRejection {
    /// There is no user of this number.
    UserUnknown,
    /// The rule catalogue has no such item.
    ItemUnknown,
    /// newbee makes the awards of this item by itself.
    ItemNotATask,
    /// The item needs a target.
    TargetMissing,
    /// The item has no target.
    TargetNotAllowed,
    /// The target is empty, too long, or has control characters.
    TargetInvalid,
    /// The idempotency key is empty, too long, or has control characters.
    KeyInvalid,
    /// The key was used before, with other content.
    Conflict,
    /// The rule was disabled or outside its window when the task was done.
    RuleClosed,
    /// The user has the award for this already.
    AlreadyAwarded,
    /// The item's daily limit was reached.
    LimitReached,
    /// The business day that it happened on is closed.
    DayClosed,
    /// It is said to have happened in the future.
    InTheFuture,
    /// It could not be recorded now. Send it again, with the same key.
    TryAgain,
}

impl From<&DomainRejection> for TaskRejection {
    fn from(refusal: &DomainRejection) -> Self {
        match refusal {
            DomainRejection::UserUnknown => Self::UserUnknown,
            DomainRejection::ItemUnknown => Self::ItemUnknown,
            DomainRejection::ItemNotATask => Self::ItemNotATask,
            DomainRejection::TargetMissing => Self::TargetMissing,
            DomainRejection::TargetNotAllowed => Self::TargetNotAllowed,
            DomainRejection::TargetTooLong => Self::TargetInvalid,
            DomainRejection::KeyInvalid => Self::KeyInvalid,
            DomainRejection::Conflict => Self::Conflict,
            DomainRejection::RuleClosed => Self::RuleClosed,
            DomainRejection::AlreadyAwarded => Self::AlreadyAwarded,
            DomainRejection::LimitReached { .. } => Self::LimitReached,
            DomainRejection::DayClosed { .. } => Self::DayClosed,
            DomainRejection::InTheFuture => Self::InTheFuture,
        }
    }
}
