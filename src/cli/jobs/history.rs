//! `newbee jobs history`.

use std::collections::HashSet;
use std::process::ExitCode;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;

use super::sentence::{did, did_nothing};
use super::shapes::{self, PAGE, Run, Wanted};
use crate::cli::admin::{Admin, read};
use crate::cli::output;
use crate::cli::table::{Rows, counted, took};

/// Maximum number of runs that a listing reads.
const MAX_EXAMINED: usize = 5_000;
/// Polling interval of `--follow`.
const FOLLOW_EVERY: Duration = Duration::from_secs(1);

/// Filter and format of a listing.
#[derive(Debug)]
pub struct Listing {
    pub job: Option<String>,
    pub state: Option<String>,
    pub since: Option<DateTime<Utc>>,
    pub limit: usize,
    /// True to include runs that found nothing to do.
    pub all: bool,
    pub follow: bool,
    pub json: bool,
}

/// Result of a listing: runs as JSON and deserialised, newest first.
#[derive(Default)]
struct Found {
    runs: Vec<(Value, Run)>,
    /// Number of omitted runs that found nothing to do.
    folded: usize,
    /// True if the listing stopped at [`MAX_EXAMINED`] runs.
    is_cut: bool,
}

/// Prints past runs, newest first. With `follow`, prints them oldest first, then each run as it ends.
///
/// # Errors
/// A read fails, or standard output cannot be written.
pub async fn print(admin: &Admin, listing: &Listing) -> anyhow::Result<ExitCode> {
    let found = find(admin, listing).await?;
    if listing.follow {
        follow(admin, listing, found).await?;
        return Ok(ExitCode::SUCCESS);
    }
    if listing.json {
        let runs: Vec<&Value> = found.runs.iter().map(|(value, _)| value).collect();
        output::json(&runs)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = String::new();
    if !found.runs.is_empty() {
        let runs: Vec<&Run> = found.runs.iter().map(|(_, run)| run).collect();
        text = table(&runs, admin.calendar.time_zone).into_text();
    }
    for remark in remarks(&found, listing) {
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&remark);
    }
    output::line(text)?;
    Ok(ExitCode::SUCCESS)
}

fn remarks(found: &Found, listing: &Listing) -> Vec<String> {
    let mut remarks = Vec::new();
    if found.runs.is_empty() && found.folded == 0 {
        remarks.push(match (&listing.job, &listing.state, listing.since) {
            (None, None, None) => {
                "No job has run yet. `newbee serve` runs due jobs; `newbee jobs run NAME` runs a job now.".to_owned()
            }
            _ => "No run matches.".to_owned(),
        });
    }
    if found.folded > 0 {
        let folded = i64::try_from(found.folded).unwrap_or(i64::MAX);
        remarks.push(format!(
            "{} found nothing to do and {} not shown. Use --all to show {}.",
            counted(folded, "run"),
            if folded == 1 { "is" } else { "are" },
            if folded == 1 { "it" } else { "them" },
        ));
    }
    if found.is_cut {
        remarks.push(format!("Only the newest {MAX_EXAMINED} runs were searched."));
    }
    remarks
}

async fn find(admin: &Admin, listing: &Listing) -> anyhow::Result<Found> {
    let mut found = Found::default();
    let mut below: Option<String> = None;
    let mut examined = 0;
    loop {
        let wanted = Wanted {
            job: listing.job.as_deref(),
            state: listing.state.as_deref(),
            below: below.as_deref(),
        };
        let page = shapes::runs(admin, &wanted, PAGE).await?;
        let is_last = page.len() < PAGE;
        for value in page {
            let run: Run = read(&value)?;
            if listing.since.is_some_and(|since| run.created_at < since) {
                return Ok(found);
            }
            examined += 1;
            below = Some(run.id.clone());
            if !listing.all && !listing.json && did_nothing(&run) {
                found.folded += 1;
            } else {
                found.runs.push((value, run));
            }
            if found.runs.len() >= listing.limit {
                return Ok(found);
            }
        }
        if is_last {
            return Ok(found);
        }
        if examined >= MAX_EXAMINED {
            found.is_cut = true;
            return Ok(found);
        }
    }
}

/// Prints the listing, oldest first, and then each run as it ends, until interrupted or until standard output is
/// closed.
async fn follow(admin: &Admin, listing: &Listing, found: Found) -> anyhow::Result<()> {
    let zone = admin.calendar.time_zone;
    let mut shown: HashSet<String> = HashSet::new();
    for (value, run) in found.runs.into_iter().rev().filter(|(_, run)| run.ended_at.is_some()) {
        show_one(listing, &value, &run, zone)?;
        shown.insert(run.id);
    }
    let wanted = Wanted {
        job: listing.job.as_deref(),
        state: listing.state.as_deref(),
        below: None,
    };
    // Do not print runs that ended before the listing was read.
    for value in shapes::runs(admin, &wanted, PAGE).await? {
        let run: Run = read(&value)?;
        if run.ended_at.is_some_and(|ended| ended < admin.author.at) {
            shown.insert(run.id);
        }
    }
    loop {
        tokio::time::sleep(FOLLOW_EVERY).await;
        for value in shapes::runs(admin, &wanted, PAGE).await?.into_iter().rev() {
            let run: Run = read(&value)?;
            let is_news = run.ended_at.is_some() && shown.insert(run.id.clone());
            if is_news && (listing.all || !did_nothing(&run)) {
                show_one(listing, &value, &run, zone)?;
            }
        }
    }
}

