//! `newbee jobs cancel`.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::shapes;
use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::counted;
use crate::scheduler::Scheduler;
use crate::service::cancel_run::{CancelExtent, CancelOutcome, cancel_run};

/// Cancels a run, or the back-fill that it belongs to, and says what became of it.
///
/// # Errors
/// When there is no such run, it is over, or it cannot be reached; a standard output that cannot be written.
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
        Err(error) if error.is_overload() => {
            bail!("Run {run_id} is in the middle of a batch that takes long. Nothing was changed: try again.")
        }
        outcome => outcome?,
    };
    let (cancelled, said) = match outcome {
        CancelOutcome::Unknown => bail!("There is no run {run_id}. See: newbee jobs history"),
        CancelOutcome::AlreadyOver { state } if state != "CANCELLED" => {
            bail!("Run {run_id} is over: {state}. Nothing was changed.")
        }
        CancelOutcome::AlreadyOver { .. } => (0, "had been cancelled before. Nothing was changed.".to_owned()),
        CancelOutcome::Cancelled { runs } if extent == CancelExtent::WholeBackfill => (
            runs,
            format!(
                "and the rest of its back-fill are cancelled: {}, the one at work after its current batch.",
                days(runs)
            ),
        ),
        CancelOutcome::Cancelled { runs } => (
            runs,
            "is cancelled: it had not begun, or was not being worked on.".to_owned(),
        ),
        CancelOutcome::Requested { runs: 1 } => (
            1,
            format!("was asked to stop and ends after its current batch: newbee jobs show {run_id}"),
        ),
        CancelOutcome::Requested { runs } => (
            runs,
            format!(
                "ends after its current batch, and {} of its back-fill after it are cancelled.",
                days(runs - 1)
            ),
        ),
        CancelOutcome::AlreadyRequested { by } => (
            0,
            format!("was asked to stop by {by} before, and ends after its current batch. Nothing was changed."),
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
