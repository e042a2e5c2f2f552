//! `newbee jobs cancel`.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::author::author;
use crate::scheduler::Scheduler;
use crate::service::cancel_run::{CancelExtent, CancelOutcome, cancel_run};

pub async fn run(
    scheduler: &Scheduler,
    run_id: i64,
    extent: CancelExtent,
    reason: Option<&str>,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let pool = &scheduler.ledger.pools.jobs;
    let outcome = match cancel_run(pool, run_id, extent, reason, &author(scheduler)).await {
        Err(error) if error.is_overload() => {
            bail!("run {run_id} is in the middle of a batch that takes long. Nothing was changed: try again")
        }
        outcome => outcome?,
    };
    let (state, said) = match outcome {
        CancelOutcome::Unknown => bail!("there is no run {run_id}; `newbee jobs history` shows those there are"),
        CancelOutcome::AlreadyOver { state } if state != "CANCELLED" => {
            bail!("run {run_id} is over: {state}. Nothing was changed")
        }
        CancelOutcome::AlreadyOver { state } => (state, "had been cancelled before. Nothing was changed.".to_owned()),
        CancelOutcome::Cancelled { runs } if extent == CancelExtent::WholeBackfill => (
            "CANCELLED".to_owned(),
            format!(
                "and what is left of its back-fill is cancelled: {runs} day(s), one at work after its current batch."
            ),
        ),
        CancelOutcome::Cancelled { .. } => (
            "CANCELLED".to_owned(),
            "is cancelled: it was not begun, or not gone on with.".to_owned(),
        ),
        CancelOutcome::Requested { runs } => (
            "RUNNING".to_owned(),
            match runs {
                1 => format!("was asked to stop and ends after its current batch: newbee jobs show {run_id}"),
                _ => format!(
                    "ends after its current batch, and {} later day(s) of its back-fill are cancelled.",
                    runs - 1
                ),
            },
        ),
        CancelOutcome::AlreadyRequested { by } => (
            "RUNNING".to_owned(),
            format!("was asked to stop by {by} before, and ends after its current batch. Nothing was changed."),
        ),
    };
    match as_json {
        true => println!(
            "{}",
            json!({ "run_id": run_id, "state": state, "cancel_requested": true })
        ),
        false => println!("Run {run_id} {said}"),
    }
    Ok(ExitCode::SUCCESS)
}
