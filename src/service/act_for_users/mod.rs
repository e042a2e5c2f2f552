//! Performing acts for users: sign-ins of a business day together in one transaction, all other acts in a transaction
//! each. The idempotency key of an act is stored with its result, in the transaction of its effect.

mod kept_result;
mod sign_ins;
mod single_act;

use std::collections::{BTreeMap, BTreeSet};

use crate::store::bounded::PgPool;
use chrono::NaiveDate;
use futures_util::StreamExt;
use serde_json::json;

use super::ServiceError;
use crate::domain::act::{Act, ActRejection, ActReport, SingleAct};
use crate::domain::audit::{Author, Change};
use crate::domain::award::Award;
use crate::domain::business_day::{BusinessTime, Calendar};
use crate::domain::draw_keys::DrawKeys;
use crate::domain::id::UserId;
use crate::domain::task::MAX_REPORT_DELAY;
use crate::store::audit_log;

/// Maximum number of users whose acts, other than sign-ins, are performed concurrently; each takes a database
/// connection. A call of 1,000 words therefore leaves connections to the other requests of the admin API.
const USERS_AT_ONCE: usize = 4;

/// Result of an act.
#[derive(Clone, Debug, PartialEq)]
pub struct ActResult {
    /// The award of the act, followed by its bonuses. A sign-in that was rejected as repeated has the award of its day.
    pub awards: Vec<Award>,
    /// True if the act was performed or rejected by an earlier report with the same key.
    pub repeated: bool,
    /// `None` if the act was performed.
    pub rejection: Option<ActRejection>,
}

impl ActResult {
    fn rejected(rejection: impl Into<ActRejection>) -> Self {
        Self {
            awards: Vec::new(),
            repeated: false,
            rejection: Some(rejection.into()),
        }
    }

    fn done(awards: Vec<Award>) -> Self {
        Self {
            awards,
            repeated: false,
            rejection: None,
        }
    }
}

/// Result of one act of a call. An internal fault affects only the acts of its transaction, which may be sent again.
pub type Acted = Result<ActResult, ServiceError>;

/// The caller that acts for users, and the time of the call.
#[derive(Clone, Copy)]
pub struct ActingCaller<'a> {
    pub pool: &'a PgPool,
    pub calendar: Calendar,
    pub draw_keys: &'a DrawKeys,
    pub author: &'a Author,
    pub now: BusinessTime,
}

impl ActingCaller<'_> {
    /// Returns the business day of an act.
    fn day_of(&self, report: &ActReport) -> NaiveDate {
        self.calendar.day_of(report.happened_at(self.now))
    }
}

/// Performs acts of users; the results are in the order of the reports. Sign-ins are performed first, then the other
/// acts of each user in the order given. One audit log entry has the counts of the results; awards name the caller, and
/// bindings and reservations have entries of their own.
pub async fn act_for_users(caller: ActingCaller<'_>, reports: &[ActReport]) -> Vec<Acted> {
    let mut results: Vec<Option<Acted>> = vec![None; reports.len()];
    let mut sign_ins: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    let mut single: BTreeMap<UserId, Vec<(usize, &SingleAct)>> = BTreeMap::new();
    // Sign-ins that are too late for any day are looked up together, in case they repeat earlier reports.
    let earliest_day = caller.calendar.day_of(caller.now.at - MAX_REPORT_DELAY);
    for (place, report) in reports.iter().enumerate() {
        match (report.check(), &report.act) {
            (Err(rejection), _) => results[place] = Some(Ok(ActResult::rejected(rejection))),
            (Ok(()), Act::SignIn) => {
                let day = caller.day_of(report).max(earliest_day);
                sign_ins.entry(day).or_default().push(place);
            }
            (Ok(()), Act::Single(act)) => single.entry(report.user_id).or_default().push((place, act)),
        }
    }
    // The earliest day first, so that a later sign-in of the same user continues the streak.
    for (day, places) in sign_ins {
        let of_day: Vec<&ActReport> = places.iter().map(|place| &reports[*place]).collect();
        let answers = sign_ins::sign_in_all(caller, day, &of_day).await;
        for (place, answer) in places.into_iter().zip(answers) {
            results[place] = Some(answer);
        }
    }
    let of_users: Vec<_> = single
        .into_values()
        .map(|acts| single_act::perform_in_turn(caller, reports, acts))
        .collect();
    let answers: Vec<_> = futures_util::stream::iter(of_users)
        .buffer_unordered(USERS_AT_ONCE)
        .collect()
        .await;
    for (place, answer) in answers.into_iter().flatten() {
        results[place] = Some(answer);
    }
    let results: Vec<Acted> = results
        .into_iter()
        .map(|result| result.unwrap_or(Err(ServiceError::LOST)))
        .collect();
    if let Err(error) = record_in_audit_log(caller, reports, &results).await {
        // The acts are committed and name their author; the host application must receive its results.
        tracing::error!(
            request_id = caller.author.request_id,
            ?error,
            "acts for users have no audit log entry"
        );
    }
    results
}

async fn record_in_audit_log(
    caller: ActingCaller<'_>,
    reports: &[ActReport],
    results: &[Acted],
) -> Result<(), ServiceError> {
    if results.is_empty() {
        return Ok(());
    }
    let users: BTreeSet<UserId> = reports.iter().map(|report| report.user_id).collect();
    let mut acts: BTreeMap<&str, usize> = BTreeMap::new();
    for report in reports {
        *acts.entry(report.act.name()).or_default() += 1;
    }
    let count = |is_counted: fn(&ActResult) -> bool| {
        let known = results.iter().filter_map(|result| result.as_ref().ok());
        known.filter(|result| is_counted(result)).count()
    };
    let entry = Change {
        action: "act_for_users",
        subject: "acts".to_owned(),
        user_id: users.first().copied().filter(|user| users.len() == 1 && user.0 > 0),
        reason: None,
        before: None,
        after: Some(json!({
            "acts": acts,
            "performed": count(|result| !result.repeated && result.rejection.is_none()),
            "repeated": count(|result| result.repeated),
            "refused": count(|result| !result.repeated && result.rejection.is_some()),
            "failed": results.iter().filter(|result| result.is_err()).count(),
        })),
    };
    let mut connection = caller.pool.acquire().await?;
    audit_log::record(&mut connection, caller.author, &[entry]).await?;
    Ok(())
}
