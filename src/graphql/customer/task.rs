//! Tasks of the rule catalogue with the user's progress.

use async_graphql::{Enum, SimpleObject};

use crate::domain::award::AwardType as DomainAwardType;
use crate::graphql::RequestContext;
use crate::graphql::award_kinds::AwardType;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::loaders::{TaskCount, TaskRule};

/// Availability of a task.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum TaskState {
    /// Completing the task earns an award.
    Available,
    /// All awards of the task have been earned: permanently for NEWBEE, for today for DAILY.
    Done,
    /// The task pays nothing now: it is not open yet, or is closed.
    Closed,
}

/// A task of the rule catalogue with the user's progress.
#[derive(SimpleObject)]
pub(super) struct Task {
    /// Item of the rule catalogue, such as `join_group`.
    item: String,
    /// Title to be shown, in the language of the request or else in the other one; null if there is none.
    title: Option<String>,
    /// Description to be shown, in the language of the request or else in the other one; null if there is none.
    description: Option<String>,
    /// Where the task is done: an https URL, or a deep link into the app; null if there is none.
    link: Option<String>,
    /// NEWBEE for a task that is done once per user, DAILY for a task that is done every day.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// Award for completing the task once, or its minimum if the amount is drawn.
    amount: Decimal,
    /// Maximum award for completing the task once, if the amount is drawn each time; null if it is always `amount`.
    max_amount: Option<Decimal>,
    /// Host application's coin ID.
    coin_id: String,
    /// Number of times the user has completed the task: in total for NEWBEE, today for DAILY.
    done: i64,
    /// Number of times the task pays: in total for NEWBEE, per day for DAILY. Null if unlimited.
    limit: Option<i64>,
    /// Number of times the task can still be completed: in total for NEWBEE, today for DAILY. Null if unlimited.
    remaining: Option<i64>,
    /// Availability at the time of the request.
    state: TaskState,
    /// Next time at which a DAILY task that is done for today can be completed; null otherwise, also for a completed
    /// NEWBEE task.
    next_eligible_at: Option<DateTime>,
}

impl Task {
    /// Returns the task of a rule, with its state at the time of the request.
    pub fn new(rule: TaskRule, counts: &[TaskCount], context: &RequestContext) -> Self {
        let done = counts
            .iter()
            .find(|count| count.item == rule.item)
            .map_or(0, |count| count.done);
        let remaining = rule.limit.map(|limit| (limit - done).max(0));
        let at = context.moment.at;
        let is_open = rule.opens_at.is_none_or(|opens| opens <= at) && rule.closes_at.is_none_or(|closes| at < closes);
        let state = match remaining {
            Some(0) => TaskState::Done,
            _ if is_open => TaskState::Available,
            _ => TaskState::Closed,
        };
        let comes_back = state == TaskState::Done && rule.award_type == DomainAwardType::Daily;
        Self {
            title: rule.texts.title(context.language).map(str::to_owned),
            description: rule.texts.description(context.language).map(str::to_owned),
            link: rule.texts.link,
            item: rule.item,
            award_type: rule.award_type.into(),
            amount: Decimal(rule.amount),
            max_amount: rule.amount_max.map(Decimal),
            coin_id: rule.coin_id,
            done,
            limit: rule.limit,
            remaining,
            state,
            next_eligible_at: comes_back.then(|| DateTime(context.next_day_at())),
        }
    }
}
