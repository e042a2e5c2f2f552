//! Pausing and resuming a job, with author and reason.
//!
//! A paused job has no due times, but can still be run on request. When it is resumed, the catch-up policy of its
//! manifest decides which missed runs are made up for.

use crate::store::bounded::PgPool;
use serde_json::{Value, json};

use super::{Failure, ServiceError};
use crate::domain::audit::{Author, Change};
use crate::domain::correction::is_valid_reason;
use crate::domain::rejection::change::ChangeRejection;
use crate::store::audit_log;
use crate::store::job_runs::due::{self, JobRow};
use crate::store::job_runs::pause;
use crate::store::transaction::retrying;

/// Outcome of pausing, with the current state of the job.
#[derive(Clone, Debug)]
pub enum PauseOutcome {
    Paused(JobRow),
    /// The job was already paused; the earlier reason is kept.
    AlreadyPaused(JobRow),
}

/// Outcome of resuming.
#[derive(Clone, Debug)]
pub enum ResumeOutcome {
    /// The job as it was while paused, with author and reason of the pause.
    Resumed(JobRow),
    NotPaused,
}

/// Pauses a job of this program. A run in progress is not stopped: see [`cancel_run`](super::cancel_run).
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn pause_job(
    pool: &PgPool,
    job: &str,
    reason: &str,
    author: &Author,
) -> Result<PauseOutcome, Failure<ChangeRejection>> {
    if !is_valid_reason(reason) {
        return Err(ChangeRejection::ReasonInvalid.into());
    }
    retrying!(pause_in_transaction(pool, job, reason.trim(), author)).map_err(Failure::from)
}

async fn pause_in_transaction(
    pool: &PgPool,
    job: &str,
    reason: &str,
    author: &Author,
) -> Result<PauseOutcome, ServiceError> {
    let mut transaction = pool.begin().await?;
    due::register(&mut *transaction, job, author.at).await?;
    let before = pause::lock(&mut transaction, job).await?;
    if before.paused_at.is_some() {
        return Ok(PauseOutcome::AlreadyPaused(before));
    }
    pause::pause(&mut transaction, job, &author.name, reason, author.at).await?;
    let after = pause::lock(&mut transaction, job).await?;
    let change = Change {
        action: "pause_job",
        subject: format!("job:{job}"),
        user_id: None,
        reason: Some(reason.to_owned()),
        before: Some(audit_value(&before)),
        after: Some(audit_value(&after)),
    };
    audit_log::record(&mut transaction, author, &[change]).await?;
    transaction.commit().await?;
    Ok(PauseOutcome::Paused(after))
}

/// Resumes a paused job.
///
/// # Errors
/// If the request is rejected, or the database fails.
pub async fn resume_job(
    pool: &PgPool,
    job: &str,
    reason: &str,
    author: &Author,
) -> Result<ResumeOutcome, Failure<ChangeRejection>> {
    if !is_valid_reason(reason) {
        return Err(ChangeRejection::ReasonInvalid.into());
    }
    retrying!(resume_in_transaction(pool, job, reason.trim(), author)).map_err(Failure::from)
}

async fn resume_in_transaction(
    pool: &PgPool,
    job: &str,
    reason: &str,
    author: &Author,
) -> Result<ResumeOutcome, ServiceError> {
    let mut transaction = pool.begin().await?;
    due::register(&mut *transaction, job, author.at).await?;
    let before = pause::lock(&mut transaction, job).await?;
    if before.paused_at.is_none() {
        return Ok(ResumeOutcome::NotPaused);
    }
    pause::resume(&mut transaction, job).await?;
    let after = pause::lock(&mut transaction, job).await?;
    let change = Change {
        action: "resume_job",
        subject: format!("job:{job}"),
        user_id: None,
        reason: Some(reason.to_owned()),
        before: Some(audit_value(&before)),
        after: Some(audit_value(&after)),
    };
    audit_log::record(&mut transaction, author, &[change]).await?;
    transaction.commit().await?;
    Ok(ResumeOutcome::Resumed(before))
}

/// Returns the audit log's representation of a job's pause.
fn audit_value(job: &JobRow) -> Value {
    json!({ "pausedAt": job.paused_at, "pausedBy": job.paused_by, "pauseReason": job.pause_reason })
}