fn show_one(listing: &Listing, value: &Value, run: &Run, zone: Tz) -> anyhow::Result<()> {
    if listing.json {
        return Ok(output::line(value)?);
    }
    let due = run.scheduled_for.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S");
    Ok(output::line(format_args!(
        "{due}  {}  run {}: {}",
        run.job,
        run.id,
        what(run)
    ))?)
}

/// Returns a table of runs, with times in the business time zone.
fn table(runs: &[&Run], zone: Tz) -> Rows {
    let mut rows = Rows::new(&["RUN", "DUE (LOCAL)", "JOB", "WHAT"]);
    for run in runs {
        let due = run.scheduled_for.with_timezone(&zone);
        rows.add([
            run.id.clone(),
            due.format("%Y-%m-%d %H:%M").to_string(),
            run.job.clone(),
            what(run),
        ]);
    }
    rows
}

/// Summarises a run in one sentence: its state unless it succeeded, its result or the reason, then the business day,
/// the requester, the attempt and the elapsed time.
pub fn what(run: &Run) -> String {
    let mut said = match run.state.as_str() {
        "SUCCEEDED" => String::new(),
        state => format!("{state}: "),
    };
    if run.dry_run {
        said.push_str("DRY RUN: ");
    }
    let is_over = run.ended_at.is_some();
    let done = run.report.as_ref().or(run.progress.as_ref());
    let done = done.and_then(|done| did(&run.job, done));
    let cancelled = run.cancel_requested_by.as_ref().map(|by| format!("cancelled by {by}"));
    let parts: Vec<String> = match run.state.as_str() {
        "SUCCEEDED" => vec![done.unwrap_or_else(|| "nothing to do".to_owned())],
        "RUNNING" => [
            Some(done.map_or("nothing done yet".to_owned(), |done| format!("{done} so far"))),
            cancelled,
        ]
        .into_iter()
        .flatten()
        .collect(),
        _ => [run.error.clone(), cancelled, done.filter(|_| is_over)]
            .into_iter()
            .flatten()
            .collect(),
    };
    said.push_str(&parts.join("; "));
    if let Some(reason) = &run.reason {
        let gap = if said.is_empty() || said.ends_with(' ') {
            ""
        } else {
            " "
        };
        said.push_str(&match run.state.as_str() {
            "SKIPPED" => format!("{gap}{reason}"),
            _ => format!("{gap}({reason})"),
        });
    }
    let day = run.business_day.map(|day| format!("day {day}"));
    let by = (run.requested_by != "schedule").then(|| format!("by {}", run.requested_by));
    let attempt = (run.attempt > 1).then(|| format!("attempt {}", run.attempt));
    let time = run.started_at.zip(run.ended_at).map(|(from, to)| took(to - from));
    let rest: Vec<String> = [day, by, attempt, time].into_iter().flatten().collect();
    if rest.is_empty() {
        return said.trim_end_matches([' ', ':']).to_owned();
    }
    format!("{} [{}]", said.trim_end_matches([' ', ':']), rest.join(", "))
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use serde_json::json;

    use super::*;

    fn run(state: &str) -> Run {
        let at = DateTime::UNIX_EPOCH;
        Run {
            id: "4711".to_owned(),
            job: "settle_awards".to_owned(),
            state: state.to_owned(),
            origin: "SCHEDULE".to_owned(),
            requested_by: "schedule".to_owned(),
            attempt: 1,
            started_at: Some(at),
            ended_at: Some(at + TimeDelta::milliseconds(12)),
            report: Some(json!({ "settled": 3, "parked": 0, "sums": { "1": "3.0000" } })),
            ..Run::default()
        }
    }

    #[test]
    fn a_run_is_summarised_in_one_sentence() {
        assert_eq!(what(&run("SUCCEEDED")), "settled 3 awards: 3.0000 of coin 1 [12 ms]");
        let failed = Run {
            report: None,
            error: Some("the database went away".to_owned()),
            attempt: 3,
            ..run("FAILED")
        };
        assert_eq!(what(&failed), "FAILED: the database went away [attempt 3, 12 ms]");
        let dry = Run {
            dry_run: true,
            requested_by: "command line:ann".to_owned(),
            reason: Some("looking".to_owned()),
            ..run("SUCCEEDED")
        };
        assert_eq!(
            what(&dry),
            "DRY RUN: settled 3 awards: 3.0000 of coin 1 (looking) [by command line:ann, 12 ms]"
        );
        let skipped = Run {
            report: None,
            reason: Some("missed while nothing ran".to_owned()),
            started_at: None,
            ..run("SKIPPED")
        };
        assert_eq!(what(&skipped), "SKIPPED: missed while nothing ran");
        let queued = Run {
            report: None,
            started_at: None,
            ended_at: None,
            ..run("QUEUED")
        };
        assert_eq!(what(&queued), "QUEUED");
    }

    #[test]
    fn only_the_last_column_wraps_at_80_columns() {
        let run = Run {
            job: "pay_reservations".to_owned(),
            report: None,
            error: Some("a long error ".repeat(10)),
            ..run("FAILED")
        };
        let mut rows = table(&[&run], chrono_tz::Asia::Shanghai);
        rows.set_width(80);
        let text = rows.into_text();
        assert!(text.contains("pay_reservations  FAILED: a long"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}
