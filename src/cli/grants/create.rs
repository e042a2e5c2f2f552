//! `newbee grant create`: gives the awards of a file.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{Grant, Sum, sum};
use crate::app::App;
use crate::cli::admin::{Admin, read};
use crate::cli::common::CommonArgs;
use crate::cli::table::utc;
use crate::cli::{database, output, server};
use crate::clock::Clock;
use crate::config::{GrantArgs as ApprovalArgs, Problems};
use crate::domain::grant::MAX_GRANT_LINES;
use crate::domain::text::without_byte_order_mark;

#[derive(Args, Debug)]
pub struct CreateArgs {
    /// File with one award per line, as JSON; - reads standard input
    file: PathBuf,
    /// Reason, recorded with the grant
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Idempotency key [default: a hash of the lines and the reason]
    #[arg(long)]
    key: Option<String>,
    /// Show sums and refused lines without changing anything
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    approval: ApprovalArgs,
}

/// Payload of `grantAwards`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    grant: Option<Grant>,
    sums: Vec<Sum>,
    needs_approval: bool,
    repeated: bool,
    refused: Vec<Refused>,
    problems: Vec<Message>,
}

#[derive(Deserialize)]
struct Refused {
    index: usize,
    message: String,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

const GIVE: &str = concat!(
    "mutation ($lines: [GrantLineInput!]!, $reason: String!, $key: String!, $dryRun: Boolean!) {
        grantAwards(lines: $lines, reason: $reason, idempotencyKey: $key, dryRun: $dryRun) { grant { ",
    grant_fields!(),
    " } sums { coinId count amount } needsApproval repeated refused { index code message } problems { code message } } }"
);
/// Gives the awards of a file and prints the result.
///
/// # Errors
/// The configuration or the file is invalid, the request is rejected, or standard output cannot be written.
pub async fn run(common: &CommonArgs, args: CreateArgs, mut problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let limit = args.approval.read(&mut problems);
    let (database, calendar) = database::settings(&common.database, &common.business, problems).await?;
    let lines = lines(&text_of(&args.file)?)?;
    let app =
        App::start_without_jobs(&database, 2, clock.clone(), calendar).with_approval_limit(limit.unwrap_or_default());
    // The business day comes from this machine's clock.
    server::check_clock(&app.state.pools.admin, &clock).await?;
    let admin = Admin::new(&app.jobs, app.state);
    let key = args.key.unwrap_or_else(|| content_key(&lines, &args.reason));
    let variables = json!({ "lines": lines, "reason": args.reason, "key": key, "dryRun": args.dry_run });
    let payload = admin.ask("grantAwards", GIVE, variables).await?;
    let given: Given = read(&payload)?;
    if common.json {
        output::json(&payload)?;
    } else {
        output::line(given_text(&given, args.dry_run))?;
    }
    match given.problems.as_slice() {
        [] => Ok(()),
        problems => bail!(
            "{}",
            problems
                .iter()
                .map(|problem| problem.message.as_str())
                .collect::<Vec<_>>()
                .join(" ")
        ),
    }
}

fn text_of(file: &Path) -> anyhow::Result<String> {
    if file.as_os_str() != "-" {
        return std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()));
    }
    let mut text = String::new();
    std::io::stdin()
        .read_to_string(&mut text)
        .context("Standard input cannot be read")?;
    Ok(text)
}

/// Parses the lines of a file as inputs of the API. Blank lines are skipped.
fn lines(text: &str) -> anyhow::Result<Vec<Value>> {
    const FIELDS: [&str; 5] = ["userId", "label", "amount", "coinId", "holdSeconds"];
    let mut parsed = Vec::new();
    for (number, line) in (1..).zip(without_byte_order_mark(text).lines()) {
        if line.trim().is_empty() {
            continue;
        }
        let value: Value = serde_json::from_str(line).with_context(|| format!("Line {number} is not JSON"))?;
        let Some(fields) = value.as_object() else {
            bail!("Line {number} is not a JSON object.");
        };
        if let Some(unknown) = fields.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            bail!(
                "Line {number}: unknown field {unknown:?}. The fields are {}.",
                FIELDS.join(", ")
            );
        }
        if let Some(missing) = FIELDS[..4].iter().find(|name| !fields.contains_key(**name)) {
            bail!("Line {number}: the field {missing} is missing.");
        }
        parsed.push(value);
        if parsed.len() > MAX_GRANT_LINES {
            bail!("The file has more than {MAX_GRANT_LINES} awards. Split it into several files.");
        }
    }
    Ok(parsed)
}

/// Returns the idempotency key of a content: repeating a command by mistake grants nothing twice.
fn content_key(lines: &[Value], reason: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(reason.trim());
    for line in lines {
        hash.update("\n");
        hash.update(line.to_string());
    }
    format!("content-{}", data_encoding::HEXLOWER.encode(&hash.finalize()))
}

fn given_text(given: &Given, dry_run: bool) -> String {
    let mut text: Vec<String> = given
        .refused
        .iter()
        .map(|refused| format!("Refused award {}: {}", refused.index + 1, refused.message))
        .collect();
    let sums = || given.sums.iter().map(sum).collect::<Vec<_>>().join("; ");
    match &given.grant {
        Some(grant) if given.repeated => text.push(format!(
            "{} was requested before and is {}. Nothing was changed.",
            grant.id, grant.state
        )),
        Some(grant) if given.needs_approval => text.push(format!(
            "{} waits for an approval until {} UTC: {}. Another person approves it: newbee grant approve {}",
            grant.id,
            grant.expires_at.map(utc).unwrap_or_default(),
            sums(),
            grant.id
        )),
        Some(grant) => text.push(format!("Granted {}: {}.", grant.id, sums())),
        None if dry_run => {
            let approval = match given.needs_approval {
                true => " This would wait for an approval.",
                false => "",
            };
            text.push(format!("Would grant {}.{approval} Nothing was changed.", sums()));
        }
        None => text.push("Nothing was changed.".to_owned()),
    }
    text.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_checked_line_by_line() {
        let good = r#"{"userId": "17", "label": "x", "amount": "5", "coinId": "1"}"#;
        assert_eq!(lines(&format!("\u{feff}{good}\n\n{good}\n")).unwrap().len(), 2);
        for (bad, part) in [
            ("17,x,5,1", "Line 1 is not JSON"),
            ("[17]", "Line 1 is not a JSON object"),
            (r#"{"userId": "17", "colour": "x"}"#, "unknown field \"colour\""),
            (r#"{"userId": "17", "label": "x", "amount": "5"}"#, "coinId is missing"),
        ] {
            let error = lines(bad).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
        let one = lines(good).unwrap();
        assert_eq!(content_key(&one, "a"), content_key(&one, " a "));
        assert_ne!(content_key(&one, "a"), content_key(&one, "b"));
    }
}
