//! Reopening business days that were closed by mistake, for example by a clock that was ahead.

use chrono::NaiveDate;
use serde_json::json;

use super::Failure;
use super::jobs::Job;
use super::jobs::close_day::CloseDay;
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::rejection::change::ChangeRejection;
use crate::domain::rejection::job::JobRejection;
use crate::store::audit_log;
use crate::store::bounded::PgPool;
use crate::store::business_days::reopening;
use crate::store::transaction::retrying;

/// Reopens all closed days from `first` on, or none, and returns them, oldest first. Later days are included so that no
/// open day precedes a closed one.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn reopen_days(
    pool: &PgPool,
    first: NaiveDate,
    reason: &str,
    author: &Author,
) -> Result<Vec<NaiveDate>, Failure<JobRejection>> {
    if !is_valid_reason(reason) {
        return Err(JobRejection::from(ChangeRejection::ReasonInvalid).into());
    }
    retrying!(reopen_in_transaction(pool, first, reason.trim(), author))
}

async fn reopen_in_transaction(
    pool: &PgPool,
    first: NaiveDate,
    reason: &str,
    author: &Author,
) -> Result<Vec<NaiveDate>, Failure<JobRejection>> {
    let mut transaction = pool.begin().await?;
    let closed = reopening::lock_closed_from(&mut transaction, first).await?;
    if let Some(day) = closed.iter().find(|day| day.holds_awards) {
        transaction.rollback().await?;
        return Err(JobRejection::DayHoldsAwards { day: day.day }.into());
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
    Ok(days)
}
