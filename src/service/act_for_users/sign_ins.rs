//! Sign-ins for users: all of a business day in one transaction of a few statements.

use std::collections::HashMap;

use chrono::NaiveDate;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::kept_result::{self, Repeated};
use super::{ActResult, Acted, ActingCaller};
use crate::domain::act::{ActRejection, ActReport};
use crate::domain::id::UserId;
use crate::domain::sign_in::SignInRejection;
use crate::domain::user::UnknownUser;
use crate::service::ServiceError;
use crate::service::sign_in_today::{ReportedSignIn, SignInAwards, SignInOutcome, sign_in_reported};
use crate::store::award_changes::notify_later;
use crate::store::bounded::PgConnection;
use crate::store::business_days;
use crate::store::sign_ins::SignInDay;
use crate::store::task_requests::{self, NewReport};
use crate::store::transaction::retrying_idempotent;
use crate::store::users;

/// Signs users in for a day; the results are in the order of the reports.
pub(super) fn sign_in_all<'a>(
    caller: ActingCaller<'a>,
    day: NaiveDate,
    reports: &'a [&'a ActReport],
) -> BoxFuture<'a, Vec<Acted>> {
    let sign_in = async move {
        loop {
            let attempt = retrying_idempotent!(attempts, attempt(caller, day, reports, attempts.may_be_done()));
            match attempt {
                Ok(Some(results)) => return results.into_iter().map(Ok).collect(),
                // A concurrent call with one of the keys was committed; the next attempt finds its result.
                Ok(None) => {}
                // A fault of one user's data must not fail the others.
                Err(error) if reports.len() > 1 && !error.is_unavailable() => {
                    let (first, second) = reports.split_at(reports.len() / 2);
                    let mut results = sign_in_all(caller, day, first).await;
                    results.extend(sign_in_all(caller, day, second).await);
                    return results;
                }
                Err(error) => return vec![Err(error); reports.len()],
            }
        }
    };
    sign_in.boxed()
}

/// Returns `None`, without any effect, if a concurrent call has used one of the keys.
async fn attempt(
    caller: ActingCaller<'_>,
    day: NaiveDate,
    reports: &[&ActReport],
    may_be_done: bool,
) -> Result<Option<Vec<ActResult>>, ServiceError> {
    let mut transaction = caller.pool.begin().await?;
    let mut batch = Batch::new(reports.len());
    batch.look_up(&mut transaction, caller, reports, may_be_done).await?;
    let is_past = day < caller.now.day && !batch.new.is_empty();
    if is_past && !business_days::hold_open(&mut transaction, day).await? {
        let closed = ActRejection::DayClosed { day };
        for place in std::mem::take(&mut batch.new) {
            batch.results[place] = Some(ActResult::rejected(closed));
        }
    }
    if !batch.new.is_empty() && !batch.sign_in(&mut transaction, caller, day, reports).await? {
        transaction.rollback().await?;
        return Ok(None);
    }
    transaction.commit().await?;
    if !batch.new.is_empty() {
        notify_later(caller.pool);
    }
    Ok(Some(batch.results(reports)))
}

/// Reports of one transaction, by their places in the call.
struct Batch {
    results: Vec<Option<ActResult>>,
    /// Reports with new keys.
    new: Vec<usize>,
    /// Further reports with one of these keys, each with the place of the first.
    again: Vec<(usize, usize)>,
}

impl Batch {
    fn new(reports: usize) -> Self {
        Self {
            results: vec![None; reports],
            new: Vec::new(),
            again: Vec::new(),
        }
    }

