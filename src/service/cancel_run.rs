//! Cancelling a run: one that is queued is over at once, one that is running stops between two batches.

use serde_json::json;
use sqlx::PgPool;

use super::ServiceError;
use crate::domain::audit::{Author, Change};
use crate::store::audit_log;
use crate::store::job_runs::cancel;
use crate::store::transaction::retrying;

/// What became of a request to cancel a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// It was queued, and is over without having been run any further.
    Cancelled,
    /// It is running, and ends after its batch.
    Requested,
    /// It is running, and somebody asked before.
    AlreadyRequested { by: String },
    /// It had ended before, in this state; nothing was changed.
    AlreadyOver { state: String },
    /// There is no such run.
    Unknown,
}

/// Cancels a run of any job.
///
/// # Errors
/// Also when the run's current batch takes longer than a request may wait: see [`ServiceError::is_overload`].
pub async fn cancel_run(
    pool: &PgPool,
    run_id: i64,
    reason: Option<&str>,
    author: &Author,
) -> Result<CancelOutcome, ServiceError> {
    retrying!(cancel_in_transaction(pool, run_id, reason, author))
}

async fn cancel_in_transaction(
    pool: &PgPool,
    run_id: i64,
    reason: Option<&str>,
    author: &Author,
) -> Result<CancelOutcome, ServiceError> {
    let mut transaction = pool.begin().await?;
    let Some(run) = cancel::lock(&mut transaction, run_id).await? else {
        return Ok(CancelOutcome::Unknown);
    };
    let changed = cancel::request(&mut transaction, &[run_id], &author.name, author.at).await?;
    let Some((_, state)) = changed.into_iter().next() else {
        return Ok(match (run.state.as_str(), run.cancel_requested_by) {
            ("RUNNING", Some(by)) => CancelOutcome::AlreadyRequested { by },
            _ => CancelOutcome::AlreadyOver { state: run.state },
        });
    };
    let change = Change {
        action: "cancel_run",
        subject: format!("run:{run_id}"),
        user_id: None,
        reason: reason.map(str::to_owned),
        before: Some(json!({ "job": run.job, "state": run.state })),
        after: Some(json!({ "job": run.job, "state": state, "cancelRequestedAt": author.at })),
    };
    audit_log::record(&mut transaction, author, &[change]).await?;
    transaction.commit().await?;
    Ok(match state.as_str() {
        "CANCELLED" => CancelOutcome::Cancelled,
        _ => CancelOutcome::Requested,
    })
}
