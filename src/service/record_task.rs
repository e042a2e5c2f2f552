//! Recording a task reported by the host application, once per idempotency key.

use crate::store::bounded::{PgConnection, PgPool};
use chrono::Utc;
use serde::{Deserialize, Serialize};

use super::{Failure, ServiceError};
use crate::domain::award::Award;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::id::AwardId;
use crate::domain::rule::{Rule, is_valid_item};
use crate::domain::task::{MAX_REPORT_DELAY, TOLERATED_CLOCK_LEAD, TaskRejection, TaskReport};
use crate::domain::user::UnknownUser;
use crate::store::award_changes::notify_later;
use crate::store::awards::{self, NewAward};
use crate::store::transaction::retrying_idempotent;
use crate::store::{budgets, business_days, citus, rules, task_requests, users};

/// Award of a report, according to its first result.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedTask {
    pub award: Award,
    /// True if the report was received before and the award was made then.
    pub repeated: bool,
}

/// Stored result of the first report. Rejections by the rule and its caps are stored as well: the same report gets the
/// same result, even after midnight. An invalid report is not stored: it may be corrected and sent again.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "SCREAMING_SNAKE_CASE")]
enum KeptResult {
    Awarded { award_id: i64 },
    AlreadyAwarded,
    LimitReached { limit: i32 },
    RuleClosed,
    BudgetSpent,
}

/// Records a report as of `now` and creates its award, with the reporter as `recorded_by`.
///
/// # Errors
/// If the task is rejected, the database fails, or the stored data is inconsistent.
pub async fn record_task(
    pool: &PgPool,
    calendar: Calendar,
    report: &TaskReport,
    recorded_by: &str,
    now: BusinessTime,
) -> Result<RecordedTask, Failure<TaskRejection>> {
    report.check()?;
    retrying_idempotent!(
        attempts,
        record_in_transaction(pool, calendar, report, recorded_by, now, attempts.may_be_done())
    )
}

async fn record_in_transaction(
    pool: &PgPool,
    calendar: Calendar,
    report: &TaskReport,
    recorded_by: &str,
    now: BusinessTime,
    may_be_done: bool,
) -> Result<RecordedTask, Failure<TaskRejection>> {
    let mut transaction = pool.begin().await?;
    if !users::hold(&mut *transaction, report.user_id).await? {
        return Err(TaskRejection::from(UnknownUser::Unknown).into());
    }
    let (key, hash) = (&report.idempotency_key, report.content_hash());
    if !task_requests::take_key(&mut transaction, report.user_id, key, &hash, now.at).await? {
        return answer_again(&mut transaction, report, &hash, now, may_be_done).await;
    }
    // A rejection is not stored: the early return rolls the use of the key back.
    let result = award_task(&mut transaction, calendar, report, recorded_by, now).await?;
    let kept = serde_json::to_value(&result).expect("a stored result is plain JSON");
    task_requests::keep_result(&mut transaction, report.user_id, key, &kept).await?;
    let answer = answer(&mut transaction, report, result, false).await;
    if !matches!(answer, Err(Failure::Failed(_))) {
        transaction.commit().await?;
    }
    if answer.is_ok() {
        notify_later(pool);
    }
    answer
}

async fn answer_again(
    connection: &mut PgConnection,
    report: &TaskReport,
    hash: &[u8; 32],
    now: BusinessTime,
    may_be_done: bool,
) -> Result<RecordedTask, Failure<TaskRejection>> {
    let earlier = task_requests::find(&mut *connection, report.user_id, &report.idempotency_key, now.at)
        .await?
        .ok_or(ServiceError::InconsistentData(
            "an idempotency key is taken but has no row",
        ))?;
    if earlier.content_hash != hash {
        return Err(TaskRejection::Conflict.into());
    }
    let result = serde_json::from_value(earlier.result)
        .map_err(|_| ServiceError::InconsistentData("a stored task result is unknown to this version"))?;
    // An attempt of this same request whose result was lost is not an earlier report.
    let repeated = !(may_be_done && earlier.is_of_instant);
    answer(connection, report, result, repeated).await
}

