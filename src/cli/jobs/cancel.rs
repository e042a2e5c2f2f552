//! `newbee jobs cancel`.

use std::process::ExitCode;

use anyhow::bail;
use serde_json::json;

use super::author::author;
use crate::scheduler::Scheduler;
use crate::service::cancel_run::{CancelOutcome, cancel_run};

pub async fn run(scheduler: &Scheduler, run_id: i64, reason: Option<&str>, as_json: bool) -> anyhow::Result<ExitCode> {
    let outcome = match cancel_run(&scheduler.ledger.pools.jobs, run_id, reason, &author(scheduler)).await {
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
        CancelOutcome::Cancelled => (
            "CANCELLED".to_owned(),
            "is cancelled: it was not begun, or not gone on with.".to_owned(),
        ),
        CancelOutcome::Requested => (
            "RUNNING".to_owned(),
            format!("was asked to stop and ends after its current batch: newbee jobs show {run_id}"),
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
