//! `newbee books`: results of the audits of the books.

use chrono::{DateTime, NaiveDate, Utc};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::table::{Rows, counted, grouped, utc};
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;

const AUDITS: &str = "query ($first: Int!) { bookAudits(first: $first) {
    runId businessDay beganAt endedAt checks unfinished violations
    findings { check violations error details }
} }";

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  newbee books\n  newbee books --limit 1 --json | jq '.[0].findings'\n\n\
    The job audit_books runs an audit every night; to run one now: newbee jobs run audit_books. The checks are described \
    in jobs/README.md."
)]
pub struct BooksArgs {
    /// Number of audits to show, at most 100
    #[arg(long, value_name = "NUMBER", default_value = "7", value_parser = values::page)]
    limit: u16,
    #[command(flatten)]
    common: CommonArgs,
}

/// An audit of the books.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    run_id: String,
    pub business_day: NaiveDate,
    began_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
    checks: i64,
    unfinished: i64,
    violations: i64,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Finding {
    check: String,
    violations: Option<i64>,
    error: Option<String>,
    details: Vec<String>,
}

/// Returns the newest audits, as JSON and deserialised.
///
/// # Errors
/// The read fails.
pub async fn audits(admin: &Admin, first: u16) -> anyhow::Result<(Value, Vec<Audit>)> {
    let value = admin.ask("bookAudits", AUDITS, json!({ "first": first })).await?;
    let audits = read(&value)?;
    Ok((value, audits))
}

/// Prints the newest audits of the books.
///
/// # Errors
/// A read fails, or standard output cannot be written.
pub async fn run(args: &BooksArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let admin = Admin::open(&args.common, problems, clock).await?;
    let (value, audits) = audits(&admin, args.limit).await?;
    if args.common.json {
        return output::json(&value);
    }
    if audits.is_empty() {
        return Ok(output::line(
            "The books have never been audited. To audit them now: newbee jobs run audit_books",
        )?);
    }
    let mut rows = Rows::new(&["DAY", "RUN", "AT (UTC)", "RESULT"]);
    for audit in &audits {
        rows.add([
            audit.business_day.to_string(),
            audit.run_id.clone(),
            utc(audit.began_at),
            audit.result(),
        ]);
    }
    let mut text = rows.into_text();
    if let Some(audit) = audits.iter().find(|audit| !audit.findings.is_empty()) {
        text.push_str(&format!("\n\n{}", audit.details()));
    }
    Ok(output::line(text)?)
}

impl Audit {
    /// Returns true if every check finished and found no violation.
    pub fn balances(&self) -> bool {
        self.ended_at.is_some() && self.violations == 0 && self.unfinished == 0
    }

    /// Returns a summary of the audit in one sentence.
    pub fn result(&self) -> String {
        let checks = counted(self.checks, "check");
        if self.ended_at.is_none() {
            return format!("{checks} so far, {}", counted(self.violations, "violation"));
        }
        let unfinished = match self.unfinished {
            0 => String::new(),
            unfinished => format!("; {} not finished", counted(unfinished, "check")),
        };
        match self.violations {
            0 if self.unfinished == 0 => format!("the books balance ({checks})"),
            violations => format!("{}{unfinished}", counted(violations, "violation")),
        }
    }

    fn details(&self) -> String {
        let mut lines = vec![format!("Findings of run {}, day {}:", self.run_id, self.business_day)];
        for finding in &self.findings {
            lines.push(match (&finding.error, finding.violations) {
                (Some(error), _) => format!("  {}: not finished: {error}", finding.check),
                (None, violations) => format!("  {}: {}", finding.check, grouped(violations.unwrap_or(0))),
            });
            lines.extend(finding.details.iter().take(SHOWN).map(|detail| format!("    {detail}")));
            if finding.details.len() > SHOWN {
                lines.push("    … (--json shows up to 100)".to_owned());
            }
        }
        lines.join("\n")
    }
}

/// Maximum number of violations per check that the text output shows.
const SHOWN: usize = 5;
