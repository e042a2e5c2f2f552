//! `newbee jobs reopen-days`.

use std::process::ExitCode;

use chrono::NaiveDate;
use serde_json::json;

use crate::cli::admin::Admin;
use crate::cli::output;
use crate::cli::table::counted;
use crate::scheduler::Scheduler;
use crate::service::reopen_days::reopen_days;

/// Reopens a day and the closed days after it, and prints them.
///
/// # Errors
/// The request is rejected, the database fails, or standard output cannot be written.
pub async fn run(
    scheduler: &Scheduler,
    admin: &Admin,
    day: NaiveDate,
    reason: &str,
    as_json: bool,
) -> anyhow::Result<ExitCode> {
    let pool = &scheduler.ledger.pools.jobs;
    let days = reopen_days(pool, day, reason, &admin.author).await?;
    if as_json {
        output::json(&json!({ "days": days }))?;
        return Ok(ExitCode::SUCCESS);
    }
    match (days.first(), days.last()) {
        (Some(first), Some(last)) => output::line(format_args!(
            "Reopened {}, {first} to {last}.",
            counted(i64::try_from(days.len()).unwrap_or(i64::MAX), "business day")
        ))?,
        _ => output::line(format_args!(
            "There is no closed day from {day} on. Nothing was changed."
        ))?,
    }
    Ok(ExitCode::SUCCESS)
}
