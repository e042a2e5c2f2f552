//! Acts other than sign-ins, each in a transaction of its own.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::kept_result::{self, Repeated};
use super::{ActResult, Acted, ActingCaller};
use crate::domain::act::{ActRejection, ActReport, SingleAct};
use crate::domain::audit::Change;
use crate::domain::business_day::BusinessTime;
use crate::domain::user::UnknownUser;
use crate::service::reserve::reserve_reported;
use crate::service::set_invitation::bind_reported;
use crate::service::submit_word::{EarlierAttempts, Submission, submit_within};
use crate::service::{Applied, Failure, ServiceError};
use crate::store::award_changes::notify_later;
use crate::store::bounded::PgConnection;
use crate::store::transaction::retrying_idempotent;
use crate::store::{audit_log, business_days, task_requests, users};

/// Performs the acts of one user, each after the end of the one before. Returns them with their places.
pub(super) async fn perform_in_turn(
    caller: ActingCaller<'_>,
    reports: &[ActReport],
    acts: Vec<(usize, &SingleAct)>,
) -> Vec<(usize, Acted)> {
    let mut results = Vec::with_capacity(acts.len());
    for (place, act) in acts {
        let report = &reports[place];
        let result = retrying_idempotent!(
            attempts,
            perform_in_transaction(caller, report, act, attempts.may_be_done())
        );
        results.push((place, result));
    }
    results
}

async fn perform_in_transaction(
    caller: ActingCaller<'_>,
    report: &ActReport,
    act: &SingleAct,
    may_be_done: bool,
) -> Acted {
    let mut transaction = caller.pool.begin().await?;
    let (user, key, now) = (report.user_id, &report.idempotency_key, caller.now);
    if !users::hold(&mut *transaction, user).await? {
        return Ok(ActResult::rejected(UnknownUser::Unknown));
    }
    if !task_requests::take_key(&mut transaction, user, key, &report.content_hash(), now.at).await? {
        return answer_again(&mut transaction, report, now, may_be_done).await;
    }
    let happened_at = report.happened_at(now);
    let day = caller.calendar.day_of(happened_at);
    // Neither of these rejections is stored: the early return rolls the use of the key back.
    if let Err(rejection) = report.check_time(now, day) {
        return Ok(ActResult::rejected(rejection));
    }
    if day < now.day && !business_days::hold_open(&mut transaction, day).await? {
        return Ok(ActResult::rejected(ActRejection::DayClosed { day }));
    }
    // Performed now, for that day.
    let moment = BusinessTime { at: now.at, day };
    let result = match perform(&mut transaction, caller, report, act, moment, happened_at).await {
        Ok(result) => result,
        Err(Failure::Rejected(rejection)) => ActResult::rejected(rejection),
        Err(Failure::Failed(error)) => return Err(error),
    };
    task_requests::keep_result(&mut transaction, user, key, &kept_result::to_stored(&result)).await?;
    transaction.commit().await?;
    if result.rejection.is_none() {
        notify_later(caller.pool);
    }
    Ok(result)
}

async fn answer_again(
    connection: &mut PgConnection,
    report: &ActReport,
    now: BusinessTime,
    may_be_done: bool,
) -> Acted {
    let earlier = task_requests::find(&mut *connection, report.user_id, &report.idempotency_key, now.at)
        .await?
        .ok_or(ServiceError::InconsistentData(
            "an idempotency key is taken but has no row",
        ))?;
    match Repeated::of(report.user_id, &report.content_hash(), earlier, may_be_done)? {
        Some(repeated) => {
            let result = kept_result::results(connection, &[repeated]).await?.pop();
            result.ok_or(ServiceError::InconsistentData("a repeated act has no result"))
        }
        None => Ok(ActResult::rejected(ActRejection::Conflict)),
    }
}

async fn perform(
    transaction: &mut PgConnection,
    caller: ActingCaller<'_>,
    report: &ActReport,
    act: &SingleAct,
    moment: BusinessTime,
    happened_at: DateTime<Utc>,
) -> Result<ActResult, Failure<ActRejection>> {
    let (user, name) = (report.user_id, caller.author.name.as_str());
    match act {
        SingleAct::SubmitWord(word) => {
            let submission = Submission {
                user,
                word,
                moment,
                submitted_at: happened_at,
                recorded_by: Some(name),
            };
            let earlier = EarlierAttempts {
                may_be_done: false,
                counted: &mut None,
            };
            let claim = submit_within(transaction, caller.draw_keys, submission, earlier).await;
            Ok(ActResult::done(vec![claim.map_err(into_act)?.award]))
        }
        SingleAct::SetInvitation(code) => {
            let bound = bind_reported(transaction, user, code, moment, happened_at, name).await;
            let Applied { state, changed } = bound.map_err(into_act)?;
            if changed {
                let parent = state.parent.map(|parent| parent.user_id.0.to_string());
                record(
                    transaction,
                    caller,
                    report,
                    "set_invitation",
                    json!({ "parentId": parent }),
                )
                .await?;
            }
            Ok(ActResult::done(Vec::new()))
        }
        SingleAct::Reserve(key) => {
            let reserved = reserve_reported(transaction, user, key, happened_at, moment.at).await;
            let Applied { state, changed } = reserved.map_err(into_act)?;
            if changed {
                let campaign = state.campaign.key;
                record(transaction, caller, report, "reserve", json!({ "campaign": campaign })).await?;
            }
            Ok(ActResult::done(Vec::new()))
        }
    }
}

fn into_act<R: Into<ActRejection>>(failure: Failure<R>) -> Failure<ActRejection> {
    match failure {
        Failure::Rejected(rejection) => Failure::Rejected(rejection.into()),
        Failure::Failed(error) => Failure::Failed(error),
    }
}

/// Records an act that leaves no award with the name of the caller.
async fn record(
    transaction: &mut PgConnection,
    caller: ActingCaller<'_>,
    report: &ActReport,
    action: &'static str,
    after: Value,
) -> Result<(), ServiceError> {
    let change = Change {
        action,
        subject: format!("user:{}", report.user_id.0),
        user_id: Some(report.user_id),
        reason: None,
        before: None,
        after: Some(after),
    };
    audit_log::record(transaction, caller.author, &[change]).await?;
    Ok(())
}
