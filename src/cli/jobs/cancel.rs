//! `newbee jobs cancel`.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::shapes;
use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::counted;
use crate::domain::rejection::job::JobRejection;
use crate::scheduler::Scheduler;
use crate::service::Failure;
use crate::service::cancel_run::{CancelExtent, CancelOutcome, cancel_run};

/// Cancels a run or its whole back-fill, and prints the result.
///
/// # Errors
/// The run is unknown, already over or locked by a long batch, or standard output cannot be written.
pub async fn run(
    scheduler: &Scheduler,
    admin: &Admin,
    run_id: i64,
    extent: CancelExtent,
    reason: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let pool = &scheduler.ledger.pools.jobs;
    let outcome = match cancel_run(pool, run_id, extent, reason, &admin.author).await {
        Err(Failure::Failed(error)) if error.is_overload() => {
            bail!("Run {run_id} is locked by a long batch. Nothing was changed. Try again.")
        }
        Err(Failure::Rejected(JobRejection::RunUnknown)) => {
            bail!("There is no run {run_id}. See: newbee jobs history")
        }
        Err(Failure::Rejected(JobRejection::RunOver { state })) if state != "CANCELLED" => {
            bail!("Run {run_id} is already over: {state}. Nothing was changed.")
        }
        Err(Failure::Rejected(JobRejection::RunOver { .. })) => None,
        outcome => Some(outcome?),
    };
    let (cancelled, said) = match outcome {
        None => (0, "was already cancelled before. Nothing was changed.".to_owned()),
        Some(CancelOutcome::Cancelled { runs }) if extent == CancelExtent::WholeBackfill => (
            runs,
            format!(
                "and the rest of its back-fill are cancelled: {}. The running one ends after its current batch.",
                days(runs)
            ),
        ),
        Some(CancelOutcome::Cancelled { runs }) => (
            runs,
            "is cancelled: it had not started, or no process was executing it.".to_owned(),
        ),
        Some(CancelOutcome::Requested { runs: 1 }) => (
            1,
            format!("will be cancelled after its current batch: newbee jobs show {run_id}"),
        ),
        Some(CancelOutcome::Requested { runs }) => (
            runs,
            format!(
                "will be cancelled after its current batch, and so are {} of its back-fill.",
                days(runs - 1)
            ),
        ),
        Some(CancelOutcome::AlreadyRequested { by }) => (
            0,
            format!("was already cancelled by {by} and ends after its current batch. Nothing was changed."),
        ),
    };
    match as_json {
        true => output::json(&json!({ "run": shapes::run(admin, run_id).await?, "cancelled": cancelled }))?,
        false => output::line(format_args!("Run {run_id} {said}"))?,
    }
    Ok(ExitCode::SUCCESS)
}

fn days(runs: usize) -> String {
    counted(i64::try_from(runs).unwrap_or(i64::MAX), "day")
}
