//! What there is to do today.

use async_graphql::{Enum, SimpleObject};

use crate::domain::award::AwardType as DomainAwardType;
use crate::graphql::RequestContext;
use crate::graphql::award_kinds::AwardType;
use crate::graphql::scalars::{DateTime, Decimal};
use crate::loaders::{TaskCount, TaskRule};

/// Whether a task can be done now.
#[derive(Clone, Copy, PartialEq, Eq, Enum)]
pub(super) enum TaskState {
    /// Doing it earns an award.
    Available,
    /// Everything that it pays has been earned: for ever with NEWBEE, for today with DAILY.
    Done,
    /// It pays nothing now: it has not opened yet, or has closed.
    Closed,
}

/// A task of the rule catalogue, and how far the user is with it.
#[derive(SimpleObject)]
pub(super) struct Task {
    /// The item of the rule catalogue, such as `join_group`.
    item: String,
    /// NEWBEE for a task that is done once in a life, DAILY for one that is done every day.
    #[graphql(name = "type")]
    award_type: AwardType,
    /// What doing it once earns, or the least of it.
    amount: Decimal,
    /// The most that doing it once may earn, where that is drawn anew each time; null where it is always `amount`.
    max_amount: Option<Decimal>,
    /// The host application's own id of the coin.
    coin_id: String,
    /// How often the user has done it: ever with NEWBEE, today with DAILY.
    done: i64,
    /// How often it pays: ever with NEWBEE, a day with DAILY. Null when there is no limit.
    limit: Option<i64>,
    /// How often it can still be done: ever with NEWBEE, today with DAILY. Null when there is no limit.
    remaining: Option<i64>,
    /// Whether it can be done now.
    state: TaskState,
    /// When a task that is done for today can be done again; null otherwise, also for a NEWBEE task that is done for ever.
    next_eligible_at: Option<DateTime>,
}

impl Task {
    /// The task of a rule.
    pub fn new(rule: TaskRule, counts: &[TaskCount], scope: &RequestContext) -> Self {
        let done = counts
            .iter()
            .find(|count| count.item == rule.item)
            .map_or(0, |count| count.done);
        let remaining = rule.limit.map(|limit| (limit - done).max(0));
        let at = scope.moment.at;
        let is_open = rule.opens_at.is_none_or(|opens| opens <= at) && rule.closes_at.is_none_or(|closes| at < closes);
        let state = match remaining {
            Some(0) => TaskState::Done,
            _ if is_open => TaskState::Available,
            _ => TaskState::Closed,
        };
        let comes_back = state == TaskState::Done && rule.award_type == DomainAwardType::Daily;
        Self {
            item: rule.item,
            award_type: rule.award_type.into(),
            amount: Decimal(rule.amount),
            max_amount: rule.amount_max.map(Decimal),
            coin_id: rule.coin_id,
            done,
            limit: rule.limit,
            remaining,
            state,
            next_eligible_at: comes_back.then(|| DateTime(scope.next_day_at())),
        }
    }
}