    /// Finds the reports with new keys, and the results of the others.
    async fn look_up(
        &mut self,
        connection: &mut PgConnection,
        caller: ActingCaller<'_>,
        reports: &[&ActReport],
        may_be_done: bool,
    ) -> Result<(), ServiceError> {
        let keys: Vec<(UserId, &str)> = reports
            .iter()
            .map(|report| (report.user_id, report.idempotency_key.as_str()))
            .collect();
        let users: Vec<i64> = keys.iter().map(|(user, _)| user.0).collect();
        users::hold_all(&mut *connection, &users).await?;
        let known = task_requests::find_all(&mut *connection, &keys, caller.now.at).await?;
        let mut first: HashMap<(UserId, &str), usize> = HashMap::new();
        let (mut places, mut repeated) = (Vec::new(), Vec::new());
        for (place, (report, known)) in reports.iter().zip(known).enumerate() {
            if let Some(earlier) = known.earlier {
                match Repeated::of(report.user_id, &report.content_hash(), earlier, may_be_done)? {
                    Some(earlier) => {
                        places.push(place);
                        repeated.push(earlier);
                    }
                    None => self.results[place] = Some(ActResult::rejected(ActRejection::Conflict)),
                }
            } else if !known.is_user {
                self.results[place] = Some(ActResult::rejected(UnknownUser::Unknown));
            } else if let Err(rejection) = report.check_time(caller.now, caller.day_of(report)) {
                self.results[place] = Some(ActResult::rejected(rejection));
            } else if let Some(first) = first.get(&keys[place]) {
                self.again.push((place, *first));
            } else {
                first.insert(keys[place], place);
                self.new.push(place);
            }
        }
        let earlier = kept_result::results(connection, &repeated).await?;
        for (place, result) in places.into_iter().zip(earlier) {
            self.results[place] = Some(result);
        }
        Ok(())
    }

    /// Signs the users of new reports in and stores the results. Returns false if a concurrent call has used a key.
    async fn sign_in(
        &mut self,
        connection: &mut PgConnection,
        caller: ActingCaller<'_>,
        day: NaiveDate,
        reports: &[&ActReport],
    ) -> Result<bool, ServiceError> {
        let days = SignInDay {
            day,
            day_before: caller.calendar.day_before(day),
        };
        let reported: Vec<ReportedSignIn> = self
            .new
            .iter()
            .map(|place| ReportedSignIn {
                user: reports[*place].user_id,
                happened_at: reports[*place].happened_at(caller.now),
            })
            .collect();
        let (name, now) = (&caller.author.name, caller.now.at);
        let outcomes = sign_in_reported(connection, days, &reported, name, now).await?;
        let mut stored = Vec::with_capacity(self.new.len());
        for (place, outcome) in self.new.iter().zip(outcomes) {
            let (report, result) = (reports[*place], result(outcome));
            stored.push(NewReport {
                user_id: report.user_id,
                idempotency_key: &report.idempotency_key,
                content_hash: report.content_hash(),
                result: kept_result::to_stored(&result),
            });
            self.results[*place] = Some(result);
        }
        Ok(task_requests::keep_all(connection, &stored, now).await?)
    }

    fn results(mut self, reports: &[&ActReport]) -> Vec<ActResult> {
        for (place, first) in std::mem::take(&mut self.again) {
            self.results[place] = match reports[place].content_hash() == reports[first].content_hash() {
                true => self.results[first].clone().map(|result| ActResult {
                    repeated: true,
                    ..result
                }),
                false => Some(ActResult::rejected(ActRejection::Conflict)),
            };
        }
        let answered = self
            .results
            .into_iter()
            .map(|result| result.expect("each report has a result"));
        answered.collect()
    }
}

fn result(outcome: SignInOutcome) -> ActResult {
    let awards = |awards: SignInAwards| [awards.award].into_iter().chain(awards.bonuses).collect();
    match outcome {
        SignInOutcome::SignedIn(made) => ActResult::done(awards(made)),
        SignInOutcome::AlreadySignedIn(had) => ActResult {
            awards: awards(had),
            ..ActResult::rejected(SignInRejection::AlreadySignedIn)
        },
        SignInOutcome::Closed => ActResult::rejected(SignInRejection::Closed),
        SignInOutcome::BudgetSpent => ActResult::rejected(SignInRejection::BudgetSpent),
    }
}