async fn answer(
    connection: &mut PgConnection,
    report: &TaskReport,
    result: KeptResult,
    repeated: bool,
) -> Result<RecordedTask, Failure<TaskRejection>> {
    match result {
        KeptResult::Awarded { award_id } => {
            let award = awards::find(&mut *connection, report.user_id, AwardId(award_id))
                .await?
                .ok_or(ServiceError::InconsistentData("a recorded task has no award"))?;
            Ok(RecordedTask { award, repeated })
        }
        KeptResult::AlreadyAwarded => Err(TaskRejection::AlreadyAwarded.into()),
        KeptResult::LimitReached { limit } => Err(TaskRejection::LimitReached { limit }.into()),
        KeptResult::RuleClosed => Err(TaskRejection::RuleClosed.into()),
        KeptResult::BudgetSpent => Err(TaskRejection::BudgetSpent.into()),
    }
}

async fn award_task(
    transaction: &mut PgConnection,
    calendar: Calendar,
    report: &TaskReport,
    recorded_by: &str,
    now: BusinessTime,
) -> Result<KeptResult, Failure<TaskRejection>> {
    let current = match is_valid_item(&report.item) {
        true => rules::current_rule(&mut *transaction, &report.item).await?,
        false => None,
    };
    let Some(current) = current else {
        return Err(TaskRejection::ItemUnknown.into());
    };
    let moment = business_moment(transaction, calendar, report, now).await?;
    // The rule in force at the time of the task applies, even if it has changed since.
    let occurred_at = report.occurred_at.map_or(now.at, |at| at.min(now.at));
    let rule = match report.occurred_at {
        None => current,
        Some(_) => match rules::rule_at(&mut *transaction, &report.item, occurred_at).await? {
            Some(rule) => rule,
            // The item was added later, so nothing could be earned.
            None => return Ok(KeptResult::RuleClosed),
        },
    };
    match report.check_against(&rule, occurred_at) {
        Err(TaskRejection::RuleClosed) => return Ok(KeptResult::RuleClosed),
        checked => checked?,
    }
    Ok(make_award(transaction, report, recorded_by, &rule, moment).await?)
}

/// Returns the effective time of the task: now, or the reported instant if its day is still open.
async fn business_moment(
    transaction: &mut PgConnection,
    calendar: Calendar,
    report: &TaskReport,
    now: BusinessTime,
) -> Result<BusinessTime, Failure<TaskRejection>> {
    let Some(occurred_at) = report.occurred_at else {
        return Ok(now);
    };
    if occurred_at > now.at + TOLERATED_CLOCK_LEAD {
        return Err(TaskRejection::InTheFuture.into());
    }
    let moment = calendar.moment(occurred_at.with_timezone(&Utc).min(now.at));
    let is_too_old = now.at - occurred_at > MAX_REPORT_DELAY;
    if is_too_old || moment.day < now.day && !business_days::hold_open(transaction, moment.day).await? {
        return Err(TaskRejection::DayClosed { day: moment.day }.into());
    }
    // Created now, for that day.
    Ok(BusinessTime {
        at: now.at,
        day: moment.day,
    })
}

async fn make_award(
    transaction: &mut PgConnection,
    report: &TaskReport,
    recorded_by: &str,
    rule: &Rule,
    moment: BusinessTime,
) -> Result<KeptResult, ServiceError> {
    // Cap and budget are checked after the insert, because only then the award is known to be new; a savepoint covers
    // all.
    let mut both = transaction.begin().await?;
    let new = NewAward {
        user_id: report.user_id,
        rule,
        source_key: report.source_key(rule),
        target_id: report.target_id.as_deref(),
        moment,
        recorded_by: Some(recorded_by),
    };
    let Some(award) = citus::awards::insert(&mut both, new).await? else {
        return Ok(KeptResult::AlreadyAwarded);
    };
    let result = if !awards::count_within_limit(&mut both, report.user_id, moment.day, rule).await? {
        KeptResult::LimitReached {
            limit: rule.terms.daily_limit.unwrap_or_default(),
        }
    } else if !budgets::take(&mut both, rule, moment.day, award.amount).await? {
        KeptResult::BudgetSpent
    } else {
        both.commit().await?;
        return Ok(KeptResult::Awarded { award_id: award.id.0 });
    };
    both.rollback().await?;
    Ok(result)
}
