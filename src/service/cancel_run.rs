//! Cancelling a run: a queued run ends at once, a running one stops between two batches.

use crate::store::bounded::PgPool;
use serde_json::json;

use super::Failure;
use crate::domain::audit::{Author, Change};
use crate::domain::rejection::job::JobRejection;
use crate::store::audit_log;
use crate::store::job_runs::cancel;
use crate::store::transaction::retrying;

/// Outcome of a request to cancel a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// `runs` queued runs, including those of the same back-fill, ended without being run any further.
    Cancelled { runs: usize },
    /// The requested run is running and ends after its batch; `runs` runs in total were cancelled or asked to stop.
    Requested { runs: usize },
    /// The run is running, and its cancellation was requested before.
    AlreadyRequested { by: String },
}

/// Extent of a cancellation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CancelExtent {
    ThisRun,
    /// All unfinished days of its back-fill.
    WholeBackfill,
}

/// Cancels a run of any job, or the rest of its back-fill. The outcome is that of the requested run.
///
/// # Errors
/// If the request is rejected, the database fails, or the run's current batch takes longer than a request may wait: see
/// [`ServiceError::is_overload`](super::ServiceError::is_overload).
pub async fn cancel_run(
    pool: &PgPool,
    run_id: i64,
    extent: CancelExtent,
    reason: Option<&str>,
    author: &Author,
) -> Result<CancelOutcome, Failure<JobRejection>> {
    retrying!(cancel_in_transaction(pool, run_id, extent, reason, author))
}

async fn cancel_in_transaction(
    pool: &PgPool,
    run_id: i64,
    extent: CancelExtent,
    reason: Option<&str>,
    author: &Author,
) -> Result<CancelOutcome, Failure<JobRejection>> {
    let mut transaction = pool.begin().await?;
    let Some(run) = cancel::lock(&mut transaction, run_id).await? else {
        return Err(JobRejection::RunUnknown.into());
    };
    let mut run_ids = vec![run_id];
    if extent == CancelExtent::WholeBackfill {
        run_ids.extend(cancel::rest_of_backfill(&mut transaction, run_id).await?);
    }
    let changed = cancel::request(&mut transaction, &run_ids, &author.name, reason, author.at).await?;
    let runs = changed.len();
    let named = changed.into_iter().find(|(changed, _)| *changed == run_id);
    let state = named.map_or_else(|| run.state.clone(), |(_, state)| state);
    if runs == 0 {
        return match (run.state.as_str(), run.cancel_requested_by) {
            ("RUNNING", Some(by)) => Ok(CancelOutcome::AlreadyRequested { by }),
            _ => Err(JobRejection::RunOver { state: run.state }.into()),
        };
    }
    let change = Change {
        action: "cancel_run",
        subject: format!("run:{run_id}"),
        user_id: None,
        reason: reason.map(str::to_owned),
        before: Some(json!({ "job": run.job, "state": run.state })),
        after: Some(json!({ "job": run.job, "state": state, "cancelRequestedAt": author.at, "runs": runs })),
    };
    audit_log::record(&mut transaction, author, &[change]).await?;
    transaction.commit().await?;
    Ok(match state.as_str() {
        "RUNNING" => CancelOutcome::Requested { runs },
        _ => CancelOutcome::Cancelled { runs },
    })
}
