//! Reopening business days that were closed by mistake, for example by a clock that was ahead.

use chrono::NaiveDate;
use serde_json::json;

use super::ServiceError;
use super::jobs::Job;
use super::jobs::close_day::CloseDay;
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::store::audit_log;
use crate::store::bounded::PgPool;
use crate::store::business_days::reopening;
use crate::store::transaction::retrying;

/// Reason why nothing was reopened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReopenRejection {
    #[error("Give a reason of 1 to 500 characters: it is kept in the audit log.")]
    ReasonInvalid,
    #[error("The closed business day {day} holds awards, so it cannot be reopened. Nothing was changed.")]
    HoldsAwards { day: NaiveDate },
}

/// Reopens all closed days from `first` on, or none, and returns them, oldest first. Later days are included so that no
/// open day precedes a closed one.
///
/// # Errors
/// If the database fails. Rejections are the inner error.
pub async fn reopen_days(
    pool: &PgPool,
    first: NaiveDate,
    reason: &str,
    author: &Author,
) -> Result<Result<Vec<NaiveDate>, ReopenRejection>, ServiceError> {
    if !is_valid_reason(reason) {
        return Ok(Err(ReopenRejection::ReasonInvalid));
    }
    retrying!(reopen_in_transaction(pool, first, reason.trim(), author))
}

async fn reopen_in_transaction(
    pool: &PgPool,
    first: NaiveDate,
    reason: &str,
    author: &Author,
) -> Result<Result<Vec<NaiveDate>, ReopenRejection>, ServiceError> {
    let mut transaction = pool.begin().await?;
    let closed = reopening::lock_closed_from(&mut transaction, first).await?;
    if let Some(day) = closed.iter().find(|day| day.holds_awards) {
        transaction.rollback().await?;
        return Ok(Err(ReopenRejection::HoldsAwards { day: day.day }));
    }
    let days: Vec<NaiveDate> = closed.iter().map(|day| day.day).collect();
    if let (Some(first), Some(last)) = (days.first(), days.last()) {
        reopening::reopen(&mut transaction, &days).await?;
        reopening::release_due_times(&mut transaction, CloseDay::NAME, *first).await?;
        let change = Change {
            action: "reopen_days",
            subject: format!("day:{first}"),
            user_id: None,
            reason: Some(reason.to_owned()),
            before: Some(json!({ "state": "CLOSED", "from": first, "to": last })),
            after: Some(json!({ "state": "OPEN", "days": days.len() })),
        };
        audit_log::record(&mut transaction, author, &[change]).await?;
    }
    transaction.commit().await?;
    Ok(Ok(days))
}
