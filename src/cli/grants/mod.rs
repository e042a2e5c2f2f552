//! `newbee grant …`: awards given by hand.

mod create;

use anyhow::bail;
use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, read};
use super::common::CommonArgs;
use super::table::{Rows, counted, utc};
use super::{output, values};
use crate::clock::Clock;
use crate::config::Problems;

#[derive(Args, Debug)]
pub struct GrantArgs {
    #[command(subcommand)]
    command: GrantCommand,
    #[command(flatten)]
    common: CommonArgs,
}

#[derive(Debug, Subcommand)]
enum GrantCommand {
    /// Give awards to the users of a file, all of them or none
    #[command(
        after_help = "Examples:\n  newbee grant create gifts.ndjson --reason 'a raffle' --dry-run\n  \
        newbee grant create gifts.ndjson --reason 'a raffle'\n\n\
        Each line of FILE is one award, at most 10,000; - reads standard input:\n  \
        {\"userId\": \"17\", \"label\": \"raffle\", \"amount\": \"5\", \"coinId\": \"1\", \"holdSeconds\": 0}\n\n\
        If a line is refused, nothing is granted. The same file with the same reason is granted once; --key tells \
        intended repetitions apart. Above the sum of --grant-approval-above per author and day, the grant waits for \
        `newbee grant approve` by another person, or `approveGrant` by another key."
    )]
    Create(create::CreateArgs),
    /// List the grants, newest first
    List {
        /// Only grants that wait for an approval
        #[arg(long)]
        waiting: bool,
        /// Number of grants to show, at most 100
        #[arg(long, value_name = "NUMBER", default_value = "20", value_parser = values::page)]
        limit: u16,
    },
    /// Show a grant, and its first 100 lines
    Show {
        /// Grant ID, such as grant_7
        #[arg(value_name = "GRANT", value_parser = values::grant_id)]
        id: i64,
    },
    /// Approve a grant of another author, which creates its awards
    Approve {
        /// Grant ID, such as grant_7
        #[arg(value_name = "GRANT", value_parser = values::grant_id)]
        id: i64,
    },
    /// Reject a grant that waits for an approval
    Reject {
        /// Grant ID, such as grant_7
        #[arg(value_name = "GRANT", value_parser = values::grant_id)]
        id: i64,
        /// Reason, recorded with the grant
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// A grant as returned by the admin API.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Grant {
    id: String,
    state: String,
    reason: String,
    line_count: i64,
    award_count: i64,
    requested_by: String,
    requested_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    decided_by: Option<String>,
    decided_at: Option<DateTime<Utc>>,
    decision_reason: Option<String>,
    sums: Vec<Sum>,
    #[serde(default)]
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sum {
    coin_id: String,
    count: i64,
    amount: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    number: i64,
    user_id: String,
    label: String,
    amount: String,
    coin_id: String,
    award_id: Option<String>,
}

const LIST: &str = concat!(
    "query ($waiting: Boolean!, $first: Int!) { grants(waiting: $waiting, first: $first) { ",
    grant_fields!(),
    " } }"
);
const SHOW: &str = concat!(
    "query ($id: ID!) { grant(id: $id) { ",
    grant_fields!(),
    " lines(first: 100) { number userId label amount coinId holdSeconds awardId } } }"
);
const APPROVE: &str = concat!(
    "mutation ($id: ID!) { approveGrant(id: $id) { changed grant { ",
    grant_fields!(),
    " } problems { code message } } }"
);
const REJECT: &str = concat!(
    "mutation ($id: ID!, $reason: String!) { rejectGrant(id: $id, reason: $reason) { changed grant { ",
    grant_fields!(),
    " } problems { code message } } }"
);

/// Runs `newbee grant …`.
///
/// # Errors
/// The configuration or the file is invalid, a read or write fails, the request is rejected, or standard output cannot
/// be written.
pub async fn run(args: GrantArgs, problems: Problems, clock: Clock) -> anyhow::Result<()> {
    let (common, as_json) = (&args.common, args.common.json);
    match args.command {
        GrantCommand::Create(args) => create::run(common, args, problems, clock).await,
        GrantCommand::List { waiting, limit } => {
            let admin = Admin::open(common, problems, clock).await?;
            let grants = admin
                .ask("grants", LIST, json!({ "waiting": waiting, "first": limit }))
                .await?;
            if as_json {
                return output::json(&grants);
            }
            list(&read::<Vec<Grant>>(&grants)?)
        }
        GrantCommand::Show { id } => {
            let admin = Admin::open(common, problems, clock).await?;
            let grant = admin.ask("grant", SHOW, json!({ "id": id.to_string() })).await?;
            if grant.is_null() {
                bail!("There is no grant grant_{id}. See: newbee grant list");
            }
            if as_json {
                return output::json(&grant);
            }
            show(&read(&grant)?)
        }
        GrantCommand::Approve { id } => {
            let admin = Admin::open(common, problems, clock).await?;
            let payload = admin
                .change("approveGrant", APPROVE, json!({ "id": id.to_string() }))
                .await?;
            decided(&payload, as_json)
        }
        GrantCommand::Reject { id, reason } => {
            let admin = Admin::open(common, problems, clock).await?;
            let variables = json!({ "id": id.to_string(), "reason": reason });
            let payload = admin.change("rejectGrant", REJECT, variables).await?;
            decided(&payload, as_json)
        }
    }
}

fn sum(sum: &Sum) -> String {
    format!(
        "{}: {} of coin {}",
        counted(sum.count, "award"),
        sum.amount,
        sum.coin_id
    )
}

fn sums(grant: &Grant) -> String {
    grant.sums.iter().map(sum).collect::<Vec<_>>().join("; ")
}

fn list(grants: &[Grant]) -> anyhow::Result<()> {
    if grants.is_empty() {
        return Ok(output::line("There are no such grants.")?);
    }
    let mut rows = Rows::new(&[
        "GRANT",
        "STATE",
        "REQUESTED (UTC)",
        "BY",
        "DECIDED BY",
        "SUMS",
        "REASON",
    ]);
    for grant in grants {
        rows.add([
            grant.id.clone(),
            grant.state.clone(),
            utc(grant.requested_at),
            grant.requested_by.clone(),
            grant.decided_by.clone().unwrap_or_else(|| "-".to_owned()),
            sums(grant),
            grant.reason.clone(),
        ]);
    }
    Ok(output::line(rows.into_text())?)
}

fn show(grant: &Grant) -> anyhow::Result<()> {
    let mut facts = Rows::without_header(2);
    facts.fact("grant", &grant.id);
    facts.fact("state", &grant.state);
    facts.fact("reason", &grant.reason);
    facts.fact("sums", sums(grant));
    facts.fact("awards made", format!("{} of {}", grant.award_count, grant.line_count));
    facts.fact(
        "requested",
        format!("{} UTC by {}", utc(grant.requested_at), grant.requested_by),
    );
    if let Some(expires) = grant.expires_at {
        facts.fact("approval until", format!("{} UTC", utc(expires)));
    }
    if let (Some(by), Some(at)) = (&grant.decided_by, grant.decided_at) {
        facts.fact("decided", format!("{} UTC by {by}", utc(at)));
    }
    if let Some(reason) = &grant.decision_reason {
        facts.fact("decision", reason);
    }
    let mut rows = Rows::new(&["LINE", "USER", "AMOUNT", "COIN", "AWARD", "LABEL"]);
    for line in &grant.lines {
        rows.add([
            line.number.to_string(),
            line.user_id.clone(),
            line.amount.clone(),
            line.coin_id.clone(),
            line.award_id.clone().unwrap_or_else(|| "-".to_owned()),
            line.label.clone(),
        ]);
    }
    Ok(output::line(format_args!(
        "{}\n\n{}",
        facts.into_text().trim_end(),
        rows.into_text()
    ))?)
}

fn decided(payload: &Value, as_json: bool) -> anyhow::Result<()> {
    if as_json {
        return output::json(payload);
    }
    let grant: Grant = read(&payload["grant"])?;
    Ok(output::line(
        match (payload["changed"].as_bool(), grant.state.as_str()) {
            (Some(true), "GRANTED") => format!("Approved {}: {}.", grant.id, sums(&grant)),
            (Some(true), _) => format!("Rejected {}: no award was made.", grant.id),
            _ => format!("{} was {} before. Nothing was changed.", grant.id, grant.state),
        },
    )?)
}
